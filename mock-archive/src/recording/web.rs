//! HTTP in a recording.

use serde::{Deserialize, Serialize};

use super::body::{Body, Ending};

/// A request and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// What came of it.
    pub outcome: Outcome,
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Path and query below the base URL: `/studies?limit=1`.
    pub target: String,
    /// Header fields in their order; credentials and cookies are left out.
    pub headers: Vec<(String, String)>,
    /// Its body.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// The archive answered.
    Answer(Answer),
    /// There was no answer, for this reason.
    Failed(String),
}

/// A response as it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields in their order, without those that say how the bytes travel.
    pub headers: Vec<(String, String)>,
    /// Its body.
    #[serde(default, skip_serializing_if = "Body::is_empty")]
    pub body: Body,
    /// Whether the body came to its end.
    #[serde(default, skip_serializing_if = "Ending::is_whole")]
    pub ending: Ending,
}
