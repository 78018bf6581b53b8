//! The tools: one file each in `tools/`, one line each in [`all`].

mod find_encapsulated_pdf_reports;
mod find_instances;
mod find_patients;
mod find_series;
mod find_structured_reports;
mod find_studies;
mod get_archive_capabilities;
mod get_attribute_presets;
mod get_encapsulated_pdf_report_text;
mod get_instance_metadata;
mod get_structured_report_text;
mod get_study_overview;
mod list_archives;
mod list_dead_letters;
mod lookup_attribute;
mod move_study;
mod one_instance;
mod page;
mod render_instance_frame;
mod render_series_overview;
mod reports;
mod retrieve_study;
mod retry_dead_letters;
mod search_arguments;
mod session;
mod store_instances;
mod verify_connection;
mod window;

use std::pin::Pin;
use std::sync::Arc;

use rmcp::model::{Tool as Described, ToolAnnotations};
use serde_json::{Map, Value as Json};

use crate::answer::Answer;
use crate::arguments::{self, Arguments, Parameter};
use crate::error::Failure;

use one_instance::{INSTANCE, SERIES, STUDY, instance, instance_schema, with};
use search_arguments::{ARCHIVE, FIELDS, LIMIT, OFFSET, OPTIONAL_SERIES, query, scope, terms};
use window::{PRESET, window};

pub(crate) use window::WINDOW_NAMES;

pub use page::markdown;
pub use session::Session;

/// One tool: what clients see of it, and what it does.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name, kebab-case.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it does, when to use it, what it does not do.
    pub about: &'static str,
    /// What it takes beside the archive.
    pub parameters: &'static [Parameter],
    /// The JSON schema of its structured content.
    pub output: fn() -> Json,
    /// What it does to the archive.
    pub effect: Effect,
    /// Does it.
    pub call: for<'a> fn(&'a Session, Arguments) -> Pending<'a>,
}

/// What a tool does to the archive, or here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// Adds to it.
    Adds,
    /// Writes files into a folder here.
    Writes,
    /// Sends to another archive.
    Moves,
}

impl Effect {
    /// What has to be set before it is done.
    fn allowed_by(self) -> Option<&'static str> {
        match self {
            Self::Reads => None,
            Self::Adds => {
                Some("`--allow-store` and `--allow-path FOLDER` (or the roots of the client)")
            }
            Self::Writes => Some("`--allow-retrieve-to FOLDER`"),
            Self::Moves => Some("`--allow-move AE[,AE]`"),
        }
    }
}

/// A tool at work.
pub type Pending<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// Every tool, sorted by name.
pub fn all() -> &'static [Tool] {
    const ALL: &[Tool] = &[
        find_encapsulated_pdf_reports::TOOL,
        find_instances::TOOL,
        find_patients::TOOL,
        find_series::TOOL,
        find_structured_reports::TOOL,
        find_studies::TOOL,
        get_archive_capabilities::TOOL,
        get_attribute_presets::TOOL,
        get_encapsulated_pdf_report_text::TOOL,
        get_instance_metadata::TOOL,
        get_structured_report_text::TOOL,
        get_study_overview::TOOL,
        list_archives::TOOL,
        list_dead_letters::TOOL,
        lookup_attribute::TOOL,
        move_study::TOOL,
        render_instance_frame::TOOL,
        render_series_overview::TOOL,
        retrieve_study::TOOL,
        retry_dead_letters::TOOL,
        store_instances::TOOL,
        verify_connection::TOOL,
    ];
    ALL
}

impl Tool {
    /// Its own parameters, and the one that every tool has.
    pub fn parameters(&self) -> Vec<&'static Parameter> {
        self.parameters.iter().chain([&ARCHIVE]).collect()
    }

    /// The tool with these parameters as `tools/list` tells it.
    pub fn describe(&self, parameters: &[&Parameter]) -> Described {
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
        Described::new(self.name, self.about, object(arguments::schema(parameters)))
            .with_title(self.title)
            .with_raw_output_schema(object((self.output)()))
            .with_annotations(annotations)
    }
}

/// Calls a native tool by name, for resources, profiles and commands: the same checks, the same answer.
///
/// # Errors
/// What the tool answers with.
pub async fn invoke(
    session: &Session,
    name: &str,
    arguments: Map<String, Json>,
) -> Result<Answer, Failure> {
    let tool = all().iter().find(|tool| tool.name == name);
    let tool = tool.ok_or_else(|| Failure::Internal {
        doing: format!("call {name}"),
    })?;
    let arguments = Arguments::check(&tool.parameters(), arguments)?;
    session.ready().await;
    (tool.call)(session, arguments).await
}

pub(crate) use find_patients::answer as patients;
pub(crate) use find_studies::page;
pub(crate) use get_study_overview::overview;
pub(crate) use lookup_attribute::lookup;
pub(crate) use move_study::run as move_to;
pub(crate) use retry_dead_letters::run as retry;
pub(crate) use store_instances::run as store;

/// A letter of the dead-letter queue.
///
/// # Errors
/// If there is none of this name.
pub(crate) fn letter(session: &Session, id: &str) -> Result<crate::deadletter::Letter, Failure> {
    let mut letters = list_dead_letters::chosen(session, id)?;
    letters
        .pop()
        .ok_or_else(|| Failure::argument("id", "no letter is named"))
}
