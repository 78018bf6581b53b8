use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::request::{Protocol, Request};
use crate::rule::Scene;

/// Matches hold the attributes that this archive gives by default, and what was asked for by name.
///
/// On the wire: rows of QIDO-RS without much of what PS3.18 tables 10.6.3-3 to 10.6.3-5 require, until includefield or a key names it. Every archive has a set of its own: Orthanc gives no
/// counts of a series' study, Azure no counts at all. A good client names what it needs, and takes what does not come for not known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OnlyAttributes {
    /// What there is of a study; in series and instances too, unless the path names the study or `whole` is set.
    pub study: Vec<AttributeTag>,
    /// What there is of a series; in instances too, unless the path names the series or `whole` is set.
    pub series: Vec<AttributeTag>,
    /// What there is of an instance.
    pub instance: Vec<AttributeTag>,
    /// Whether `includefield=all` brings more than that.
    pub all: bool,
    /// Whether each list is all there is at its level.
    pub whole: bool,
}

impl OnlyAttributes {
    /// What a row of this level has, whoever asks.
    fn given(&self, level: Level, request: &Request) -> BTreeSet<Tag> {
        let inherits = |named: &Option<_>| named.is_none() && !self.whole;
        let mut lists: Vec<&[AttributeTag]> = Vec::new();
        if level == Level::Instance {
            lists.push(&self.instance);
        }
        if level == Level::Series || (level == Level::Instance && inherits(&request.scope.series)) {
            lists.push(&self.series);
        }
        if matches!(level, Level::Patient | Level::Study) || inherits(&request.scope.study) {
            lists.push(&self.study);
        }
        let own = lists.into_iter().flatten().map(|attribute| attribute.0);
        own.chain([tags::RETRIEVE_URL]).collect()
    }

    fn keeps_all(&self, request: &Request) -> bool {
        let all = |pair: &str| pair == "includefield=all";
        self.all && request.query.split('&').any(all)
    }
}

/// The attributes that a query string names, as keys and to be included.
fn named(query: &str) -> impl Iterator<Item = Tag> + '_ {
    let words = query.split('&').flat_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == "includefield" { value } else { name }.split([',', '.'])
    });
    words.filter_map(|word| word.parse().ok().map(|attribute: AttributeTag| attribute.0))
}

impl Fault for OnlyAttributes {
    fn moment(&self) -> Moment {
        Moment::Row
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Row { .. }, request }) if request.protocol == Protocol::Web && !self.keeps_all(request))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Row { level, row } = &mut shape.form else {
            return;
        };
        let mut kept = self.given(*level, shape.request);
        kept.extend(named(&shape.request.query));
        row.retain(|element| kept.contains(&element.header().tag));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_included_fields_are_named_by_keyword_or_tag() {
        let found: Vec<_> = named("PatientID=1&includefield=StudyDescription,00280010&limit=3").collect();
        assert_eq!(
            found,
            [tags::PATIENT_ID, tags::STUDY_DESCRIPTION, tags::ROWS]
        );
    }
}
