//! How a scenario goes from one state to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{After, Matcher};

/// A way from one state of a scenario to another: taken when a request or instance matches so often, and so much has happened since the state was entered.
///
/// ```
/// use dicom_mock_archive::rule::{After, Transition};
///
/// let json = r#"{ "from": "calm", "to": "busy", "when": { "service": "store" }, "after": { "exchanges": 10 } }"#;
/// let transition: Transition = serde_json::from_str(json)?;
/// assert_eq!((transition.times, transition.after), (1, After::exchanges(10)));
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
    /// Which request or instance takes it; without it the next one, whatever it is.
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
