//! Whose a study is, and what an instance of somebody else takes over.

use std::collections::{BTreeMap, BTreeSet};

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_wire::query::Path;

use super::storing::text;
use crate::moment::Compared;
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
    /// All that its instances have to agree on.
    Study,
}

/// Who a study belongs to.
#[derive(Clone)]
pub(super) struct Patient {
    pub(super) id: String,
    values: Vec<(Tag, String)>,
    /// With attention to the study: what its first instance says.
    said: Vec<(Compared, Option<String>)>,
}

impl Patient {
    pub(super) fn of(stored: &Stored, attention: Attention) -> Self {
        let value = |tag: Tag| Some((tag, text(stored, tag).filter(|text| !text.is_empty())?));
        Self {
            id: stored.identity().patient_id.clone(),
            values: PATIENT.into_iter().filter_map(value).collect(),
            said: match attention {
                Attention::Patient => Vec::new(),
                Attention::Study => said(stored).collect(),
            },
        }
    }

    /// In what an instance differs from the first of the study, as far as that was paid attention to.
    pub(super) fn differs(&self, stored: &Stored) -> BTreeSet<Compared> {
        let other = |((what, held), (_, new)): (&(Compared, _), (Compared, _))| {
            (*held != new).then_some(*what)
        };
        let pairs = self.said.iter().zip(said(stored));
        pairs.filter_map(other).collect()
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

fn said(stored: &Stored) -> impl Iterator<Item = (Compared, Option<String>)> {
    Compared::ALL.into_iter().map(|what| {
        let text = text(stored, what.tag());
        (what, text.filter(|text| !text.is_empty()))
    })
}
