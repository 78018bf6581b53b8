//! The names and parameters of other servers over the same tools, so that their users change one line of their settings.

mod dicom_hl7_mcp;
mod dicom_mcp;
mod dicomweb_mcp_server;

use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use rmcp::model::Tool as Described;
use serde_json::Value as Json;

use crate::arguments::{Arguments, Kind, Parameter};
use crate::attribute::Attribute;
use crate::backend::Scope;
use crate::error::Failure;
use crate::query::{self, Include, Search, Terms};
use crate::tools::{self, Session, Tool};
use crate::{preset, text};

/// Whose tools are offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Profile {
    /// Our own.
    #[default]
    Native,
    /// The nine of dicomweb-mcp-server.
    DicomwebMcpServer,
    /// Those of dicom-mcp, of its first generation and its newest.
    DicomMcp,
    /// Those of dicom-hl7-mcp that are about archives and attributes.
    DicomHl7Mcp,
}

impl Profile {
    /// The tools, sorted by name.
    pub fn tools(self) -> &'static [Tool] {
        match self {
            Self::Native => tools::all(),
            Self::DicomwebMcpServer => dicomweb_mcp_server::tools(),
            Self::DicomMcp => dicom_mcp::TOOLS,
            Self::DicomHl7Mcp => dicom_hl7_mcp::TOOLS,
        }
    }

    /// The parameters of a tool: in our own profile it takes the archive too.
    pub fn parameters(self, tool: &Tool) -> Vec<&'static Parameter> {
        match self {
            Self::Native => tool.parameters(),
            _ => tool.parameters.iter().collect(),
        }
    }

    /// A tool as `tools/list` tells it.
    pub fn describe(self, tool: &Tool) -> Described {
        tool.describe(&self.parameters(tool))
    }
}

/// A text that need not be given; empty is the same as not given.
const fn optional(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Text(1000),
        required: false,
        about,
    }
}

const fn uid(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Uid,
        required: true,
        about,
    }
}

const fn texts(name: &'static str, about: &'static str) -> Parameter {
    Parameter {
        name,
        kind: Kind::Texts,
        required: false,
        about,
    }
}

/// The output schema of one of our own tools.
fn output_of(name: &str) -> Json {
    let tool = tools::all().iter().find(|tool| tool.name == name);
    tool.map_or(Json::Null, |tool| (tool.output)())
}

/// A UID that need not be given; empty is the same as not given.
fn optional_uid(arguments: &Arguments, name: &str) -> Result<Option<Uid>, Failure> {
    match arguments.text(name) {
        "" => Ok(None),
        _ => arguments.uid(name).map(Some),
    }
}

/// Terms out of single values: what is empty does not filter, what is wrong is refused by the name of its argument.
fn terms(level: Level, arguments: &Arguments, keys: &[(&str, &str)]) -> Result<Terms, Failure> {
    let mut whole = Terms::default();
    for (argument, keyword) in keys {
        let value = arguments.text(argument).trim();
        if value.is_empty() {
            continue;
        }
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let today = crate::date::Date::today();
        let parsed = query::parse(level, &format!("{keyword}=\"{quoted}\""), today);
        let parsed = parsed.map_err(|failure| match failure {
            Failure::Argument {
                problem, advice, ..
            } => Failure::Argument {
                name: (*argument).to_owned(),
                problem,
                advice,
            },
            other => other,
        })?;
        whole.filters.extend(parsed.filters);
    }
    Ok(whole)
}

/// The attributes that a call asks for by a preset, more of them and fewer.
fn choose(level: Level, arguments: &Arguments, terms: &mut Terms) -> Result<(), Failure> {
    let name = arguments.text("attribute_preset");
    if !name.is_empty() {
        let columns = preset::named(name, level).ok_or_else(|| Failure::Argument {
            name: "attribute_preset".into(),
            problem: format!("no set is called {:?}", text::cut(&text::escape(name), 64)),
            advice: Some(preset::NAMES.join(", ")),
        })?;
        terms.columns = Some(columns);
    }
    let read = |name: &'static str| {
        let parse = move |field: String| {
            Attribute::parse(&field).map_err(|unknown| Failure::Argument {
                name: name.into(),
                problem: format!("unknown attribute {:?}", text::cut(&unknown.text, 100)),
                advice: unknown.nearest.map(str::to_owned),
            })
        };
        arguments
            .texts(name)
            .into_iter()
            .map(parse)
            .collect::<Result<Vec<_>, _>>()
    };
    terms.include = Include::Attributes(read("additional_attributes")?);
    terms.exclude = read("exclude_attributes")?
        .into_iter()
        .map(|attribute| attribute.tag)
        .collect();
    Ok(())
}

/// The study that a series belongs to: these servers name a series without it.
async fn study_of(session: &Session, series: &Uid) -> Result<Scope, Failure> {
    if let Some(study) = session.study_of(series) {
        return Ok(Scope {
            study,
            series: Some(series.clone()),
        });
    }
    let search = Search {
        level: Level::Series,
        study: None,
        series: None,
        terms: Terms {
            filters: vec![query::Filter::exact(
                dicom_dictionary_std::tags::SERIES_INSTANCE_UID,
                series.as_str(),
            )],
            include: Include::Attributes(vec![Attribute::of(
                dicom_dictionary_std::tags::STUDY_INSTANCE_UID,
            )]),
            ..Terms::default()
        },
    };
    let page = session
        .backend
        .search(&search, 2, 0, &session.deadline())
        .await?;
    let page = crate::listing::checked(&search, page);
    let study = page.rows.first().ok_or_else(|| Failure::Absent {
        what: "series",
        uid: series.to_string(),
    })?;
    let study = study
        .text(dicom_dictionary_std::tags::STUDY_INSTANCE_UID)
        .and_then(|text| Uid::parse(&text).ok())
        .ok_or_else(|| Failure::Unusable {
            doing: format!("find the study of series {series}"),
            reason: "the archive does not tell it".into(),
            said: None,
        })?;
    Ok(Scope {
        study,
        series: Some(series.clone()),
    })
}
