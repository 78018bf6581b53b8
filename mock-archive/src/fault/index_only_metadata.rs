use dicom_core::Tag;
use dicom_core::header::Header;
use dicom_dictionary_std::tags;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};

/// Metadata holds what the archive indexes and nothing else.
///
/// On the wire: WADO-RS metadata with some twenty attributes, where all but bulk values are due, nested and private ones too (PS3.18 10.4.1.1.2). Archives do it that answer
/// from their database. A good client retrieves the instance when it needs an attribute that is not there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IndexOnlyMetadata {}

const INDEXED: &[Tag] = &[
    tags::SPECIFIC_CHARACTER_SET,
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_DESCRIPTION,
    tags::SERIES_DESCRIPTION,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::STUDY_ID,
    tags::SERIES_NUMBER,
    tags::INSTANCE_NUMBER,
];

impl Fault for IndexOnlyMetadata {
    fn moment(&self) -> Moment {
        Moment::Dataset
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Dataset { dataset, .. } = &mut shape.form {
            dataset.retain(|element| INDEXED.contains(&element.tag()));
        }
    }
}
