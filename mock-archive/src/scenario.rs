//! Rules that belong together, in a TOML file.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::{Rule, Transition};

/// A set of rules with a sentence about them.
///
/// ```
/// use dicom_mock_archive::scenario::Scenario;
///
/// let scenario: Scenario = r#"
///     about = "The archive is overloaded twice."
///
///     [[rules]]
///     when = { service = "store", protocol = "web" }
///     then = { http-status = { status = 503, retry-after = "1" } }
///     often = { times = 2 }
/// "#.parse()?;
/// assert_eq!(scenario.rules.len(), 1);
/// # Ok::<(), dicom_mock_archive::scenario::ScenarioError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is about, in a sentence.
    pub about: String,
    /// The state that it starts in, if it has states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Its rules, in the order in which they come into force.
    pub rules: Vec<Rule>,
    /// How it goes from one state to another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
}

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// The scenarios that come with the archive, by name.
        const SHIPPED: &[(&str, &str)] = &[$(($name, include_str!(concat!("../scenarios/", $name, ".toml"))),)*];
    };
}

shipped! {
    "partial-store",
    "unsupported-transfer-syntax",
    "conflicting-patient",
    "overloaded-archive",
    "nightly-restart",
    "expiring-token",
    "flaky-network",
    "error-masking-proxy",
    "loses-one-in-a-hundred",
    "growing-series",
    "full-disk",
}

/// Why there is no such scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The text is not one.
    #[error("{0}")]
    Text(#[from] toml::de::Error),
    /// The file is not one.
    #[error("scenario {path:?}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is neither a scenario nor a file of this name.
    #[error("there is neither a scenario nor a file {name:?}; the scenarios are {names}", names = names().join(", "))]
    Unknown {
        /// The name.
        name: String,
    },
}

/// The names of the scenarios that come with the archive.
pub fn names() -> Vec<&'static str> {
    SHIPPED.iter().map(|(name, _)| *name).collect()
}

impl Scenario {
    /// One that comes with the archive.
    pub fn shipped(name: &str) -> Option<Self> {
        let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name)?;
        Some(
            text.parse()
                .expect("the shipped scenarios are valid: a test reads them all"),
        )
    }

    /// One that comes with the archive, or a file.
    ///
    /// # Errors
    /// If there is none, or it is none; the message names the line and the field.
    pub fn find(name_or_file: &str) -> Result<Self, ScenarioError> {
        if let Some(shipped) = Self::shipped(name_or_file) {
            return Ok(shipped);
        }
        let path = Path::new(name_or_file);
        if !path.exists() {
            return Err(ScenarioError::Unknown {
                name: name_or_file.to_owned(),
            });
        }
        let failed = |why: String| ScenarioError::File {
            path: path.to_owned(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        text.parse()
            .map_err(|error: ScenarioError| failed(error.to_string()))
    }
}

impl std::str::FromStr for Scenario {
    type Err = ScenarioError;

    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        Ok(toml::from_str(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_scenarios_are_valid() {
        for name in names() {
            assert!(!Scenario::shipped(name).unwrap().rules.is_empty(), "{name}");
        }
    }

    #[test]
    fn an_error_names_the_field_and_the_line() {
        let error = "about = \"x\"\n[[rules]]\nthen = { refuse-instance = { reson = \"A700\" } }"
            .parse::<Scenario>()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("reson") && error.contains("line 3"),
            "{error}"
        );

        let error = "about = \"x\"\n[[rules]]\nthen = \"stow.partial-20\""
            .parse::<Scenario>()
            .unwrap_err()
            .to_string();
        assert!(error.contains("stow.partial-200"), "{error}");

        let error = Scenario::find("partial-stor").unwrap_err().to_string();
        assert!(error.contains("partial-store"), "{error}");
    }
}
