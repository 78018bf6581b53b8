use dicom_core::VR;
use dicom_wire::query::{Include, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Search, Shape};
use crate::rule::Scene;

/// A parameter of a search has no effect, and nobody says so.
///
/// On the wire: as if the parameter had not been sent: all matches in place of a page, literal matches in place of fuzzy ones, no additional attributes, another study's series. Orthanc
/// ignores fuzzymatching, limit=0 and includefield=all; web servers that hand out files ignore all of them. A good client counts what comes back and bounds what it reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct IgnoreParameter {
    /// Which parameter.
    pub parameter: SearchParameter,
}

/// A parameter of a search (PS3.18 8.3.4), or a part of its path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SearchParameter {
    /// `limit`.
    #[default]
    Limit,
    /// `limit=0`.
    LimitZero,
    /// `offset`.
    Offset,
    /// `fuzzymatching`.
    Fuzzymatching,
    /// `emptyvaluematching`.
    Emptyvaluematching,
    /// `multiplevaluematching`.
    Multiplevaluematching,
    /// `includefield`.
    Includefield,
    /// `includefield=all`.
    IncludeAll,
    /// Every `includefield` but the first.
    IncludeRest,
    /// The study and series that the path names.
    Parent,
}

impl SearchParameter {
    fn is_in(self, search: &Search) -> bool {
        let query = &search.query;
        let has =
            |matching: fn(&Matching) -> bool| query.keys.iter().any(|key| matching(&key.matching));
        match self {
            Self::Limit => query.limit.is_some(),
            Self::LimitZero => query.limit == Some(0),
            Self::Offset => query.offset > 0,
            Self::Fuzzymatching => {
                query.fuzzy
                    || search
                        .warnings
                        .iter()
                        .any(|text| text.contains("fuzzymatching"))
            }
            Self::Emptyvaluematching => has(|matching| *matching == Matching::Empty),
            Self::Multiplevaluematching => {
                query.multiple_values && has(|matching| matches!(matching, Matching::List(_)))
            }
            Self::Includefield => query.include != Include::Fields(Vec::new()),
            Self::IncludeAll => query.include == Include::All,
            Self::IncludeRest => {
                matches!(&query.include, Include::Fields(fields) if fields.len() > 1)
            }
            Self::Parent => query.study.is_some(),
        }
    }

    fn drop_from(self, search: &mut Search) {
        let query = &mut search.query;
        match self {
            Self::Limit | Self::LimitZero => query.limit = None,
            Self::Offset => query.offset = 0,
            Self::Fuzzymatching => {
                query.fuzzy = false;
                search
                    .warnings
                    .retain(|text| !text.contains("fuzzymatching"));
            }
            Self::Emptyvaluematching | Self::Multiplevaluematching => {
                for key in &mut query.keys {
                    key.matching = match (&key.matching, self, key.vr) {
                        (Matching::Empty, Self::Emptyvaluematching, _) => {
                            Matching::Value("\"\"".to_owned())
                        }
                        (Matching::List(_), Self::Multiplevaluematching, VR::UI) => continue,
                        (Matching::List(values), Self::Multiplevaluematching, _) => {
                            Matching::Value(values.join("\\"))
                        }
                        _ => continue,
                    };
                }
            }
            Self::Includefield | Self::IncludeAll => query.include = Include::Fields(Vec::new()),
            Self::IncludeRest => {
                if let Include::Fields(fields) = &mut query.include {
                    fields.truncate(1);
                }
            }
            Self::Parent => (query.study, query.series) = (None, None),
        }
    }
}

impl Fault for IgnoreParameter {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. }) if self.parameter.is_in(search))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Search(search) = &mut shape.form {
            self.parameter.drop_from(search);
        }
    }
}
