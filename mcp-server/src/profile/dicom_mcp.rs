//! dicom-mcp: its seven tools of the first generation and the eleven of its newest, over ours.

use dicom_wire::query::Level;
use serde_json::{Map, json};

use super::{choose, optional, optional_uid, output_of, study_of, terms, texts, uid};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Backend, Scope};
use crate::command::arguments as named;
use crate::config::{ArchiveSettings, DEFAULT_CALLING, DimseSettings};
use crate::error::Failure;
use crate::query::Search;
use crate::tools::{self, Effect, Pending, Session, Tool};
use crate::{guard, listing};

const PRESET: Parameter = optional(
    "attribute_preset",
    "Which attributes each row has: minimal, standard or extended.",
);
const MORE: Parameter = texts("additional_attributes", "Further attributes, as keywords.");
const FEWER: Parameter = texts(
    "exclude_attributes",
    "Attributes to leave out, as keywords.",
);
const STUDY: Parameter = uid(
    "study_instance_uid",
    "Study Instance UID, as query_studies shows it.",
);
const SERIES: Parameter = uid(
    "series_instance_uid",
    "Series Instance UID, as query_series shows it.",
);
const INSTANCE: Parameter = uid(
    "sop_instance_uid",
    "SOP Instance UID, as query_instances shows it.",
);
const DESTINATION: Parameter = Parameter {
    name: "destination_node",
    kind: Kind::Text(16),
    required: true,
    about: "The AE title to send to, one of those that --allow-move allows.",
};

/// The tools, sorted by name.
pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "configure_dicom_server",
        title: "Set the archive",
        about: "Sets the archive that the other tools ask, by DIMSE address and AE titles, until the server ends. Hosts other than \
                this machine and those of the settings have to be allowed with --allow-hosts.",
        parameters: &[
            Parameter {
                name: "host",
                kind: Kind::Text(253),
                required: true,
                about: "Host name or address.",
            },
            Parameter {
                name: "port",
                kind: Kind::Number {
                    least: 1,
                    most: 65_535,
                    default: None,
                },
                required: true,
                about: "Port.",
            },
            optional("ae_title", "Our AE title."),
            optional("called_ae_title", "The archive's AE title."),
        ],
        output: || output_of("list-archives"),
        effect: Effect::Reads,
        call: configure,
    },
    Tool {
        name: "extract_pdf_text_from_dicom",
        title: "Read a PDF report",
        about: "Retrieves one Encapsulated PDF and gives its text page by page. A page without a text layer is said to have none; the first \
                such page is shown as a picture.",
        parameters: &[STUDY, SERIES, INSTANCE],
        output: || output_of("get-encapsulated-pdf-report-text"),
        effect: Effect::Reads,
        call: |session, arguments| {
            Box::pin(async move {
                let mut given = named([
                    ("studyInstanceUid", arguments.text("study_instance_uid")),
                    ("seriesInstanceUid", arguments.text("series_instance_uid")),
                    ("sopInstanceUid", arguments.text("sop_instance_uid")),
                ]);
                // There is no argument to ask for it with, and without it nobody sees a scan.
                given.insert("scanAsPicture".into(), session.mask.shows_all().into());
                tools::invoke(session, "get-encapsulated-pdf-report-text", given).await
            })
        },
    },
    Tool {
        name: "get_attribute_presets",
        title: "Sets of attributes",
        about: "Tells which attributes the presets minimal, standard and extended have at each level.",
        parameters: &[],
        output: || output_of("get-attribute-presets"),
        effect: Effect::Reads,
        call: |session, _| Box::pin(tools::invoke(session, "get-attribute-presets", Map::new())),
    },
    Tool {
        name: "list_dicom_nodes",
        title: "List archives",
        about: "Lists the archives of the settings, the current one first. switch_dicom_node takes their names.",
        parameters: &[],
        output: || output_of("list-archives"),
        effect: Effect::Reads,
        call: |session, _| Box::pin(tools::invoke(session, "list-archives", Map::new())),
    },
    Tool {
        name: "move_series",
        title: "Move a series to another archive",
        about: "Asks the archive to send a series to another application entity (C-MOVE) and tells how many instances arrived and \
                which failed. It is off until --allow-move names the destination.",
        parameters: &[DESTINATION, SERIES],
        output: || output_of("move-study"),
        effect: Effect::Moves,
        call: |session, arguments| {
            Box::pin(async move {
                let series = arguments.uid("series_instance_uid")?;
                let destination = arguments.text("destination_node");
                guard::may_move(&session.config.permissions, destination)?;
                let scope = study_of(session, &series).await?;
                tools::move_to(session, &scope, destination).await
            })
        },
    },
    Tool {
        name: "move_study",
        title: "Move a study to another archive",
        about: "Asks the archive to send a study to another application entity (C-MOVE) and tells how many instances arrived and \
                which failed. It is off until --allow-move names the destination.",
        parameters: &[DESTINATION, STUDY],
        output: || output_of("move-study"),
        effect: Effect::Moves,
        call: |session, arguments| {
            Box::pin(async move {
                let scope = Scope {
                    study: arguments.uid("study_instance_uid")?,
                    series: None,
                };
                tools::move_to(session, &scope, arguments.text("destination_node")).await
            })
        },
    },
    Tool {
        name: "query_instances",
        title: "Find instances",
        about: "Lists the instances of a series by number, with what is needed to read or show them.",
        parameters: &[
            SERIES,
            optional("instance_number", "Only this Instance Number."),
            optional("sop_instance_uid", "Only this SOP Instance UID."),
            PRESET,
            MORE,
            FEWER,
        ],
        output: || listing::schema(Level::Instance),
        effect: Effect::Reads,
        call: query_instances,
    },
    Tool {
        name: "query_patients",
        title: "Find patients",
        about: "Searches the archive for patients by name, ID or birth date.",
        parameters: &[
            optional(
                "name_pattern",
                "Patient name; * and ? stand for anything, as DOE*.",
            ),
            optional("patient_id", "Patient ID."),
            optional(
                "birth_date",
                "Birth date, as 19800131 or 19800101-19801231.",
            ),
            PRESET,
            MORE,
            FEWER,
        ],
        output: || listing::schema(Level::Patient),
        effect: Effect::Reads,
        call: query_patients,
    },
    Tool {
        name: "query_series",
        title: "Find series",
        about: "Lists the series of a study by number, with what is needed to go on with them.",
        parameters: &[
            STUDY,
            optional("modality", "Only this modality, as CT."),
            optional("series_number", "Only this Series Number."),
            optional(
                "series_description",
                "Series description; * and ? stand for anything.",
            ),
            optional("series_instance_uid", "Only this Series Instance UID."),
            PRESET,
            MORE,
            FEWER,
        ],
        output: || listing::schema(Level::Series),
        effect: Effect::Reads,
        call: query_series,
    },
    Tool {
        name: "query_studies",
        title: "Find studies",
        about: "Searches the archive for studies by patient, date, modality and more, newest first within the page.",
        parameters: &[
            optional("patient_id", "Patient ID."),
            optional(
                "study_date",
                "Study date, as 20240131 or 20240101-20241231.",
            ),
            optional("modality_in_study", "A modality of the study, as CT."),
            optional(
                "study_description",
                "Study description; * and ? stand for anything.",
            ),
            optional("accession_number", "Accession number."),
            optional("study_instance_uid", "Study Instance UID."),
            PRESET,
            MORE,
            FEWER,
        ],
        output: || listing::schema(Level::Study),
        effect: Effect::Reads,
        call: query_studies,
    },
    Tool {
        name: "switch_dicom_node",
        title: "Choose the archive",
        about: "Makes another archive of the settings the one that the other tools ask.",
        parameters: &[Parameter {
            name: "node_name",
            kind: Kind::Text(64),
            required: true,
            about: "Its name, as list_dicom_nodes shows it.",
        }],
        output: || output_of("list-archives"),
        effect: Effect::Reads,
        call: |session, arguments| {
            Box::pin(async move {
                let name = arguments.text("node_name");
                if name.is_empty() {
                    return Err(Failure::argument("node_name", "no archive is named"));
                }
                session.make_default(name)?;
                tools::invoke(session, "list-archives", Map::new()).await
            })
        },
    },
    Tool {
        name: "verify_connection",
        title: "Check the connection",
        about: "Tells whether the current archive answers.",
        parameters: &[],
        output: || output_of("verify-connection"),
        effect: Effect::Reads,
        call: |session, _| Box::pin(tools::invoke(session, "verify-connection", Map::new())),
    },
];

fn configure(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let host = arguments.text("host");
        guard::may_configure(&session.config, host)?;
        let or = |name, other: &'static str| match arguments.text(name) {
            "" => other.to_owned(),
            text => text.to_owned(),
        };
        let address = format!("{host}:{}", arguments.count("port", 104));
        let settings = DimseSettings::new(
            &address,
            &or("called_ae_title", "ANY-SCP"),
            &or("ae_title", DEFAULT_CALLING),
        )
        .map_err(|error| Failure::argument("host", error.to_string()))?;
        let archive = ArchiveSettings {
            name: "configured".to_owned(),
            web: None,
            dimse: Some(settings),
        };
        session.put(Backend::new(&archive, &session.config)?);
        tools::invoke(session, "list-archives", Map::new()).await
    })
}

fn query_patients(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let keys = [
            ("name_pattern", "PatientName"),
            ("patient_id", "PatientID"),
            ("birth_date", "PatientBirthDate"),
        ];
        let mut terms = terms(Level::Patient, &arguments, &keys)?;
        choose(Level::Patient, &arguments, &mut terms)?;
        let search = Search {
            level: Level::Patient,
            study: None,
            series: None,
            terms,
        };
        tools::patients(session, &search).await
    })
}

fn query_studies(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let keys = [
            ("patient_id", "PatientID"),
            ("study_date", "StudyDate"),
            ("modality_in_study", "ModalitiesInStudy"),
            ("study_description", "StudyDescription"),
            ("accession_number", "AccessionNumber"),
            ("study_instance_uid", "StudyInstanceUID"),
        ];
        let mut terms = terms(Level::Study, &arguments, &keys)?;
        choose(Level::Study, &arguments, &mut terms)?;
        page(session, Level::Study, None, None, terms).await
    })
}

fn query_series(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let study = arguments.uid("study_instance_uid")?;
        let keys = [
            ("modality", "Modality"),
            ("series_number", "SeriesNumber"),
            ("series_description", "SeriesDescription"),
            ("series_instance_uid", "SeriesInstanceUID"),
        ];
        let mut terms = terms(Level::Series, &arguments, &keys)?;
        choose(Level::Series, &arguments, &mut terms)?;
        page(session, Level::Series, Some(study), None, terms).await
    })
}

fn query_instances(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let series = arguments.uid("series_instance_uid")?;
        optional_uid(&arguments, "sop_instance_uid")?;
        let keys = [
            ("instance_number", "InstanceNumber"),
            ("sop_instance_uid", "SOPInstanceUID"),
        ];
        let mut terms = terms(Level::Instance, &arguments, &keys)?;
        choose(Level::Instance, &arguments, &mut terms)?;
        let scope = study_of(session, &series).await?;
        page(
            session,
            Level::Instance,
            Some(scope.study),
            scope.series,
            terms,
        )
        .await
    })
}

async fn page(
    session: &Session,
    level: Level,
    study: Option<dicom_wire::uid::Uid>,
    series: Option<dicom_wire::uid::Uid>,
    mut terms: crate::query::Terms,
) -> Result<Answer, Failure> {
    // These tools have no pages, so a page is as long as one may be.
    terms.limit = Some(crate::query::MAX_LIMIT);
    let search = Search {
        level,
        study,
        series,
        terms,
    };
    let mut answer = tools::page(session, &search).await?;
    if answer.structured["moreAvailable"] != json!(false) {
        answer
            .text
            .push_str("\nThis tool has no pages: narrow the search to see the rest.");
    }
    Ok(answer)
}
