//! What a row of each level is called, known by and shown with.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;

/// The UID that makes a row one of its level.
pub fn key(level: Level) -> Tag {
    match level {
        Level::Patient => tags::PATIENT_ID,
        Level::Study => tags::STUDY_INSTANCE_UID,
        Level::Series => tags::SERIES_INSTANCE_UID,
        Level::Instance => tags::SOP_INSTANCE_UID,
    }
}

/// The attributes that a reader of a level needs next; asked for and shown in this order.
pub fn columns(level: Level) -> &'static [Tag] {
    match level {
        Level::Patient => &[
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
        ],
        Level::Study => &[
            tags::STUDY_DATE,
            tags::STUDY_TIME,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::MODALITIES_IN_STUDY,
            tags::STUDY_DESCRIPTION,
            tags::ACCESSION_NUMBER,
            tags::NUMBER_OF_STUDY_RELATED_SERIES,
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
            tags::STUDY_INSTANCE_UID,
        ],
        Level::Series => &[
            tags::SERIES_NUMBER,
            tags::MODALITY,
            tags::SERIES_DESCRIPTION,
            tags::BODY_PART_EXAMINED,
            tags::SERIES_DATE,
            tags::SERIES_TIME,
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
            tags::SERIES_INSTANCE_UID,
        ],
        Level::Instance => &[
            tags::INSTANCE_NUMBER,
            tags::SOP_CLASS_UID,
            tags::NUMBER_OF_FRAMES,
            tags::ROWS,
            tags::COLUMNS,
            tags::CONTENT_DATE,
            tags::CONTENT_TIME,
            tags::SOP_INSTANCE_UID,
        ],
    }
}

/// What the rows of a level are called in structured content.
pub fn plural(level: Level) -> &'static str {
    match level {
        Level::Patient => "patients",
        Level::Study => "studies",
        Level::Series => "series",
        Level::Instance => "instances",
    }
}
