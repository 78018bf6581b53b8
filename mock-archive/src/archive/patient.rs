//! Whose a study is, and what an instance of somebody else takes over.

use std::collections::BTreeMap;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
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
}

impl Patient {
    pub(super) fn of(stored: &Stored) -> Self {
        let value = |tag: Tag| Some((tag, text(stored, tag).filter(|text| !text.is_empty())?));
        Self {
            id: stored.identity().patient_id.clone(),
            values: PATIENT.into_iter().filter_map(value).collect(),
        }
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
