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
mod render_instance_frame;
mod render_series_overview;
mod reports;
mod retrieve_study;
mod retry_dead_letters;
mod store_instances;
mod verify_connection;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use rmcp::model::{Tool as Described, ToolAnnotations};
use serde_json::{Map, Value as Json, json};
use tokio::sync::watch;

use crate::answer::Answer;
use crate::arguments::{self, Arguments, Kind, Parameter};
use crate::backend::{Backend, Deadline, Instance, Scope};
use crate::client::Client;
use crate::config::Config;
use crate::date::Date;
use crate::deadletter::Queue;
use crate::error::Failure;
use crate::phi::Mask;
use crate::query::{self, Include, Search, Terms};
use crate::row::Row;
use crate::{attribute, preset, text};
use dicom_wire::query::{Level, Matching};
use dicom_wire::uid::Uid;

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

/// Series whose studies are remembered.
const MAX_SEEN: usize = 5_000;

/// What a call works with: one archive, the settings, and the client that asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    /// The archive that the call is about.
    pub backend: Arc<Backend>,
    /// The settings.
    pub config: Arc<Config>,
    /// The client that made the call.
    pub client: Arc<Client>,
    /// Every archive, the default one first.
    archives: Arc<Mutex<Vec<Arc<Backend>>>>,
    /// What is shown of patients.
    pub mask: Arc<Mask>,
    /// Becomes true when calls may begin.
    ready: Option<watch::Receiver<bool>>,
    /// Series that were listed, with their studies: some clients name a series without its study, and many archives do not search so.
    seen: Arc<Mutex<BTreeMap<String, Uid>>>,
}

impl Session {
    /// A session with the archives of the configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// If there is no archive, or one of them cannot be prepared.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let archives: Vec<Arc<Backend>> = config
            .archives
            .iter()
            .map(|archive| Backend::new(archive, &config).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let backend = archives.first().cloned().ok_or_else(|| Failure::NoWay {
            doing: "start".into(),
            reason: "no archive is configured".into(),
            setting: "set DICOMWEB_HOST, or DICOM_HOST and DICOM_PORT".into(),
        })?;
        Ok(Self {
            backend,
            mask: Arc::new(Mask::new(config.phi)),
            config: Arc::new(config),
            client: Arc::default(),
            archives: Arc::new(Mutex::new(archives)),
            ready: None,
            seen: Arc::default(),
        })
    }

    /// The same session, whose calls wait until this is true.
    pub fn once(self, ready: watch::Receiver<bool>) -> Self {
        Self {
            ready: Some(ready),
            ..self
        }
    }

    /// Waits until calls may begin.
    pub async fn ready(&self) {
        if let Some(ready) = &self.ready {
            // One that will never be ready any more is as ready as it gets.
            let _ = ready.clone().wait_for(|ready| *ready).await;
        }
    }

    /// The same session, whose progress goes to the terminal.
    pub fn on_terminal(&self) -> Self {
        self.for_client(Client::terminal())
    }

    /// The names of the archives, for people.
    pub fn names(&self) -> String {
        let archives = self.archives();
        let names: Vec<&str> = archives.iter().map(|archive| archive.name()).collect();
        format!("the archives {}", names.join(", "))
    }

    /// The same session, as one client sees it.
    pub fn for_client(&self, client: Client) -> Self {
        Self {
            client: Arc::new(client),
            ..self.clone()
        }
    }

    /// The same session about the archive of this name; about the default one where it is empty.
    ///
    /// # Errors
    /// If no archive has this name.
    pub fn for_archive(&self, name: &str) -> Result<Self, Failure> {
        let archives = self.archives();
        let found = match name {
            "" => archives.first(),
            name => archives.iter().find(|archive| archive.name() == name),
        };
        let names = || archives.iter().map(|archive| archive.name());
        let backend = found.cloned().ok_or_else(|| Failure::Argument {
            name: "archive".into(),
            problem: format!("no archive is called {:?}", text::cut(name, 64)),
            advice: text::nearest(name, names())
                .map(str::to_owned)
                .or_else(|| Some(names().collect::<Vec<_>>().join(", "))),
        })?;
        Ok(Self {
            backend,
            ..self.clone()
        })
    }

    /// Every archive, the default one first.
    pub fn archives(&self) -> Vec<Arc<Backend>> {
        self.lock().clone()
    }

    /// Makes the archive of this name the default one; for profiles that have a current node.
    ///
    /// # Errors
    /// If no archive has this name.
    pub fn make_default(&self, name: &str) -> Result<Arc<Backend>, Failure> {
        let chosen = self.for_archive(name)?.backend;
        let mut archives = self.lock();
        archives.retain(|archive| archive.name() != chosen.name());
        archives.insert(0, chosen.clone());
        Ok(chosen)
    }

    /// Adds an archive in place of one of the same name.
    pub fn put(&self, archive: Backend) {
        let mut archives = self.lock();
        archives.retain(|other| other.name() != archive.name());
        archives.insert(0, Arc::new(archive));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Backend>>> {
        self.archives
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Remembers the study of series that were listed, the last few thousand of them.
    fn note_series(&self, study: &Uid, rows: &[Row]) {
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() > MAX_SEEN {
            seen.clear();
        }
        let series = rows
            .iter()
            .filter_map(|row| row.text(dicom_dictionary_std::tags::SERIES_INSTANCE_UID));
        seen.extend(series.map(|series| (series, study.clone())));
    }

    /// The study of a series that was listed.
    pub(crate) fn study_of(&self, series: &Uid) -> Option<Uid> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.get(series.as_str()).cloned()
    }

    /// The dead-letter queue, where a folder is set for it.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub fn queue(&self) -> Result<Option<Queue>, Failure> {
        self.config.queue.as_deref().map(Queue::open).transpose()
    }

    /// A search with the Patient IDs that are meant by those that were invented.
    fn meant(&self, search: &Search) -> Search {
        let mut search = search.clone();
        for filter in &mut search.terms.filters {
            if let Matching::Value(value) = &mut filter.matching
                && let Some(real) = self.mask.meant(value)
            {
                *value = real;
            }
        }
        search
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
        if let Some(setting) = tool.effect.allowed_by() {
            page.push_str(&format!("\nOff until allowed by {setting}.\n"));
        }
        page.push_str("\n| argument | takes | |\n|---|---|---|\n");
        for parameter in tool.parameters() {
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
                Kind::Number {
                    least,
                    most,
                    default,
                } => match default {
                    Some(default) => {
                        format!("whole number from {least} to {most}, default {default}")
                    }
                    None => format!("whole number from {least} to {most}"),
                },
                Kind::Real => "number".to_owned(),
                Kind::Counts => "list of whole numbers from 1".to_owned(),
                Kind::Optional(of) => of.join(" or "),
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

/// The parameter that every tool has: no call depends on what an earlier one chose.
const ARCHIVE: Parameter = Parameter {
    name: "archive",
    kind: Kind::Text(64),
    required: false,
    about: "Which archive, by the name that list-archives shows; the default one where not given.",
};
const OPTIONAL_SERIES: Parameter = Parameter {
    name: "seriesInstanceUid",
    kind: Kind::Uid,
    required: false,
    about: "Only this series; the whole study where not given.",
};
const LIMIT: Parameter = Parameter {
    name: "limit",
    kind: Kind::Number {
        least: 1,
        most: query::MAX_LIMIT as u32,
        default: Some(query::DEFAULT_LIMIT as u32),
    },
    required: false,
    about: "Rows of a page.",
};
const OFFSET: Parameter = Parameter {
    name: "offset",
    kind: Kind::Number {
        least: 0,
        most: i32::MAX as u32,
        default: Some(0),
    },
    required: false,
    about: "Rows to skip: the nextOffset of the page before.",
};
const FIELDS: Parameter = Parameter {
    name: "fields",
    kind: Kind::Texts,
    required: false,
    about: "Further attributes in each row, as keywords or tags; or minimal, standard or extended for one of the sets of get-attribute-presets.",
};
const PRESET: Parameter = Parameter {
    name: "preset",
    kind: Kind::Optional(&WINDOW_NAMES),
    required: false,
    about: "A usual CT window by name, instead of the image's own.",
};

/// Usual CT windows: name, centre and width in Hounsfield units.
const WINDOWS: [(&str, f64, f64); 8] = [
    ("abdomen", 60.0, 400.0),
    ("angio", 300.0, 600.0),
    ("bone", 400.0, 1800.0),
    ("brain", 40.0, 80.0),
    ("liver", 80.0, 150.0),
    ("lung", -600.0, 1500.0),
    ("mediastinum", 50.0, 350.0),
    ("stroke", 35.0, 40.0),
];
pub(crate) const WINDOW_NAMES: [&str; 8] = [
    "abdomen",
    "angio",
    "bone",
    "brain",
    "liver",
    "lung",
    "mediastinum",
    "stroke",
];

/// The window that a call asks for: a preset, or centre and width.
fn window(arguments: &Arguments) -> Result<Option<(f64, f64)>, Failure> {
    let given = (
        arguments.real("windowCenter"),
        arguments.real("windowWidth"),
    );
    let name = arguments.text(PRESET.name);
    match (name, given) {
        ("", (None, None)) => Ok(None),
        ("", (Some(center), Some(width))) if width >= 1.0 => Ok(Some((center, width))),
        ("", (Some(_), Some(width))) => Err(Failure::argument(
            "windowWidth",
            format!("{width} is not a width: at least 1 (PS3.3 C.11.2.1.2)"),
        )),
        ("", _) => Err(Failure::Argument {
            name: "windowCenter".into(),
            problem: "centre and width belong together".into(),
            advice: Some("give windowCenter and windowWidth, or a preset".into()),
        }),
        (_, (None, None)) => Ok(WINDOWS
            .iter()
            .find(|(known, _, _)| *known == name)
            .map(|(_, center, width)| (*center, *width))),
        _ => Err(Failure::argument(
            PRESET.name,
            "a preset and a window of one's own exclude each other",
        )),
    }
}

/// The study, or the one series of it, that a call is about.
fn scope(arguments: &Arguments) -> Result<Scope, Failure> {
    Ok(Scope {
        study: arguments.uid(STUDY.name)?,
        series: arguments.optional_uid(OPTIONAL_SERIES.name)?,
    })
}

/// The terms of a find tool: its query with limit, offset and fields.
fn terms(level: Level, arguments: &Arguments) -> Result<Terms, Failure> {
    let mut terms = query::parse(level, arguments.text("query"), Date::today())?;
    let twice = |name: &str| Failure::argument(name, "it stands in the query too: give it once");
    if arguments.has(LIMIT.name) {
        if terms.limit.is_some() {
            return Err(twice(LIMIT.name));
        }
        terms.limit = Some(arguments.count(LIMIT.name, query::DEFAULT_LIMIT as u32) as usize);
    }
    if arguments.has(OFFSET.name) {
        if terms.offset > 0 {
            return Err(twice(OFFSET.name));
        }
        terms.offset = arguments.count(OFFSET.name, 0) as usize;
    }
    for field in arguments.texts(FIELDS.name) {
        if let Some(columns) = preset::named(&field, level) {
            terms.columns = Some(columns);
            continue;
        }
        let attribute =
            attribute::Attribute::parse(&field).map_err(|unknown| Failure::Argument {
                name: FIELDS.name.into(),
                problem: format!("unknown attribute {:?}", text::cut(&unknown.text, 100)),
                advice: unknown.nearest.map(str::to_owned),
            })?;
        if let Include::Attributes(all) = &mut terms.include
            && !all.contains(&attribute)
        {
            all.push(attribute);
        }
    }
    Ok(terms)
}

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
