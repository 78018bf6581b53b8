//! How a program is told where the archive is, and what its tools are called: data, one TOML file a program.
//!
//! In every text `{web}`, `{host}`, `{port}`, `{called}`, `{calling}`, `{scratch}`, `{secret}` stand for the archive and the run; in the
//! arguments of a call also `{patient}`, `{study}`, `{series}`, `{instance}`, `{upload}`, `{destination}`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::check::Need;

/// The adapters that come with the harness.
const SHIPPED: &[(&str, &str)] = &[
    (
        "dicom-mcp-server",
        include_str!("../../adapters/dicom-mcp-server.toml"),
    ),
    (
        "dicomweb-mcp-server",
        include_str!("../../adapters/dicomweb-mcp-server.toml"),
    ),
    ("dicom-mcp", include_str!("../../adapters/dicom-mcp.toml")),
    (
        "dicom-hl7-mcp",
        include_str!("../../adapters/dicom-hl7-mcp.toml"),
    ),
];

/// How one server is spoken to.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Its name.
    pub name: String,
    /// Which protocol it asks the archive by, and so which faults reach it.
    #[serde(default)]
    pub door: Protocol,
    /// What is added to its command.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// What is put into its environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Files that are written into its scratch folder before it starts, by name.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Texts by which a tool says that it is not to be had, such as one that has to be paid for.
    #[serde(default)]
    pub locked: Vec<String>,
    /// What the harness wants done, and by which tool.
    #[serde(default)]
    pub calls: BTreeMap<Role, Call>,
}

/// The protocol between a program and the archive.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// DICOMweb.
    #[default]
    Web,
    /// DIMSE.
    Dimse,
}

/// Something that the harness wants done.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The studies of one patient.
    Studies,
    /// The attributes of an instance, or of what of it can be searched for.
    Metadata,
    /// The text of a structured report.
    Report,
    /// A picture of a frame.
    Picture,
    /// Files of a folder into the archive.
    Store,
    /// A study to another AE.
    Move,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Studies,
        Self::Metadata,
        Self::Report,
        Self::Picture,
        Self::Store,
        Self::Move,
    ];

    /// The capability of a server that has a tool for it.
    pub const fn need(self) -> Need {
        match self {
            Self::Studies => Need::ToolStudies,
            Self::Metadata => Need::ToolMetadata,
            Self::Report => Need::ToolReport,
            Self::Picture => Need::ToolPicture,
            Self::Store => Need::ToolStore,
            Self::Move => Need::ToolMove,
        }
    }
}

/// A call of a tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
}

/// Why there is no adapter.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// The file cannot be read.
    #[error("no adapter is called {0:?}, and no file is there; shipped are {shipped}", shipped = names().join(", "))]
    Unknown(String),
    /// It is not an adapter.
    #[error("{0}: {1}")]
    Wrong(String, toml::de::Error),
}

/// The names of the adapters that come with the harness.
pub fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

impl Adapter {
    /// By the name of a shipped one, or from a file.
    ///
    /// # Errors
    /// Neither, or not an adapter.
    pub fn find(name: &str) -> Result<Self, AdapterError> {
        let shipped = SHIPPED.iter().find(|(known, _)| *known == name);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None => std::fs::read_to_string(Path::new(name))
                .map_err(|_| AdapterError::Unknown(name.to_owned()))?,
        };
        toml::from_str(&text).map_err(|error| AdapterError::Wrong(name.to_owned(), error))
    }
}

/// What placeholders stand for.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<&'static str, String>);

impl Names {
    /// With one more.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    /// What one stands for.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A text with its placeholders replaced; unknown ones stay.
    pub fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }

    /// The same in every text of a value.
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_value(item)).collect(),
            Value::Object(members) => Value::Object(self.fill_members(members)),
            other => other.clone(),
        }
    }

    /// The same in the members of an object.
    pub fn fill_members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        let filled = members
            .iter()
            .map(|(key, value)| (key.clone(), self.fill_value(value)));
        filled.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_adapter_can_be_read_and_finds_studies() {
        for name in names() {
            let adapter = Adapter::find(name).unwrap();
            assert_eq!(adapter.name, name);
            assert!(adapter.calls.contains_key(&Role::Studies), "{name}");
        }
        let unknown = Adapter::find("no-such").unwrap_err().to_string();
        assert!(unknown.contains("\"no-such\"") && unknown.contains("dicom-hl7-mcp"));
    }

    #[test]
    fn placeholders_are_filled_at_any_depth() {
        let names = Names::default()
            .with("study", "1.2")
            .with("web", "http://x");
        let value = serde_json::json!({"a": ["{study}", 7], "b": {"c": "{web}/{other}"}});
        assert_eq!(
            names.fill_value(&value),
            serde_json::json!({"a": ["1.2", 7], "b": {"c": "http://x/{other}"}})
        );
    }
}
