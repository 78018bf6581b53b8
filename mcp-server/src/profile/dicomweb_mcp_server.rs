//! dicomweb-mcp-server: nine of our own tools with the parameters that it has.

use std::sync::LazyLock;

use crate::tools::{self, Tool};

/// Each tool with how many of our parameters are its own: the first ones.
const THEIRS: [(&str, usize); 9] = [
    ("find-encapsulated-pdf-reports", 1),
    ("find-instances", 3),
    ("find-series", 2),
    ("find-structured-reports", 1),
    ("find-studies", 1),
    ("get-encapsulated-pdf-report-text", 3),
    ("get-instance-metadata", 3),
    ("get-structured-report-text", 3),
    ("render-instance-frame", 5),
];

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| {
    let of = |(name, count): &(&str, usize)| {
        let tool = tools::all().iter().find(|tool| tool.name == *name)?;
        Some(Tool {
            parameters: tool.parameters.get(..*count)?,
            ..tool.clone()
        })
    };
    THEIRS.iter().filter_map(of).collect()
});

pub(super) fn tools() -> &'static [Tool] {
    &TOOLS
}
