//! What stands above the content: whose report it is, of what, by whom, and how far it is done (PS3.3 C.17.1, C.17.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::value::{instance, notes, whole};
use super::{Code, escape, items};
use crate::calendar::{date, date_time, time};
use crate::person::PersonName;

/// The lists of instances that a report rests on, with their headings.
pub(super) const EVIDENCE: [(&str, Tag); 4] = [
    (
        "Evidence",
        tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE,
    ),
    ("Other evidence", tags::PERTINENT_OTHER_EVIDENCE_SEQUENCE),
    (
        "Predecessor documents",
        tags::PREDECESSOR_DOCUMENTS_SEQUENCE,
    ),
    ("Identical documents", tags::IDENTICAL_DOCUMENTS_SEQUENCE),
];

/// The entries of the head, in escaped Markdown; what is absent is left out, but for the state of the report.
pub(super) fn lines(report: &InMemDicomObject) -> Vec<String> {
    let mut lines = Vec::new();
    let mut entry = |name: &str, parts: Vec<Option<String>>| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if !parts.is_empty() {
            lines.push(format!("**{name}**: {}", parts.join(", ")));
        }
    };
    let value = |tag: Tag, before: &str| labelled(report, tag, before);
    entry(
        "Patient",
        vec![
            person(report, tags::PATIENT_NAME),
            value(tags::PATIENT_ID, "ID "),
            value(tags::PATIENT_BIRTH_DATE, "born "),
            value(tags::PATIENT_SEX, "sex "),
        ],
    );
    entry(
        "Study",
        vec![
            value(tags::STUDY_DESCRIPTION, ""),
            value(tags::STUDY_DATE, "of "),
            value(tags::ACCESSION_NUMBER, "accession number "),
            value(tags::STUDY_INSTANCE_UID, ""),
        ],
    );
    entry(
        "Document",
        vec![
            value(tags::SERIES_DESCRIPTION, ""),
            value(tags::CONTENT_DATE, "of "),
            value(tags::CONTENT_TIME, "at "),
            value(tags::SOP_INSTANCE_UID, ""),
        ],
    );
    entry("Written", notes(report).into_iter().map(Some).collect());
    entry(
        "Completion",
        vec![
            Some(value(tags::COMPLETION_FLAG, "").unwrap_or_else(|| "not said".to_owned())),
            value(tags::COMPLETION_FLAG_DESCRIPTION, ""),
            value(tags::PRELIMINARY_FLAG, ""),
        ],
    );
    entry(
        "Verification",
        vec![Some(
            value(tags::VERIFICATION_FLAG, "").unwrap_or_else(|| "not said".to_owned()),
        )],
    );
    for observer in items(report, tags::VERIFYING_OBSERVER_SEQUENCE) {
        entry(
            "Verified by",
            vec![
                person(observer, tags::VERIFYING_OBSERVER_NAME),
                Code::of(
                    observer,
                    tags::VERIFYING_OBSERVER_IDENTIFICATION_CODE_SEQUENCE,
                )
                .map(|code| code.markdown()),
                labelled(observer, tags::VERIFYING_ORGANIZATION, ""),
                labelled(observer, tags::VERIFICATION_DATE_TIME, "at "),
            ],
        );
    }
    for author in items(report, tags::AUTHOR_OBSERVER_SEQUENCE) {
        entry("Author", observer(author));
    }
    for participant in items(report, tags::PARTICIPANT_SEQUENCE) {
        let mut parts = observer(participant);
        parts.push(labelled(participant, tags::PARTICIPATION_TYPE, "as "));
        parts.push(labelled(participant, tags::PARTICIPATION_DATE_TIME, "at "));
        entry("Participant", parts);
    }
    for custodian in items(report, tags::CUSTODIAL_ORGANIZATION_SEQUENCE) {
        entry(
            "Custodian",
            vec![labelled(custodian, tags::INSTITUTION_NAME, "")],
        );
    }
    for request in items(report, tags::REFERENCED_REQUEST_SEQUENCE) {
        entry(
            "Request",
            vec![
                labelled(request, tags::REQUESTED_PROCEDURE_DESCRIPTION, ""),
                Code::of(request, tags::REQUESTED_PROCEDURE_CODE_SEQUENCE)
                    .map(|code| code.markdown()),
                labelled(
                    request,
                    tags::REASON_FOR_THE_REQUESTED_PROCEDURE,
                    "because of ",
                ),
                labelled(request, tags::REQUESTED_PROCEDURE_ID, "procedure "),
                labelled(request, tags::ACCESSION_NUMBER, "accession number "),
                labelled(
                    request,
                    tags::PLACER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
                    "placer order ",
                ),
                labelled(
                    request,
                    tags::FILLER_ORDER_NUMBER_IMAGING_SERVICE_REQUEST,
                    "filler order ",
                ),
                labelled(request, tags::STUDY_INSTANCE_UID, ""),
            ],
        );
    }
    for procedure in items(report, tags::PERFORMED_PROCEDURE_CODE_SEQUENCE) {
        entry("Procedure", vec![Some(Code::read(procedure).markdown())]);
    }
    lines
}

/// A person or a device.
fn observer(item: &InMemDicomObject) -> Vec<Option<String>> {
    vec![
        person(item, tags::PERSON_NAME),
        Code::of(item, tags::PERSON_IDENTIFICATION_CODE_SEQUENCE).map(|code| code.markdown()),
        labelled(item, tags::MANUFACTURER, ""),
        labelled(item, tags::MANUFACTURER_MODEL_NAME, ""),
        labelled(item, tags::STATION_NAME, "station "),
        labelled(item, tags::DEVICE_UID, "device "),
        labelled(item, tags::INSTITUTION_NAME, ""),
        Code::of(item, tags::INSTITUTION_CODE_SEQUENCE).map(|code| code.markdown()),
    ]
}

fn labelled(item: &InMemDicomObject, tag: Tag, before: &str) -> Option<String> {
    let formatted = |value: String| match tag {
        tags::STUDY_DATE | tags::CONTENT_DATE | tags::PATIENT_BIRTH_DATE => date(&value),
        tags::CONTENT_TIME => time(&value),
        tags::VERIFICATION_DATE_TIME | tags::PARTICIPATION_DATE_TIME => date_time(&value),
        _ => value,
    };
    whole(item, tag).map(|value| format!("{before}{}", escape::inline(&formatted(value))))
}

fn person(item: &InMemDicomObject, tag: Tag) -> Option<String> {
    whole(item, tag).map(|name| escape::inline(&PersonName::parse(&name).to_string()))
}

/// The instances of a hierarchical reference: study, series, instance.
pub(super) fn references(report: &InMemDicomObject, sequence: Tag) -> Vec<String> {
    let mut lines = Vec::new();
    for study in items(report, sequence) {
        let study_uid = labelled(study, tags::STUDY_INSTANCE_UID, "study ").unwrap_or_default();
        for series in items(study, tags::REFERENCED_SERIES_SEQUENCE) {
            let series_uid =
                labelled(series, tags::SERIES_INSTANCE_UID, "series ").unwrap_or_default();
            for reference in items(series, tags::REFERENCED_SOP_SEQUENCE) {
                lines.push(format!(
                    "{}, {series_uid}, {study_uid}",
                    instance(reference)
                ));
            }
        }
    }
    lines
}
