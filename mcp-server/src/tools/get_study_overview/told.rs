//! The tree of patient, studies, series and reports as it is told.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use serde_json::{Map, Value as Json, json};

use super::Branch;
use crate::answer::Answer;
use crate::attribute::Attribute;
use crate::listing::{More, columns};
use crate::row::Row;
use crate::text;
use crate::tools::reports;

/// The tree as text and as structured content.
pub(super) fn answer(branches: &[Branch], more: &More, warnings: &[String], room: usize) -> Answer {
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
            lines.push(format!("    Report {}", shown(row, &reports::SHOWN)));
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
                "reports": branch.reports.iter().map(|row| object(row, &reports::SHOWN)).collect::<Vec<_>>(),
                "complete": branch.complete,
            })
        })
        .collect();
    Answer::done(
        text::cut(&lines.join("\n"), room),
        json!({
            "returned": told.len(),
            "moreAvailable": more.json(),
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

/// The JSON schema of [`answer`].
pub(super) fn schema() -> Json {
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
