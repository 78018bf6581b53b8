//! The tools: one file each in `tools/`, one line each in [`all`].

mod find_encapsulated_pdf_reports;
mod find_instances;
mod find_series;
mod find_structured_reports;
mod find_studies;
mod get_encapsulated_pdf_report_text;
mod get_instance_metadata;
mod get_structured_report_text;
mod render_instance_frame;
mod reports;
mod store_instances;
mod verify_connection;

use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{Tool as Described, ToolAnnotations};
use serde_json::{Value as Json, json};

use crate::answer::Answer;
use crate::arguments::{self, Arguments, Kind, Parameter};
use crate::backend::{Backend, Deadline, Instance};
use crate::config::Config;
use crate::error::Failure;

/// One tool: what clients see of it, and what it does.
#[derive(Debug)]
pub struct Tool {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, when to use it, what it does not do.
    pub about: &'static str,
    /// What it takes.
    pub parameters: &'static [Parameter],
    /// The JSON schema of its structured content.
    pub output: fn() -> Json,
    /// What it does to the archive.
    pub effect: Effect,
    /// Does it.
    pub call: for<'a> fn(&'a Session, Arguments) -> Pending<'a>,
}

/// What a tool does to the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Adds to it.
    Adds,
}

/// A tool at work.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// What every call of a session shares.
#[derive(Debug)]
pub struct Session {
    /// The archive.
    pub backend: Backend,
    /// The settings.
    pub config: Config,
}

impl Session {
    /// A session with the archive of the configuration. Nothing is sent yet.
    pub fn new(config: Config) -> Result<Self, Failure> {
        Ok(Self {
            backend: Backend::new(&config)?,
            config,
        })
    }

    /// The deadline of a call that starts now.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.config.timeout)
    }
}

/// Every tool, sorted by name.
pub fn all() -> &'static [Tool] {
    const ALL: &[Tool] = &[
        find_encapsulated_pdf_reports::TOOL,
        find_instances::TOOL,
        find_series::TOOL,
        find_structured_reports::TOOL,
        find_studies::TOOL,
        get_encapsulated_pdf_report_text::TOOL,
        get_instance_metadata::TOOL,
        get_structured_report_text::TOOL,
        render_instance_frame::TOOL,
        store_instances::TOOL,
        verify_connection::TOOL,
    ];
    ALL
}

impl Tool {
    /// The tool as `tools/list` tells it.
    pub fn describe(&self) -> Described {
        let object = |json: Json| match json {
            Json::Object(object) => Arc::new(object),
            _ => Arc::default(),
        };
        let reads = self.effect == Effect::Reads;
        let annotations = ToolAnnotations::with_title(self.title)
            .read_only(reads)
            .destructive(false)
            .idempotent(true)
            .open_world(true);
        Described::new(
            self.name,
            self.about,
            object(arguments::schema(self.parameters)),
        )
        .with_title(self.title)
        .with_raw_output_schema(object((self.output)()))
        .with_annotations(annotations)
    }
}

/// The page `docs/tools.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Tools\n\nWhat `dicom-mcp-server` offers to an MCP client. This page is generated from the tools themselves.\n",
    );
    for tool in all() {
        page.push_str(&format!(
            "\n## {}\n\n*{}.* {}\n",
            tool.name, tool.title, tool.about
        ));
        if tool.effect == Effect::Adds {
            page.push_str("\nOff until allowed by `--allow-store` and `--allow-path FOLDER`.\n");
        }
        if tool.parameters.is_empty() {
            page.push_str("\nNo arguments.\n");
            continue;
        }
        page.push_str("\n| argument | takes | |\n|---|---|---|\n");
        for parameter in tool.parameters {
            let takes = match parameter.kind {
                Kind::Uid => "UID".to_owned(),
                Kind::Text(max) => format!("text, at most {max} characters"),
                Kind::Count(default) => format!("whole number from 1, default {default}"),
                Kind::Choice(of) => {
                    format!(
                        "{}, default {}",
                        of.join(" or "),
                        of.first().copied().unwrap_or_default()
                    )
                }
                Kind::Texts => "list of texts".to_owned(),
                Kind::Switch => "true or false, default false".to_owned(),
            };
            let takes = if parameter.required {
                format!("{takes}, required")
            } else {
                takes
            };
            page.push_str(&format!(
                "| `{}` | {takes} | {} |\n",
                parameter.name, parameter.about
            ));
        }
    }
    page.push_str(QUERY);
    page
}

const QUERY: &str = "
## The query language

`query` is a list of `key=value` with spaces between. A key is an attribute keyword in any case, a tag as `00100010`, `0010,0010` or
`(0010,0010)`, or, inside a sequence, both joined by dots. A value with spaces stands in double quotes; a backslash makes a quote, a
backslash or a space part of a value.

| to find | write |
|---|---|
| names, with `*` and `?` | `PatientName=DOE*`, `PatientName=\"VAN DER BERG^ANNA\"` |
| a day or days | `StudyDate=20240103`, `StudyDate=2024-01-01..2024-01-31`, `StudyDate=20240101-`, `StudyDate=\"last 30 days\"` |
| one of several codes or UIDs | `ModalitiesInStudy=CT,MR` |
| the next page | `limit=50 offset=50` |
| further attributes in each row | `includefield=InstitutionName,StationName` or `includefield=all` |
| names that sound alike, if the archive can | `fuzzymatching=true` |

A key that does not exist, a word without a key, a value that cannot be right: each is refused with the nearest right form, and nothing
is sent to the archive.
";

const STUDY: Parameter = Parameter {
    name: "studyInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "Study Instance UID, as find-studies shows it.",
};
const SERIES: Parameter = Parameter {
    name: "seriesInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "Series Instance UID, as find-series shows it.",
};
const INSTANCE: Parameter = Parameter {
    name: "sopInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "SOP Instance UID, as find-instances or a find-…-reports tool shows it.",
};

const fn query(about: &'static str) -> Parameter {
    Parameter {
        name: "query",
        kind: Kind::Text(1000),
        required: false,
        about,
    }
}

fn instance(arguments: &Arguments) -> Result<Instance, Failure> {
    Ok(Instance {
        study: arguments.uid(STUDY.name)?,
        series: arguments.uid(SERIES.name)?,
        instance: arguments.uid(INSTANCE.name)?,
    })
}

/// The three UIDs of an instance as members of structured content.
fn uids(of: &Instance) -> Json {
    json!({
        "studyInstanceUid": of.study.as_str(),
        "seriesInstanceUid": of.series.as_str(),
        "sopInstanceUid": of.instance.as_str(),
    })
}

/// The schema of structured content about one instance: its UIDs and `further` members, all of them required but those
/// in `optional`.
fn instance_schema(further: Json, optional: &[&str]) -> Json {
    let mut properties = json!({
        "studyInstanceUid": {"type": "string"},
        "seriesInstanceUid": {"type": "string"},
        "sopInstanceUid": {"type": "string"},
    });
    if let (Json::Object(properties), Json::Object(further)) = (&mut properties, further) {
        properties.extend(further);
    }
    let required: Vec<String> = properties
        .as_object()
        .map(|properties| {
            properties
                .keys()
                .filter(|name| !optional.contains(&name.as_str()))
                .cloned()
                .collect()
        })
        .unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// `of` with the members of `further`.
fn with(of: &Instance, further: Json) -> Json {
    let mut all = uids(of);
    if let (Json::Object(all), Json::Object(further)) = (&mut all, further) {
        all.extend(further);
    }
    all
}
