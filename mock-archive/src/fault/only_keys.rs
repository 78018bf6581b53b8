use dicom_wire::query::{Key, Level, Matching};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Search, Shape};
use crate::rule::Scene;

/// Only some attributes can be searched by.
///
/// On the wire: a search with a key for another attribute is refused with the status, or, where none is given, answered as if the key were not there: with matches that it should
/// have kept out. Azure and Google refuse, dcm4chee, dcmqrscp and archives made of files ignore. A good client asks by few keys, reads what an archive says it knows, and compares
/// what comes back with what it asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct OnlyKeys {
    /// Keys of a search for studies; searches below know them too.
    pub study: Vec<AttributeTag>,
    /// Further keys of a search for series; searches for instances know them too.
    pub series: Vec<AttributeTag>,
    /// Further keys of a search for instances.
    pub instance: Vec<AttributeTag>,
    /// Status of the refusal; none given = the key is ignored.
    pub status: Option<u16>,
}

impl OnlyKeys {
    fn is_unknown(&self, level: Level, key: &Key) -> bool {
        let lists: &[&[AttributeTag]] = match level {
            Level::Patient | Level::Study => &[&self.study],
            Level::Series => &[&self.study, &self.series],
            Level::Instance => &[&self.study, &self.series, &self.instance],
        };
        let first = key.path.tags().first().copied();
        let known = |one: &AttributeTag| Some(one.0) == first;
        key.matching != Matching::Universal && !lists.iter().any(|list| list.iter().any(known))
    }

    fn has_unknown(&self, search: &Search) -> bool {
        let level = search.query.level;
        let mut keys = search.query.keys.iter();
        keys.any(|key| self.is_unknown(level, key))
    }
}

impl Fault for OnlyKeys {
    fn moment(&self) -> Moment {
        Moment::Search
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Search(search), .. }) if self.has_unknown(search))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Search(search) = &mut shape.form else {
            return;
        };
        let level = search.query.level;
        match self.status {
            Some(status) => search.refused = Some(status),
            None => {
                let keys = search.query.keys.iter_mut();
                for key in keys.filter(|key| self.is_unknown(level, key)) {
                    key.matching = Matching::Universal;
                }
            }
        }
    }
}
