//! What a tool gives back: text and structured content that say the same, and at most one picture.

use base64::Engine as _;
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value as Json;

use crate::backend::Rendered;
use crate::error::Failure;

/// The answer of a tool.
#[derive(Debug, Clone)]
pub struct Answer {
    /// For people and models: compact, never the JSON again.
    pub text: String,
    /// The same for programs, as the tool's output schema says.
    pub structured: Json,
    /// A picture.
    pub picture: Option<Rendered>,
    /// Whether what was asked for was done.
    pub outcome: Outcome,
}

/// Whether a tool did what it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    Done,
    /// Not all of it; told as an error, so that nobody takes a part for the whole.
    NotAllDone,
}

impl Answer {
    /// All was done.
    pub fn done(text: String, structured: Json) -> Self {
        Self {
            text,
            structured,
            picture: None,
            outcome: Outcome::Done,
        }
    }

    /// The answer as the protocol carries it.
    pub fn into_result(self) -> CallToolResult {
        let mut content = Vec::new();
        if let Some(picture) = self.picture {
            let data = base64::engine::general_purpose::STANDARD.encode(&picture.bytes);
            content.push(ContentBlock::image(data, picture.format.mime()));
        }
        content.push(ContentBlock::text(self.text));
        let mut result = match self.outcome {
            Outcome::Done => CallToolResult::success(content),
            Outcome::NotAllDone => CallToolResult::error(content),
        };
        result.structured_content = Some(self.structured);
        result
    }
}

/// A failure as the protocol carries it: an answer that says so, never a success and never a broken call.
pub fn failed(failure: &Failure) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(failure.explain())])
}
