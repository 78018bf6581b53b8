//! An MCP server over stdio: its process, the messages, an archive behind it, and what can be put between to prove a check.

mod answer;
pub(crate) mod arguments;
mod bench;
mod heard;
mod observe;
mod session;
mod subjects;
pub mod tamper;

pub use answer::Answer;
pub use bench::Bench;
pub use heard::Heard;
pub(crate) use observe::observe;
pub(crate) use session::hello;
pub use session::{LATEST, REVISIONS, Session};
pub use subjects::Subjects;
pub(crate) use subjects::{LAST, NAMES};

use std::time::Duration;

use serde_json::{Value, json};

use crate::outcome::{Difference, Finding, Verdict};

/// The checks that a server passes by the protocol library it is built with, or by its list of tools: no call of a tool has to succeed
/// in them, and so they say nothing about its way with an archive. Tables count them apart.
pub const OF_LIBRARY: &[&str] = &[
    "mcp.cancel.unknown-or-late",
    "mcp.init.first",
    "mcp.init.missing-field",
    "mcp.init.other-version",
    "mcp.init.ping-before",
    "mcp.init.result",
    "mcp.init.same-version",
    "mcp.init.twice",
    "mcp.modern.discover",
    "mcp.modern.stateless",
    "mcp.rpc.error-shape",
    "mcp.rpc.id-echo",
    "mcp.rpc.parse-error",
    "mcp.rpc.unknown-method",
    "mcp.rpc.unknown-notification",
    "mcp.stdio.client-gone",
    "mcp.stdio.framing-input",
    "mcp.tools.bad-cursor",
    "mcp.tools.names",
    "mcp.tools.schema-valid",
    "mcp.tools.stable-order",
];

/// The archive takes connections and never answers.
pub(crate) const SILENT: &str = "wire.silent";
/// The archive answers, a second and a half late.
pub(crate) const LATE: &str = r#"{"then":{"delay":{"by":"1500ms"}}}"#;
/// How soon a server has to be gone.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// The method of progress.
pub(crate) const PROGRESS: &str = "notifications/progress";

/// What a call that is none has to be answered with.
pub(crate) fn refused(answer: &Answer) -> Verdict {
    let difference = Difference {
        expected: None,
        got: answer.summary(),
    };
    match answer.code() {
        Some(-32602) => Ok(()),
        _ if answer.is_error() => Err(Finding::Warn(difference)),
        _ => Err(Finding::Fail(difference)),
    }
}

/// Parameters of a request of the revision without a greeting.
pub(crate) fn later() -> Value {
    json!({"_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "dicom-conformance", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }})
}
