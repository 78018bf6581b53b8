//! A report read again from its JSON, by those who compare, draw and judge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::SCHEMA_ID;

/// The most that is read of a file.
const LIMIT: usize = 64 * 1024 * 1024;

/// A report as in the schema. What a later version adds is passed over.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Saved {
    /// Name and version of the schema.
    pub schema: String,
    /// The run.
    pub run: Run,
    /// Digest of the statement.
    pub statement: Option<String>,
    /// What the archive is called.
    #[serde(default)]
    pub product: Option<Value>,
    /// How many checks ended in each way.
    pub counts: BTreeMap<String, u64>,
    /// Declared against observed.
    pub capabilities: Vec<Capability>,
    /// The checks, sorted by id.
    pub checks: Vec<Check>,
    /// The profiles.
    pub profiles: Vec<ProfileResult>,
}

/// The run of a [`Saved`] report.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Run {
    /// What its patient IDs begin with.
    pub id: String,
    /// Its seed.
    pub seed: u64,
    /// The edition that was asked about.
    pub edition: String,
    /// Version of the harness.
    #[serde(default)]
    pub harness: String,
    /// When it began.
    #[serde(default)]
    pub started: String,
    /// Who was asked.
    #[serde(default)]
    pub target: String,
    /// Its exit code.
    pub exit: u8,
}

/// A capability of a [`Saved`] report.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Capability {
    /// Its name.
    pub name: String,
    /// What the statement says.
    pub declared: Option<bool>,
    /// What was seen.
    pub observed: Option<bool>,
    /// The answer that it is known from.
    pub source: String,
}

/// A check of a [`Saved`] report.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct Check {
    /// Its id.
    pub id: String,
    /// The part of it before the first dot.
    pub group: String,
    /// What a good archive does.
    pub title: String,
    /// Where that is written.
    pub clauses: Vec<String>,
    /// How binding it is.
    pub level: String,
    /// How it ended.
    pub outcome: String,
    /// What an untestable one waits for.
    pub reason: Option<String>,
    /// What was sent.
    pub sent: String,
    /// What would have been right.
    pub expected: Vec<String>,
    /// What came.
    pub actual: Option<String>,
    /// The last exchanges.
    #[serde(default)]
    pub evidence: Vec<Value>,
    /// How to repeat it.
    #[serde(default)]
    pub repeat: String,
    /// The waiver that it ended by.
    pub waiver: Option<Value>,
}

/// A profile of a [`Saved`] report.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq)]
pub struct ProfileResult {
    /// Its name.
    pub name: String,
    /// Checks that passed.
    pub passed: u64,
    /// Checks of it in the run.
    pub checks: u64,
    /// `pass`, `fail` or `incomplete`.
    pub verdict: String,
}

/// Why a text is no report.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// More than anybody writes.
    #[error("a report of {0} bytes is not read")]
    Long(usize),
    /// No JSON, or without what every report has.
    #[error("not a report: {0}")]
    Format(#[from] serde_json::Error),
    /// Another schema.
    #[error("a report of the schema {0:?}, not {SCHEMA_ID}")]
    Schema(String),
}

impl Saved {
    /// Reads the JSON of a report.
    ///
    /// # Errors
    /// A text that is none.
    pub fn parse(text: &str) -> Result<Self, SavedError> {
        if text.len() > LIMIT {
            return Err(SavedError::Long(text.len()));
        }
        let saved: Self = serde_json::from_str(text)?;
        if saved.schema != SCHEMA_ID {
            return Err(SavedError::Schema(saved.schema));
        }
        Ok(saved)
    }

    /// What to call it: the product and its version, or else the address.
    pub fn label(&self) -> String {
        let product = |key: &str| {
            let text = self.product.as_ref()?.get(key)?.as_str()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        match (product("name"), product("version")) {
            (Some(name), Some(version)) => format!("{name} {version}"),
            (Some(name), None) => name,
            _ if self.run.target.is_empty() => format!("seed {}", self.run.seed),
            _ => self.run.target.clone(),
        }
    }
}
