//! dicom-hl7-mcp: its tools about archives and attributes, over ours. What it says about HL7 is not for an archive's server.

use dicom_wire::query::Level;
use serde_json::Map;

use super::{optional, optional_uid, output_of, terms, uid};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::Scope;
use crate::command::arguments as named;
use crate::error::Failure;
use crate::listing;
use crate::query::{Filter, Search};
use crate::tools::{self, Effect, Pending, Session, Tool};

const STUDY: Parameter = uid(
    "study_instance_uid",
    "Study Instance UID, as pacs_query shows it.",
);
const TAG: Parameter = Parameter {
    name: "tag",
    kind: Kind::Text(100),
    required: true,
    about: "A keyword, a tag as 00100010 or (0010,0010), or part of a name.",
};

/// The tools, sorted by name.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "explain_dicom_tag",
        title: "Explain an attribute",
        about: "Gives tag, keyword, name and value representation of an attribute of the DICOM dictionary.",
        parameters: &[TAG],
        output: || output_of("lookup-attribute"),
        effect: Effect::Reads,
        call: |_, arguments| Box::pin(async move { tools::lookup(arguments.text("tag")) }),
    },
    Tool {
        name: "lookup_dicom_tag",
        title: "Look up an attribute",
        about: "Finds attributes of the DICOM dictionary by tag, keyword or part of the name.",
        parameters: &[TAG],
        output: || output_of("lookup-attribute"),
        effect: Effect::Reads,
        call: |_, arguments| Box::pin(async move { tools::lookup(arguments.text("tag")) }),
    },
    Tool {
        name: "pacs_echo",
        title: "Check the connection",
        about: "Tells whether the archive answers, by C-ECHO or over DICOMweb.",
        parameters: &[],
        output: || output_of("verify-connection"),
        effect: Effect::Reads,
        call: |session, _| Box::pin(tools::invoke(session, "verify-connection", Map::new())),
    },
    Tool {
        name: "pacs_get_metadata",
        title: "What is in a study",
        about: "Lists the series of a study, or the instances of one series, with what is needed to go on with them.",
        parameters: &[STUDY, optional("series_instance_uid", "Only this series.")],
        output: || output_of("get-study-overview"),
        effect: Effect::Reads,
        call: metadata,
    },
    Tool {
        name: "pacs_query",
        title: "Search the archive",
        about: "Searches the archive for studies, or for the series of a study, by patient, date, modality and more.",
        parameters: &[
            Parameter {
                name: "query_level",
                kind: Kind::Choice(&["STUDY", "SERIES"]),
                required: false,
                about: "What a row is; for SERIES study_instance_uid is needed.",
            },
            optional("patient_id", "Patient ID."),
            optional(
                "patient_name",
                "Patient name; * and ? stand for anything, as DOE*.",
            ),
            optional("accession_number", "Accession number."),
            optional(
                "study_date",
                "Study date, as 20240131 or 20240101-20241231.",
            ),
            optional("modality", "A modality, as CT."),
            optional(
                "study_description",
                "Study description; * and ? stand for anything.",
            ),
            optional("study_instance_uid", "Study Instance UID."),
            Parameter {
                name: "limit",
                kind: Kind::Number {
                    least: 1,
                    most: crate::query::MAX_LIMIT as u32,
                    default: Some(10),
                },
                required: false,
                about: "Rows at most.",
            },
        ],
        output: query_schema,
        effect: Effect::Reads,
        call: query,
    },
    Tool {
        name: "pacs_retrieve",
        title: "Move a study to another archive",
        about: "Asks the archive to send a study, or one series of it, to another application entity (C-MOVE) and tells how many \
                instances arrived and which failed. It is off until --allow-move names the destination.",
        parameters: &[
            STUDY,
            Parameter {
                name: "destination_ae_title",
                kind: Kind::Text(16),
                required: true,
                about: "The AE title to send to, one of those that --allow-move allows.",
            },
            optional("series_instance_uid", "Only this series."),
        ],
        output: || output_of("move-study"),
        effect: Effect::Moves,
        call: retrieve,
    },
    Tool {
        name: "pacs_study_summary",
        title: "Summary of a study",
        about: "Gives a study by its UID or accession number as a tree: patient, study, series and reports.",
        parameters: &[
            optional("study_instance_uid", "Study Instance UID."),
            optional(
                "accession_number",
                "Accession number, where the UID is not known.",
            ),
        ],
        output: || output_of("get-study-overview"),
        effect: Effect::Reads,
        call: summary,
    },
];

/// A row is a study or a series, so the members of both are there.
fn query_schema() -> serde_json::Value {
    let mut schema = listing::schema(Level::Study);
    let series = listing::schema(Level::Series);
    schema["properties"]["series"] = series["properties"]["series"].clone();
    schema["required"] = serde_json::json!(["returned", "offset", "moreAvailable", "warnings"]);
    schema
}

fn query(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let limit = Some(arguments.count("limit", 10) as usize);
        let study = optional_uid(&arguments, "study_instance_uid")?;
        if arguments.text("query_level") == "SERIES" {
            let study = study.ok_or_else(|| Failure::Argument {
                name: "study_instance_uid".into(),
                problem: "series are searched in a study, and none is named".into(),
                advice: Some("pacs_query with query_level STUDY shows the studies".into()),
            })?;
            for name in [
                "patient_id",
                "patient_name",
                "accession_number",
                "study_date",
                "study_description",
            ] {
                if !arguments.text(name).is_empty() {
                    return Err(Failure::argument(
                        name,
                        "it does not filter series: archives ignore it there, which would show all",
                    ));
                }
            }
            let mut terms = terms(Level::Series, &arguments, &[("modality", "Modality")])?;
            terms.limit = limit;
            let search = Search {
                level: Level::Series,
                study: Some(study),
                series: None,
                terms,
            };
            return tools::page(session, &search).await;
        }
        let keys = [
            ("patient_id", "PatientID"),
            ("patient_name", "PatientName"),
            ("accession_number", "AccessionNumber"),
            ("study_date", "StudyDate"),
            ("modality", "ModalitiesInStudy"),
            ("study_description", "StudyDescription"),
            ("study_instance_uid", "StudyInstanceUID"),
        ];
        let mut terms = terms(Level::Study, &arguments, &keys)?;
        terms.limit = limit;
        let search = Search {
            level: Level::Study,
            study: None,
            series: None,
            terms,
        };
        tools::page(session, &search).await
    })
}

fn metadata(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let study = arguments.uid("study_instance_uid")?;
        let series = optional_uid(&arguments, "series_instance_uid")?;
        let given = named([("studyInstanceUid", study.as_str())]);
        let mut answer = tools::invoke(session, "get-study-overview", given).await?;
        if let Some(series) = series {
            let of = named([
                ("studyInstanceUid", study.as_str()),
                ("seriesInstanceUid", series.as_str()),
            ]);
            let instances = tools::invoke(session, "find-instances", of).await?;
            answer.text.push_str(&format!("\n{}", instances.text));
        }
        Ok(answer)
    })
}

fn retrieve(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let scope = Scope {
            study: arguments.uid("study_instance_uid")?,
            series: optional_uid(&arguments, "series_instance_uid")?,
        };
        tools::move_to(session, &scope, arguments.text("destination_ae_title")).await
    })
}

fn summary(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        use dicom_dictionary_std::tags;
        let study = optional_uid(&arguments, "study_instance_uid")?;
        let filter = match (study, arguments.text("accession_number")) {
            (Some(study), _) => Filter::exact(tags::STUDY_INSTANCE_UID, study.as_str()),
            (None, "") => {
                return Err(Failure::Argument {
                    name: "study_instance_uid".into(),
                    problem: "neither a study nor an accession number is given".into(),
                    advice: Some("pacs_query shows both".into()),
                });
            }
            (None, accession) => {
                let terms = terms(
                    Level::Study,
                    &arguments,
                    &[("accession_number", "AccessionNumber")],
                )?;
                terms.filters.into_iter().next().ok_or_else(|| {
                    Failure::argument("accession_number", format!("{accession:?} is none"))
                })?
            }
        };
        tools::overview(session, filter).await
    })
}
