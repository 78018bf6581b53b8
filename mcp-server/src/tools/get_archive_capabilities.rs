//! get-archive-capabilities: what the archive can do, and what it gets wrong.

use serde_json::{Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::diagnosis::{self, Verdict};

pub(super) const TOOL: Tool = Tool {
    name: "get-archive-capabilities",
    title: "What the archive can do",
    about: "Makes a short run of probes that change nothing and tells what the archive can do, what it does not offer and what it gets \
            wrong: searches, paging, names, ignored keys, metadata, retrieval, pictures, DIMSE services. Use it when answers of an archive \
            are strange. It sees what one study shows, no more.",
    parameters: &[],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "archive": {"type": "string"},
                "address": {"type": "string"},
                "findings": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "probe": {"type": "string"},
                            "verdict": {"type": "string", "enum": ["works", "wrong", "missing", "unknown"]},
                            "words": {"type": "string"},
                        },
                        "required": ["probe", "verdict", "words"],
                        "additionalProperties": false
                    }
                }
            },
            "required": ["archive", "address", "findings"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, _: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let backend = &session.backend;
        let findings = diagnosis::run(backend, &session.deadline()).await;
        let count = |verdict| {
            findings
                .iter()
                .filter(|finding| finding.verdict == verdict)
                .count()
        };
        let text = format!(
            "Archive {} at {}: {} probes work, {} show something wrong, {} are not offered, {} could not be told.\nverdict | probe | found\n{}",
            backend.name(),
            backend.address(),
            count(Verdict::Works),
            count(Verdict::Wrong),
            count(Verdict::Missing),
            count(Verdict::Unknown),
            diagnosis::lines(&findings)
        );
        let told: Vec<Json> = findings
            .iter()
            .map(|finding| {
                json!({
                    "probe": finding.probe,
                    "verdict": finding.verdict.word(),
                    "words": finding.words,
                })
            })
            .collect();
        Ok(Answer::done(
            text,
            json!({
                "archive": backend.name(),
                "address": backend.address(),
                "findings": told,
            }),
        ))
    })
}
