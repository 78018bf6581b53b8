//! The moment before anything is done for a request or association.

use std::time::Duration;

use bytes::Bytes;
use dicom_wire::dimse::Status;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Dialect;
use crate::request::Request;

/// Before anything is done for a request or an association.
///
/// An edge calls [`crate::exchange::Exchange::admit`] and obeys the [`Admission`] it gets: first sleep for `delay`, then follow `ruling`.
#[derive(Debug)]
pub struct Admit<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// What the edge will be told.
    pub admission: Admission,
    /// How the edge shall understand this client; handed out by [`crate::exchange::Exchange::dialect`].
    pub dialect: Dialect,
}

/// What an edge does before it looks at a request.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Sleep this long first (tokio time).
    pub delay: Duration,
    /// Then do this.
    pub ruling: Ruling,
    /// HTTP: read the request as if these were its header fields.
    pub headers: Option<HeaderMap>,
    /// HTTP: links in the answer begin with this, not with the URL that was asked.
    pub base: Option<String>,
    /// HTTP: the query as it is read, where that is not as it was sent.
    pub query: Option<String>,
    /// HTTP: how much of the body is read before a ruled answer goes out.
    pub heard: Heard,
    /// HTTP: the longest body that is taken.
    pub body_limit: Option<Box<BodyLimit>>,
    /// Patients that become one before anything is looked for.
    pub merge: Option<Box<Merge>>,
}

impl Admission {
    /// Whether the request goes on, after the delay.
    pub fn proceeds(&self) -> bool {
        matches!(self.ruling, Ruling::Proceed)
    }
}

/// Whether a request goes on, and if not, what the client gets.
#[derive(Clone, Debug, Default)]
pub enum Ruling {
    /// Go on as usual.
    #[default]
    Proceed,
    /// HTTP: answer this and nothing else. The request body need not be read.
    Answer(Answer),
    /// Association: send A-ASSOCIATE-RJ with these values.
    Reject(Rejection),
    /// DIMSE operation: answer with this status and do nothing.
    Fail(Status),
    /// Send nothing. HTTP: close the connection; DIMSE: leave the operation without a response.
    Silence,
    /// Association or operation: send A-ABORT with this source and reason (PS3.8 9.3.8).
    Abort {
        /// 0 service user, 2 service provider.
        source: u8,
        /// Reason, significant for source 2.
        reason: u8,
    },
}

/// How much of a request's body is read before an answer that was ruled goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Heard {
    /// All that comes, unless the client waits to be asked for it.
    #[default]
    AsUsual,
    /// Nothing: the answer comes while the client still sends, and the connection ends after it.
    Nothing,
    /// All of it; a client that waits to be asked is asked.
    Everything,
}

/// The longest body of a request over HTTP.
#[derive(Clone, Debug)]
pub struct BodyLimit {
    /// In bytes.
    pub bytes: u64,
    /// What one that is longer gets.
    pub answer: Answer,
    /// How much of it is read first.
    pub when: LimitedAt,
}

/// When a body that is too long is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LimitedAt {
    /// As soon as its length is known: by Content-Length if there is one, otherwise in the middle.
    #[default]
    Header,
    /// When so many bytes have come; the rest is not read, and the connection ends.
    Middle,
    /// When all of it has come.
    End,
}

/// One patient becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merge {
    /// Patient ID that is given up.
    pub from: String,
    /// Patient ID under which all is from then on.
    pub into: String,
    /// Name of that patient; the names stay if it is empty.
    pub name: String,
}

/// A whole HTTP answer made up by policy or a fault.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields, Content-Type among them; Content-Length is added by the server.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// An answer of plain text.
    pub fn text(status: u16, text: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        Self {
            status,
            headers,
            body: text.into(),
        }
    }

    /// 401 with a challenge (RFC 9110 15.5.2).
    pub fn unauthorized(challenge: &str) -> Self {
        let mut answer = Self::text(401, "credentials are missing or wrong");
        answer.challenge(challenge);
        answer
    }

    /// With this challenge.
    pub fn challenge(&mut self, challenge: &str) {
        if let Ok(challenge) = HeaderValue::from_str(challenge) {
            self.headers.insert(WWW_AUTHENTICATE, challenge);
        }
    }
}

/// The three fields of A-ASSOCIATE-RJ (PS3.8 9.3.4), as they go on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// 1 rejected permanent, 2 rejected transient.
    pub result: u8,
    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    pub source: u8,
    /// Reason; its meaning depends on the source.
    pub reason: u8,
}
