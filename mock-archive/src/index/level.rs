//! Which level of the information model an attribute belongs to (PS3.3 A.1.2, PS3.4 C.6.1.1, PS3.18 10.6.1.2.3).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;

/// Attributes that are counted or collected over what is below a study, not stored in it.
pub(super) const OF_STUDY: [Tag; 4] = [
    tags::MODALITIES_IN_STUDY,
    tags::SOP_CLASSES_IN_STUDY,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];

/// Attributes that are counted over what is below a patient.
pub(super) const OF_PATIENT: [Tag; 3] = [
    tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
    tags::NUMBER_OF_PATIENT_RELATED_SERIES,
    tags::NUMBER_OF_PATIENT_RELATED_INSTANCES,
];

/// Attributes of the Patient Study Module in group 0010 (PS3.3 C.7.2.2).
const PATIENT_STUDY: &[Tag] = &[
    tags::PATIENT_AGE,
    tags::PATIENT_SIZE,
    tags::PATIENT_WEIGHT,
    tags::MEDICAL_ALERTS,
    tags::ALLERGIES,
    tags::SMOKING_STATUS,
    tags::OCCUPATION,
    tags::PREGNANCY_STATUS,
    tags::ADDITIONAL_PATIENT_HISTORY,
];

/// Attributes of the General Study Module and the visit.
const STUDY: &[Tag] = &[
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::STUDY_ID,
    tags::STUDY_DESCRIPTION,
    tags::ACCESSION_NUMBER,
    tags::ISSUER_OF_ACCESSION_NUMBER_SEQUENCE,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::REFERRING_PHYSICIAN_IDENTIFICATION_SEQUENCE,
    tags::CONSULTING_PHYSICIAN_NAME,
    tags::PHYSICIANS_OF_RECORD,
    tags::NAME_OF_PHYSICIANS_READING_STUDY,
    tags::REQUESTING_SERVICE,
    tags::REQUESTING_PHYSICIAN,
    tags::PROCEDURE_CODE_SEQUENCE,
    tags::ADMITTING_DIAGNOSES_DESCRIPTION,
    tags::ADMITTING_DIAGNOSES_CODE_SEQUENCE,
    tags::ADMISSION_ID,
    tags::SERVICE_EPISODE_ID,
    tags::SERVICE_EPISODE_DESCRIPTION,
    tags::TIMEZONE_OFFSET_FROM_UTC,
    tags::REASON_FOR_VISIT,
    tags::REFERENCED_STUDY_SEQUENCE,
];

/// Attributes of the General Series, General Equipment, Frame of Reference and like modules.
const SERIES: &[Tag] = &[
    tags::SERIES_INSTANCE_UID,
    tags::MODALITY,
    tags::SERIES_NUMBER,
    tags::SERIES_DESCRIPTION,
    tags::SERIES_DESCRIPTION_CODE_SEQUENCE,
    tags::SERIES_DATE,
    tags::SERIES_TIME,
    tags::LATERALITY,
    tags::PERFORMING_PHYSICIAN_NAME,
    tags::PERFORMING_PHYSICIAN_IDENTIFICATION_SEQUENCE,
    tags::PROTOCOL_NAME,
    tags::OPERATORS_NAME,
    tags::OPERATOR_IDENTIFICATION_SEQUENCE,
    tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
    tags::RELATED_SERIES_SEQUENCE,
    tags::BODY_PART_EXAMINED,
    tags::PATIENT_POSITION,
    tags::SMALLEST_PIXEL_VALUE_IN_SERIES,
    tags::LARGEST_PIXEL_VALUE_IN_SERIES,
    tags::REQUEST_ATTRIBUTES_SEQUENCE,
    tags::PERFORMED_PROCEDURE_STEP_ID,
    tags::PERFORMED_PROCEDURE_STEP_START_DATE,
    tags::PERFORMED_PROCEDURE_STEP_START_TIME,
    tags::PERFORMED_PROCEDURE_STEP_END_DATE,
    tags::PERFORMED_PROCEDURE_STEP_END_TIME,
    tags::PERFORMED_PROCEDURE_STEP_DESCRIPTION,
    tags::PERFORMED_PROTOCOL_CODE_SEQUENCE,
    tags::COMMENTS_ON_THE_PERFORMED_PROCEDURE_STEP,
    tags::MANUFACTURER,
    tags::MANUFACTURER_MODEL_NAME,
    tags::INSTITUTION_NAME,
    tags::INSTITUTION_ADDRESS,
    tags::INSTITUTIONAL_DEPARTMENT_NAME,
    tags::STATION_NAME,
    tags::DEVICE_SERIAL_NUMBER,
    tags::SOFTWARE_VERSIONS,
    tags::FRAME_OF_REFERENCE_UID,
    tags::POSITION_REFERENCE_INDICATOR,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
];

/// The level that an attribute is the same for; instance, unless it is known to be of another.
pub(super) fn of(tag: Tag) -> Level {
    if PATIENT_STUDY.contains(&tag) || STUDY.contains(&tag) || OF_STUDY.contains(&tag) {
        return Level::Study;
    }
    if SERIES.contains(&tag) {
        return Level::Series;
    }
    // Clinical trial attributes of patient and study are in group 0012 (PS3.3 C.7.1.3).
    if matches!(tag.group(), 0x0010 | 0x0012) || OF_PATIENT.contains(&tag) {
        return Level::Patient;
    }
    Level::Instance
}
