//! get-study-overview: patient, studies, series and reports as one tree.

use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use serde_json::{Map, Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::attribute::Attribute;
use crate::backend::Deadline;
use crate::error::Failure;
use crate::listing::{Listing, More, columns};
use crate::query::{Filter, Include, Search, Terms};
use crate::row::Row;
use crate::{find, text};

/// The most studies of a patient that are told.
const MAX_STUDIES: usize = 20;
/// Every Structured Report Storage class and Key Object Selection (PS3.6 A).
const REPORTS: &str = "1.2.840.10008.5.1.4.1.1.88.";

pub(super) const TOOL: Tool = Tool {
    name: "get-study-overview",
    title: "Overview of a study or a patient",
    about: "Gives a study, or all studies of a patient with the newest first, as a tree: patient, study, its series and its reports, with \
            the UIDs to go on with. It warns where one study has several patient IDs. Use it to see in one call what there is. It does not \
            read reports or show images.",
    parameters: &[
        Parameter {
            name: "studyInstanceUid",
            kind: Kind::Uid,
            required: false,
            about: "This study. Give it or patientId.",
        },
        Parameter {
            name: "patientId",
            kind: Kind::Text(64),
            required: false,
            about: "All studies of the patient with exactly this ID.",
        },
    ],
    output: schema,
    effect: Effect::Reads,
    call,
};

fn schema() -> Json {
    let value = json!({"anyOf": [
        {"type": ["string", "number"]},
        {"type": "array", "items": {"type": ["string", "number"]}}
    ]});
    let row = json!({"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}});
    json!({
        "type": "object",
        "properties": {
            "returned": {"type": "integer", "minimum": 0, "description": "Studies told."},
            "moreAvailable": {"type": ["boolean", "null"], "description": "Whether the patient has more studies; null where that is unknown."},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "studies": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "study": row,
                        "series": {"type": "array", "items": row},
                        "reports": {"type": "array", "items": row},
                        "complete": {"type": "boolean", "description": "Whether all series and reports are told."},
                    },
                    "required": ["study", "series", "reports", "complete"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["returned", "moreAvailable", "warnings", "studies"],
        "additionalProperties": false,
        "$defs": {"value": value}
    })
}

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let filter = match (
            arguments.optional_uid("studyInstanceUid")?,
            arguments.text("patientId"),
        ) {
            (Some(study), "") => Filter::exact(tags::STUDY_INSTANCE_UID, study.as_str()),
            (None, "") => {
                return Err(Failure::Argument {
                    name: "studyInstanceUid".into(),
                    problem: "neither a study nor a patient is named".into(),
                    advice: Some(
                        "studyInstanceUid or patientId, as find-studies shows them".into(),
                    ),
                });
            }
            (None, patient) if patient.contains(['*', '?', '\\']) => {
                return Err(Failure::Argument {
                    name: "patientId".into(),
                    problem: format!("{:?} is a pattern, not an ID", text::escape(patient)),
                    advice: Some("find-patients searches with patterns".into()),
                });
            }
            (None, patient) => Filter::exact(tags::PATIENT_ID, patient),
            (Some(_), _) => {
                return Err(Failure::argument(
                    "patientId",
                    "a study and a patient exclude each other",
                ));
            }
        };
        overview(session, filter).await
    })
}

/// A study with what is in it.
struct Branch {
    study: Row,
    series: Vec<Row>,
    reports: Vec<Row>,
    complete: bool,
}

pub(crate) async fn overview(session: &Session, filter: Filter) -> Result<Answer, Failure> {
    let deadline = session.deadline();
    let one = filter
        .path
        .first()
        .is_some_and(|key| key.tag == tags::STUDY_INSTANCE_UID);
    let search = session.meant(&Search {
        level: Level::Study,
        study: None,
        series: None,
        terms: Terms {
            filters: vec![filter],
            limit: Some(if one { 10 } else { 1000 }),
            ..Terms::default()
        },
    });
    let mut listing = if one {
        // Two rows for one study are what has to be seen here, so the page is looked at before it is tidied.
        let raw = session.backend.search(&search, 10, 0, &deadline).await?;
        let patients: BTreeSet<String> = raw
            .rows
            .iter()
            .filter_map(|row| row.text(tags::PATIENT_ID))
            .collect();
        let mut listing = find::page(&session.backend, &search, &deadline).await?;
        if patients.len() > 1 {
            listing.warnings.push(conflict(session, &patients));
        }
        listing
    } else {
        find::all(&session.backend, &search, &deadline).await?
    };
    if listing.rows.is_empty() && one {
        let uid = match search.terms.filters.first().map(|filter| &filter.matching) {
            Some(dicom_wire::query::Matching::Value(uid)) => uid.clone(),
            _ => String::new(),
        };
        return Err(Failure::Absent { what: "study", uid });
    }
    listing.sort();
    let more = if listing.rows.len() > MAX_STUDIES {
        More::Yes
    } else {
        listing.more.clone()
    };
    let mut warnings = std::mem::take(&mut listing.warnings);
    listing.rows.truncate(MAX_STUDIES);
    let mut branches = Vec::new();
    for row in listing.rows {
        branches.push(branch(session, row, &mut warnings, &deadline).await?);
    }
    for branch in &mut branches {
        session.mask.rows(std::slice::from_mut(&mut branch.study));
        session.mask.rows(&mut branch.series);
        session.mask.rows(&mut branch.reports);
    }
    Ok(answer(
        &branches,
        &more,
        &warnings,
        session.config.limits.text,
    ))
}

fn conflict(session: &Session, patients: &BTreeSet<String>) -> String {
    let named = if session.mask.shows_all() {
        let shown = patients
            .iter()
            .map(|patient| format!("{:?}", text::escape(patient)));
        format!(": {}", shown.collect::<Vec<_>>().join(", "))
    } else {
        String::new()
    };
    format!(
        "the study has {} different patient IDs{named}: it may hold images of different people",
        patients.len()
    )
}

async fn branch(
    session: &Session,
    study: Row,
    warnings: &mut Vec<String>,
    deadline: &Deadline,
) -> Result<Branch, Failure> {
    let uid = study.text(tags::STUDY_INSTANCE_UID).unwrap_or_default();
    let uid = Uid::parse(&uid).map_err(|error| Failure::Unusable {
        doing: "search studies".into(),
        reason: format!("a study of the archive has no UID: {error}"),
        said: None,
    })?;
    let below = |level, further: &[Tag]| Search {
        level,
        study: Some(uid.clone()),
        series: None,
        terms: Terms {
            include: Include::Attributes(further.iter().copied().map(Attribute::of).collect()),
            ..Terms::default()
        },
    };
    let mut series = find::all(&session.backend, &below(Level::Series, &[]), deadline).await?;
    series.sort();
    let further = [
        tags::PATIENT_ID,
        tags::SERIES_INSTANCE_UID,
        tags::DOCUMENT_TITLE,
        tags::CONCEPT_NAME_CODE_SEQUENCE,
        tags::COMPLETION_FLAG,
        tags::VERIFICATION_FLAG,
    ];
    let mut instances = find::all(
        &session.backend,
        &below(Level::Instance, &further),
        deadline,
    )
    .await?;
    instances.sort();
    let mut patients: BTreeSet<String> = instances
        .rows
        .iter()
        .filter_map(|row| row.text(tags::PATIENT_ID))
        .collect();
    patients.extend(study.text(tags::PATIENT_ID));
    if patients.len() > 1 {
        let warning = conflict(session, &patients);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings.extend(miscounted(&study, &series, &instances));
    let is_report = |row: &Row| {
        row.text(tags::SOP_CLASS_UID).is_some_and(|class| {
            class.starts_with(REPORTS) || class == uids::ENCAPSULATED_PDF_STORAGE
        })
    };
    let all = |listing: &Listing| listing.more == More::No;
    let complete = all(&series) && all(&instances);
    for listing in [&series, &instances] {
        if let More::Unknown(why) = &listing.more {
            warnings.push(format!(
                "whether all of the study is told is unknown: {why}"
            ));
        }
        for warning in &listing.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    let reports = instances.rows.into_iter().filter(is_report).map(|mut row| {
        if row.text(tags::DOCUMENT_TITLE).is_none()
            && let Some(title) = row
                .item(tags::CONCEPT_NAME_CODE_SEQUENCE)
                .and_then(|item| item.text(tags::CODE_MEANING))
        {
            row.put(tags::DOCUMENT_TITLE, title);
        }
        row
    });
    Ok(Branch {
        reports: reports.collect(),
        series: series.rows,
        study,
        complete,
    })
}

/// What the archive counts and what it lists, where these differ: one of the two is wrong.
fn miscounted(study: &Row, series: &Listing, instances: &Listing) -> Vec<String> {
    let mut warnings = Vec::new();
    let modalities = |text: String| -> BTreeSet<String> {
        text.split('\\')
            .map(|term| term.trim().to_owned())
            .collect()
    };
    if let (More::No, Some(told)) = (&series.more, study.text(tags::MODALITIES_IN_STUDY)) {
        let listed: BTreeSet<String> = series
            .rows
            .iter()
            .filter_map(|row| row.text(tags::MODALITY))
            .collect();
        let told = modalities(told);
        let missing: Vec<&str> = listed.difference(&told).map(String::as_str).collect();
        if !missing.is_empty() {
            warnings.push(format!(
                "the archive does not tell {} among the modalities of the study, and lists such series",
                missing.join(", ")
            ));
        }
    }
    let mut compare = |what: String, counted: Option<i64>, listed: usize| {
        if let Some(counted) = counted
            && usize::try_from(counted).ok() != Some(listed)
        {
            warnings.push(format!(
                "the archive counts {counted} {what} and lists {listed}"
            ));
        }
    };
    if series.more == More::No {
        let counted = study.number(tags::NUMBER_OF_STUDY_RELATED_SERIES);
        compare("series in the study".into(), counted, series.rows.len());
    }
    if instances.more == More::No {
        let counted = study.number(tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
        compare(
            "instances in the study".into(),
            counted,
            instances.rows.len(),
        );
        for row in &series.rows {
            let uid = row.text(tags::SERIES_INSTANCE_UID);
            let listed = instances
                .rows
                .iter()
                .filter(|instance| instance.text(tags::SERIES_INSTANCE_UID) == uid)
                .count();
            let counted = row.number(tags::NUMBER_OF_SERIES_RELATED_INSTANCES);
            compare(
                format!("instances in series {}", uid.unwrap_or_default()),
                counted,
                listed,
            );
        }
    }
    warnings
}

const SHOWN_OF_REPORT: [Tag; 8] = [
    tags::SOP_CLASS_UID,
    tags::DOCUMENT_TITLE,
    tags::CONTENT_DATE,
    tags::COMPLETION_FLAG,
    tags::VERIFICATION_FLAG,
    tags::INSTANCE_NUMBER,
    tags::SERIES_INSTANCE_UID,
    tags::SOP_INSTANCE_UID,
];

fn answer(branches: &[Branch], more: &More, warnings: &[String], room: usize) -> Answer {
    let mut lines = vec![match (branches.len(), more) {
        (0, _) => "No studies found.".to_owned(),
        (1, More::No) => "1 study.".to_owned(),
        (count, More::No) => format!("{count} studies, newest first."),
        (count, More::Yes) => {
            format!("The newest {count} studies; there are more: find-studies lists them.")
        }
        (count, More::Unknown(why)) => {
            format!(
                "{count} studies; whether there are more is unknown: {}",
                text::escape(why)
            )
        }
    }];
    lines.extend(
        warnings
            .iter()
            .map(|warning| format!("Warning: {}", text::escape(warning))),
    );
    let mut patient = None;
    for branch in branches {
        let shown = |row: &Row, of: &[Tag]| {
            let cells = of.iter().filter_map(|tag| {
                let value = row.text(*tag)?;
                let value = match *tag {
                    tags::SOP_CLASS_UID => text::class_name(&value),
                    _ => value,
                };
                Some(text::cell(&text::cut(&value, 200)))
            });
            cells.collect::<Vec<_>>().join(" | ")
        };
        let of = shown(
            &branch.study,
            &[
                tags::PATIENT_NAME,
                tags::PATIENT_ID,
                tags::PATIENT_BIRTH_DATE,
                tags::PATIENT_SEX,
            ],
        );
        if patient.as_ref() != Some(&of) {
            lines.push(format!("Patient {of}"));
            patient = Some(of);
        }
        lines.push(format!(
            "  Study {}",
            shown(
                &branch.study,
                &[
                    tags::STUDY_DATE,
                    tags::STUDY_TIME,
                    tags::MODALITIES_IN_STUDY,
                    tags::STUDY_DESCRIPTION,
                    tags::ACCESSION_NUMBER,
                    tags::STUDY_INSTANCE_UID,
                ]
            )
        ));
        for row in &branch.series {
            let count = row
                .text(tags::NUMBER_OF_SERIES_RELATED_INSTANCES)
                .map_or_else(String::new, |count| format!(" ({count} instances)"));
            lines.push(format!(
                "    Series {}{count}",
                shown(
                    row,
                    &[
                        tags::SERIES_NUMBER,
                        tags::MODALITY,
                        tags::SERIES_DESCRIPTION,
                        tags::BODY_PART_EXAMINED,
                        tags::SERIES_INSTANCE_UID,
                    ]
                )
            ));
        }
        for row in &branch.reports {
            lines.push(format!("    Report {}", shown(row, &SHOWN_OF_REPORT)));
        }
        if !branch.complete {
            lines.push("    (not all of this study could be gone through)".to_owned());
        }
    }
    let told: Vec<Json> = branches
        .iter()
        .map(|branch| {
            json!({
                "study": object(&branch.study, columns(Level::Study)),
                "series": branch.series.iter().map(|row| object(row, columns(Level::Series))).collect::<Vec<_>>(),
                "reports": branch.reports.iter().map(|row| object(row, &SHOWN_OF_REPORT)).collect::<Vec<_>>(),
                "complete": branch.complete,
            })
        })
        .collect();
    Answer::done(
        text::cut(&lines.join("\n"), room),
        json!({
            "returned": told.len(),
            "moreAvailable": match more { More::No => json!(false), More::Yes => json!(true), More::Unknown(_) => Json::Null },
            "warnings": warnings,
            "studies": told,
        }),
    )
}

fn object(row: &Row, of: &[Tag]) -> Json {
    let fields = of
        .iter()
        .filter_map(|tag| Some((Attribute::of(*tag).keyword, row.json(*tag)?)));
    Json::Object(fields.collect::<Map<_, _>>())
}
