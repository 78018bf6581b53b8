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

/// Who a study belongs to.
#[derive(Clone)]
pub(super) struct Patient {
    pub(super) id: String,
    values: Vec<(Tag, String)>,
    /// What its first instance says in the attributes that are compared.
    said: BTreeMap<Tag, Option<String>>,
}

impl Patient {
    pub(super) fn of(stored: &Stored, compared: BTreeSet<Tag>) -> Self {
        let value = |tag: Tag| Some((tag, text(stored, tag).filter(|text| !text.is_empty())?));
        Self {
            id: stored.identity().patient_id.clone(),
            values: PATIENT.into_iter().filter_map(value).collect(),
            said: compared
                .into_iter()
                .map(|tag| (tag, said(stored, tag)))
                .collect(),
        }
    }

    /// In which of the compared attributes an instance differs from the first of the study.
    pub(super) fn differs(&self, stored: &Stored) -> BTreeSet<Tag> {
        let compared = self.said.iter();
        let differs = compared.filter(|(tag, first)| **first != said(stored, **tag));
        differs.map(|(tag, _)| *tag).collect()
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

/// What an instance says in an attribute; nothing where it has no value, or a bulk one.
fn said(stored: &Stored, tag: Tag) -> Option<String> {
    let element = stored.element(tag)?;
    let text = match element.vr() {
        VR::SQ => {
            let object = InMemDicomObject::from_element_iter([element]);
            json::to_value(&object, &json::inline).to_string()
        }
        _ => element.to_str().ok()?.trim_matches(['\0', ' ']).to_owned(),
    };
    (!text.is_empty()).then_some(text)
}
