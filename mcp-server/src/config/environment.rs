//! The process's environment over a `.env` file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Where settings are looked up once the flags are silent: the environment, then a `.env` file.
#[derive(Debug, Default)]
pub struct Environment(HashMap<String, String>);

impl Environment {
    const NAMES: [&str; 31] = [
        "DICOMWEB_HOST",
        "DICOMWEB_AUTH",
        "DICOMWEB_USER",
        "DICOMWEB_PASS",
        "DICOMWEB_TOKEN",
        "DICOMWEB_TOKEN_FILE",
        "DICOMWEB_TOKEN_COMMAND",
        "DICOMWEB_TIMEOUT",
        "DICOMWEB_CA_FILE",
        "DICOMWEB_CLIENT_CERT",
        "DICOMWEB_CLIENT_KEY",
        "DICOM_HOST",
        "DICOM_PORT",
        "DICOM_AE_TITLE",
        "DICOM_CALLED_AE_TITLE",
        "DICOM_TLS",
        "DICOM_CA_FILE",
        "DICOM_CLIENT_CERT",
        "DICOM_CLIENT_KEY",
        "DICOM_RECEIVE",
        "DICOM_HL7_PACS_AE_TITLE",
        "DICOM_HL7_PACS_HOST",
        "DICOM_HL7_PACS_PORT",
        "DICOM_HL7_PACS_ALLOW_RETRIEVE",
        "DICOM_HL7_LOCAL_AE_TITLE",
        "DICOM_HL7_DICOMWEB_URL",
        "DICOM_PHI",
        "DICOM_QUEUE",
        "DICOM_MCP_TOKEN",
        "XDG_STATE_HOME",
        "HOME",
    ];

    /// The process's environment over `.env` in `folder`. A `.env` that is not there is no error.
    pub fn read(folder: &Path) -> Self {
        let file = std::fs::read_to_string(folder.join(".env")).unwrap_or_default();
        Self::from_parts(|name| std::env::var(name).ok(), &file)
    }

    /// The variables that `process` knows over those that the text of a `.env` file sets. An empty value is none.
    pub fn from_parts(process: impl Fn(&str) -> Option<String>, file: &str) -> Self {
        let mut values: HashMap<String, String> = file.lines().filter_map(assignment).collect();
        for name in Self::NAMES {
            if let Some(value) = process(name) {
                values.insert(name.to_owned(), value);
            }
        }
        values.retain(|_, value| !value.is_empty());
        Self(values)
    }

    /// The bearer token that clients over HTTP have to show.
    pub fn token(&self) -> Option<String> {
        self.value("DICOM_MCP_TOKEN")
    }

    /// Where what could not be stored is kept: DICOM_QUEUE, else by the rules of the XDG base directories.
    pub fn queue(&self) -> Option<PathBuf> {
        if let Some(queue) = self.value("DICOM_QUEUE") {
            return Some(PathBuf::from(queue));
        }
        let state = self
            .value("XDG_STATE_HOME")
            .map(PathBuf::from)
            .or_else(|| Some(PathBuf::from(self.value("HOME")?).join(".local/state")))?;
        Some(state.join("dicom-mcp-server/dead-letters"))
    }

    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}

/// `NAME=value`, `export NAME="value"`, `NAME=value # comment`; anything else is no assignment.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.starts_with('#') {
        return None;
    }
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            let inner = &value[1..];
            &inner[..inner.find(quote)?]
        }
        _ => value.split(" #").next().unwrap_or_default().trim_end(),
    };
    Some((name.to_owned(), value.to_owned()))
}
