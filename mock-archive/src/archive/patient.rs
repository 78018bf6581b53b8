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
    /// What the first instance of the study says, of what the rules in force compare.
    said: Vec<(Tag, Option<String>)>,
}

impl Patient {
    pub(super) fn of(stored: &Stored, compared: impl IntoIterator<Item = Tag>) -> Self {
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

    /// In what an instance differs from the first of the study, of what is compared.
    pub(super) fn differs(&self, stored: &Stored) -> BTreeSet<Tag> {
        let other =
            |(tag, held): &(Tag, Option<String>)| (*held != said(stored, *tag)).then_some(*tag);
        self.said.iter().filter_map(other).collect()
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

/// The values of an attribute, to compare; what has none is like what is not there.
fn said(stored: &Stored, tag: Tag) -> Option<String> {
    let element = stored.element(tag)?;
    let said = match element.vr() {
        VR::SQ => {
            let object = InMemDicomObject::from_element_iter([element]);
            json::to_value(&object, &json::inline).to_string()
        }
        _ => text(stored, tag)?,
    };
    Some(said).filter(|said| !said.is_empty())
}
