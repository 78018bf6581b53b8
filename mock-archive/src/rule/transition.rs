//! How a scenario goes from one state to another.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{After, Matcher};

/// A way from one state of a scenario to another: taken when a request or instance matches so often, and so much has happened since the state was entered.
///
/// ```
/// use dicom_mock_archive::rule::{After, Transition, storing};
///
/// let built = Transition::to("busy").from("calm").when(storing()).after(After::exchanges(10));
/// let json = r#"{ "from": "calm", "to": "busy", "when": { "service": "store" }, "after": { "exchanges": 10 } }"#;
/// let transition: Transition = serde_json::from_str(json)?;
/// assert_eq!(transition, built);
/// assert_eq!("busy:from=calm:service=store:after.exchanges=10".parse(), Ok(built));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// In which state it can be taken; without it in any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where it leads.
    pub to: String,
    /// Which request takes it, or which instance if only instances can fit; without it the next one, whatever it is.
    #[serde(default, skip_serializing_if = "Matcher::is_any")]
    pub when: Matcher,
    /// How many of them it takes.
    #[serde(default = "once")]
    pub times: u64,
    /// What has to have happened since the state was entered.
    #[serde(default, skip_serializing_if = "After::is_nothing")]
    pub after: After,
}

fn once() -> u64 {
    1
}

impl Transition {
    /// To this state with the next request or instance, from whatever state.
    pub fn to(state: &str) -> Self {
        Self {
            from: None,
            to: state.to_owned(),
            when: Matcher::default(),
            times: once(),
            after: After::default(),
        }
    }

    /// Only from this state.
    #[must_use]
    pub fn from(mut self, state: &str) -> Self {
        self.from = Some(state.to_owned());
        self
    }

    /// Only with such a request or instance.
    #[must_use]
    pub fn when(mut self, matcher: Matcher) -> Self {
        self.when = matcher;
        self
    }

    /// Only with so many of them.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    /// Only after so much has happened in the state.
    #[must_use]
    pub fn after(mut self, after: After) -> Self {
        self.after = after;
        self
    }
}

/// As a command line gives it: `STATE[:ARG]...`, such as `busy:from=calm:service=store:times=3`.
impl FromStr for Transition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        crate::fault::parse_transition(text)
    }
}
