use http::HeaderValue;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Answer, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::Scene;

/// An HTTP request gets this status and nothing is done for it.
///
/// On the wire: the status, Retry-After if given, and a body of the chosen kind; the request body need not have been read. Archives and the proxies before them
/// do it when they are overloaded (503, 429), being restarted (502), out of quota or simply broken (500), often with an HTML page. A good client tries 429 and 503
/// again after Retry-After and not before, bounds its tries, and reports the status with the body's text, never an empty result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct HttpStatus {
    /// Status code.
    pub status: u16,
    /// Value of Retry-After as it goes out: seconds, a date, or rubbish.
    pub retry_after: Option<String>,
    /// Kind of body.
    pub body: BodyKind,
}

/// What an error's body looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BodyKind {
    /// `application/json`.
    Json,
    /// `application/xml`.
    Xml,
    /// `text/html`, as a proxy's error page.
    Html,
    /// `text/plain`.
    #[default]
    Text,
    /// None at all.
    None,
}

impl Default for HttpStatus {
    fn default() -> Self {
        Self { status: 503, retry_after: None, body: BodyKind::Text }
    }
}

impl HttpStatus {
    /// This status with a body of plain text.
    pub fn new(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// With Retry-After in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds.to_string());
        self
    }

    /// With a body of this kind.
    #[must_use]
    pub fn body(mut self, kind: BodyKind) -> Self {
        self.body = kind;
        self
    }

    pub(super) fn answer(&self) -> Answer {
        let status = self.status;
        let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason()).unwrap_or("Unknown");
        let (content_type, body) = match self.body {
            BodyKind::Json => ("application/json", format!("{{\"status\":{status},\"error\":\"{reason}\"}}")),
            BodyKind::Xml => ("application/xml", format!("<?xml version=\"1.0\"?><error><status>{status}</status><message>{reason}</message></error>")),
            BodyKind::Html => (
                "text/html; charset=utf-8",
                format!("<html><head><title>{status} {reason}</title></head><body><h1>{status} {reason}</h1></body></html>"),
            ),
            BodyKind::Text => ("text/plain; charset=utf-8", format!("{status} {reason}")),
            BodyKind::None => ("", String::new()),
        };
        let mut answer = Answer::text(status, body);
        if content_type.is_empty() {
            answer.headers.remove(CONTENT_TYPE);
        } else {
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        if let Some(value) = self.retry_after.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
            answer.headers.insert(RETRY_AFTER, value);
        }
        answer
    }
}

impl Fault for HttpStatus {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.ruling = Ruling::Answer(self.answer());
    }
}
