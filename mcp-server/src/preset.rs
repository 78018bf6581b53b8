//! Sets of attributes by level, for those who want a row to say less or more (the names are those of dicom-mcp).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;

use crate::listing;

/// The names of the sets, smallest first.
pub const NAMES: [&str; 3] = ["minimal", "standard", "extended"];

/// The attributes of a set; `None` where no set has this name.
pub fn named(name: &str, level: Level) -> Option<&'static [Tag]> {
    match name.to_ascii_lowercase().as_str() {
        "minimal" => Some(minimal(level)),
        "standard" => Some(listing::columns(level)),
        "extended" => Some(extended(level)),
        _ => None,
    }
}

/// What tells a row from another, and what is needed to go on with it.
pub fn minimal(level: Level) -> &'static [Tag] {
    match level {
        Level::Patient => &[tags::PATIENT_NAME, tags::PATIENT_ID],
        Level::Study => &[
            tags::STUDY_DATE,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::STUDY_DESCRIPTION,
            tags::STUDY_INSTANCE_UID,
        ],
        Level::Series => &[
            tags::SERIES_NUMBER,
            tags::MODALITY,
            tags::SERIES_DESCRIPTION,
            tags::SERIES_INSTANCE_UID,
        ],
        Level::Instance => &[
            tags::INSTANCE_NUMBER,
            tags::SOP_CLASS_UID,
            tags::SOP_INSTANCE_UID,
        ],
    }
}

/// What an archive usually has at this level.
pub fn extended(level: Level) -> &'static [Tag] {
    match level {
        Level::Patient => &[
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::ISSUER_OF_PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_BIRTH_TIME,
            tags::PATIENT_SEX,
            tags::PATIENT_COMMENTS,
            tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
            tags::NUMBER_OF_PATIENT_RELATED_SERIES,
            tags::NUMBER_OF_PATIENT_RELATED_INSTANCES,
        ],
        Level::Study => &[
            tags::STUDY_DATE,
            tags::STUDY_TIME,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::ISSUER_OF_PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::PATIENT_AGE,
            tags::PATIENT_SIZE,
            tags::PATIENT_WEIGHT,
            tags::MODALITIES_IN_STUDY,
            tags::SOP_CLASSES_IN_STUDY,
            tags::STUDY_DESCRIPTION,
            tags::STUDY_ID,
            tags::ACCESSION_NUMBER,
            tags::REFERRING_PHYSICIAN_NAME,
            tags::NAME_OF_PHYSICIANS_READING_STUDY,
            tags::ADMITTING_DIAGNOSES_DESCRIPTION,
            tags::INSTITUTION_NAME,
            tags::NUMBER_OF_STUDY_RELATED_SERIES,
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
            tags::STUDY_INSTANCE_UID,
        ],
        Level::Series => &[
            tags::SERIES_NUMBER,
            tags::MODALITY,
            tags::SERIES_DESCRIPTION,
            tags::PROTOCOL_NAME,
            tags::BODY_PART_EXAMINED,
            tags::LATERALITY,
            tags::PATIENT_POSITION,
            tags::SERIES_DATE,
            tags::SERIES_TIME,
            tags::PERFORMED_PROCEDURE_STEP_START_DATE,
            tags::PERFORMED_PROCEDURE_STEP_START_TIME,
            tags::OPERATORS_NAME,
            tags::PERFORMING_PHYSICIAN_NAME,
            tags::MANUFACTURER,
            tags::MANUFACTURER_MODEL_NAME,
            tags::STATION_NAME,
            tags::INSTITUTION_NAME,
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
            tags::FRAME_OF_REFERENCE_UID,
            tags::SERIES_INSTANCE_UID,
        ],
        Level::Instance => &[
            tags::INSTANCE_NUMBER,
            tags::SOP_CLASS_UID,
            tags::NUMBER_OF_FRAMES,
            tags::ROWS,
            tags::COLUMNS,
            tags::BITS_ALLOCATED,
            tags::PHOTOMETRIC_INTERPRETATION,
            tags::IMAGE_TYPE,
            tags::CONTENT_DATE,
            tags::CONTENT_TIME,
            tags::ACQUISITION_DATE,
            tags::ACQUISITION_TIME,
            tags::IMAGE_POSITION_PATIENT,
            tags::SLICE_LOCATION,
            tags::SLICE_THICKNESS,
            tags::PIXEL_SPACING,
            tags::WINDOW_CENTER,
            tags::WINDOW_WIDTH,
            tags::KVP,
            tags::EXPOSURE_TIME,
            tags::SOP_INSTANCE_UID,
        ],
    }
}
