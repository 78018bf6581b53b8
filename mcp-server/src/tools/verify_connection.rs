//! verify-connection: does the archive answer, and as whom.

use dicom_wire::query::Level;
use serde_json::json;

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::query::{Search, Terms};
use crate::row::Row;

pub(super) const TOOL: Tool = Tool {
    name: "verify-connection",
    title: "Check the connection",
    about: "Asks the archive, over each protocol that is set, for a sign of life: a search and its capabilities over DICOMweb, a \
            C-ECHO over DIMSE. It tells whether it answers, how this server authenticates, and whether storing is allowed. Use it when another tool failed to reach the archive. It changes nothing.",
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
                "echo": {"type": "string", "description": "What a C-ECHO gave."},
                "storing": {"type": "string", "enum": ["allowed", "off"]},
            },
            "required": ["archive", "authentication", "storing"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, _: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let deadline = session.deadline();
        let backend = &session.backend;
        let archive = backend.address();
        let settings = session
            .config
            .archives
            .iter()
            .find(|settings| settings.name == backend.name());
        let authentication = settings
            .and_then(|settings| settings.web.as_ref())
            .map_or("none", |web| web.credentials.kind());
        let storing = match crate::guard::may_store(&session.config.permissions) {
            Ok(()) => "allowed",
            Err(_) => "off",
        };
        let mut lines = vec![
            format!("Connected to {archive}"),
            format!("authentication: {authentication}"),
        ];
        let mut told = json!({
            "archive": archive,
            "authentication": authentication,
            "storing": storing,
        });
        if let Some(dimse) = backend.dimse() {
            dimse.echo(&deadline).await?;
            let words = format!("answered by {}", dimse.address());
            lines.push(format!("echo: {words}"));
            told["echo"] = json!(words);
        }
        if let Some(web) = backend.web() {
            let search = Search {
                level: Level::Study,
                study: None,
                series: None,
                terms: Terms::default(),
            };
            let page = backend.search(&search, 1, 0, &deadline).await?;
            let has_studies = page.rows.iter().any(|row: &Row| !row.is_empty());
            let found = if has_studies {
                "works, there are studies"
            } else {
                "works, no study is there to be seen"
            };
            // Many archives do not implement it: that is told, and is no failure.
            let capabilities = match web.capabilities(&deadline).await {
                Ok(told) => format!("described as {}", crate::text::escape(&told.content_type)),
                Err(failure) => format!("not told: {failure}"),
            };
            lines.push(format!("search: {found}"));
            lines.push(format!("capabilities: {capabilities}"));
            told["search"] = json!(found);
            told["hasStudies"] = json!(has_studies);
            told["capabilities"] = json!(capabilities);
        }
        lines.push(format!("storing: {storing}"));
        Ok(Answer::done(lines.join("\n"), told))
    })
}
