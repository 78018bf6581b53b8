//! verify-connection: does the archive answer, and as whom.

use dicom_wire::query::Level;
use serde_json::json;

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::config::Credentials;
use crate::query::{Search, Terms};
use crate::row::Row;

pub(super) const TOOL: Tool = Tool {
    name: "verify-connection",
    title: "Check the connection",
    about: "Asks the archive for one study and for its capabilities, and tells whether it answers, how this server authenticates, and \
            whether storing is allowed. Use it when another tool failed to reach the archive. It changes nothing.",
    parameters: &[],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "archive": {"type": "string", "description": "Base address, without credentials."},
                "authentication": {"type": "string", "enum": ["none", "basic", "bearer"]},
                "search": {"type": "string", "description": "What the search gave."},
                "hasStudies": {"type": "boolean", "description": "Whether the archive showed a study."},
                "capabilities": {"type": "string", "description": "What asking for capabilities gave."},
                "storing": {"type": "string", "enum": ["allowed", "off"]},
            },
            "required": ["archive", "authentication", "search", "hasStudies", "capabilities", "storing"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, _: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let deadline = session.deadline();
        let search = Search {
            level: Level::Study,
            study: None,
            series: None,
            terms: Terms::default(),
        };
        let page = session.backend.search(&search, 1, 0, &deadline).await?;
        let has_studies = page.rows.iter().any(|row: &Row| !row.is_empty());
        let found = if has_studies {
            "works, there are studies"
        } else {
            "works, no study is there to be seen"
        };
        // Many archives do not implement it: that is told, and is no failure.
        let capabilities = match session.backend.capabilities(&deadline).await {
            Ok(told) => format!("described as {}", told.content_type),
            Err(failure) => format!("not told: {failure}"),
        };
        let authentication = match session.config.credentials {
            Credentials::None => "none",
            Credentials::Basic { .. } => "basic",
            Credentials::Bearer(_) => "bearer",
        };
        let storing = match crate::guard::may_store(&session.config.permissions) {
            Ok(()) => "allowed",
            Err(_) => "off",
        };
        let archive = session.backend.address();
        let text = format!(
            "Connected to {archive}\nauthentication: {authentication}\nsearch: {found}\ncapabilities: {capabilities}\nstoring: {storing}"
        );
        Ok(Answer::done(
            text,
            json!({
                "archive": archive,
                "authentication": authentication,
                "search": found,
                "hasStudies": has_studies,
                "capabilities": capabilities,
                "storing": storing,
            }),
        ))
    })
}
