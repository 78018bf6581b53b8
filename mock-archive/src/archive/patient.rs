//! Whose a study is, and what an instance of somebody else takes over.

use std::collections::{BTreeMap, BTreeSet};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::json;
use dicom_wire::query::Path;

use super::storing::text;
use crate::store::Stored;

/// The attributes by which a patient is told from another.
const PATIENT: [Tag; 5] = [
    tags::PATIENT_ID,
    tags::ISSUER_OF_PATIENT_ID,
    tags::PATIENT_NAME,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
];

/// How much has to be known of a study to judge an instance of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attention {
    /// Whose it is.
    Patient,
    /// All that an instance could differ in from the first one.
    Study,
}

/// Who a study belongs to.
#[derive(Clone)]
pub(super) struct Patient {
    pub(super) id: String,
    values: Vec<(Tag, String)>,
    /// With attention to the study: all that its first instance says, but for bulk values.
    said: Option<BTreeMap<Tag, String>>,
}

impl Patient {
    pub(super) fn of(stored: &Stored, attention: Attention) -> Self {
        let value = |tag: Tag| Some((tag, text(stored, tag).filter(|text| !text.is_empty())?));
        Self {
            id: stored.identity().patient_id.clone(),
            values: PATIENT.into_iter().filter_map(value).collect(),
            said: (attention == Attention::Study).then(|| said(stored)),
        }
    }

    /// In what an instance differs from the first of the study, if that was paid attention to.
    pub(super) fn differs(&self, stored: &Stored) -> BTreeSet<Tag> {
        let Some(first) = &self.said else {
            return BTreeSet::new();
        };
        let new = said(stored);
        let tags = first.keys().chain(new.keys()).copied();
        tags.filter(|tag| first.get(tag) != new.get(tag)).collect()
    }

    /// What of this patient an instance of another has to take over.
    pub(super) fn values_for(&self, stored: &Stored) -> BTreeMap<Tag, (VR, String)> {
        let other = |(tag, value): &(Tag, String)| {
            let same = text(stored, *tag).as_ref() == Some(value);
            (!same).then(|| (*tag, (Path::from(*tag).vr(), value.clone())))
        };
        self.values.iter().filter_map(other).collect()
    }
}

/// What an instance says, to compare; what has no value is like what is not there.
fn said(stored: &Stored) -> BTreeMap<Tag, String> {
    let header = stored.header();
    let said = header.iter().filter_map(|element| {
        let text = match element.vr() {
            VR::SQ => {
                let object = InMemDicomObject::from_element_iter([element.clone()]);
                json::to_value(&object, &json::inline).to_string()
            }
            _ => element.to_str().ok()?.trim_matches(['\0', ' ']).to_owned(),
        };
        (!text.is_empty()).then_some((element.header().tag, text))
    });
    said.collect()
}
