//! get-encapsulated-pdf-report-text: the text of a PDF by page.

use dicom_render::pdf;
use serde_json::{Value as Json, json};

use super::{
    Effect, INSTANCE, Pending, SERIES, STUDY, Session, Tool, instance, instance_schema, with,
};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::error::Failure;
use crate::{object, text};

pub(super) const TOOL: Tool = Tool {
    name: "get-encapsulated-pdf-report-text",
    title: "Read a PDF report",
    about: "Retrieves one Encapsulated PDF and gives its text page by page. Use it after find-encapsulated-pdf-reports. A page that \
            has no text layer, as a scan, is said to have none: nothing is guessed from its picture.",
    parameters: &[
        STUDY,
        SERIES,
        INSTANCE,
        Parameter {
            name: "pages",
            kind: Kind::Counts,
            required: false,
            about: "Only these pages, from 1.",
        },
    ],
    output: || {
        instance_schema(
            json!({
                "pages": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "page": {"type": "integer", "minimum": 1},
                            "text": {"type": ["string", "null"], "description": "The text; null where the page has no text layer."}
                        },
                        "required": ["page", "text"],
                        "additionalProperties": false
                    }
                },
                "truncated": {"type": "boolean", "description": "Whether the end was cut to keep the answer short."},
                "warnings": {"type": "array", "items": {"type": "string"}},
            }),
            &[],
        )
    },
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let of = instance(&arguments)?;
        let deadline = session.deadline();
        let doing = format!("read the PDF {}", of.instance);
        let (pages, warnings) = object::read(&session.backend, &of, &deadline, &doing, {
            let doing = doing.clone();
            move |opened| {
                let pages = pdf::document(&opened.object).and_then(|document| pdf::pages(&document));
                pages.map(|pages| (pages, opened.warnings.clone())).map_err(|error| Failure::Content {
                    doing,
                    reason: error.to_string(),
                    advice: Some("get-instance-metadata shows what the instance is; find-encapsulated-pdf-reports lists PDFs".into()),
                })
            }
        })
        .await?;

        let wanted = arguments.counts("pages");
        let all = pages.len();
        if let Some(absent) = wanted.iter().find(|page| **page as usize > all) {
            return Err(Failure::Argument {
                name: "pages".into(),
                problem: format!("there is no page {absent}"),
                advice: Some(format!("the document has {}", count(all, "page"))),
            });
        }
        let pages: Vec<_> = pages
            .into_iter()
            .filter(|page| wanted.is_empty() || wanted.contains(&page.number))
            .collect();
        let mut room = session.config.limits.text;
        let mut truncated = false;
        let mut body = String::new();
        let mut told: Vec<Json> = Vec::new();
        for page in &pages {
            if room == 0 {
                truncated = true;
                break;
            }
            let words = page.text.as_ref().map(|words| {
                let length = words.chars().count();
                truncated |= length > room;
                let words = session.mask.free_text(text::cut(words.trim_end(), room));
                room = room.saturating_sub(length);
                words
            });
            body.push_str(&format!(
                "Page {}:\n{}\n\n",
                page.number,
                words.as_deref().unwrap_or("(no text layer on this page)")
            ));
            told.push(json!({"page": page.number, "text": words}));
        }
        let scans = pages.iter().filter(|page| page.text.is_none()).count();
        let mut head = format!("PDF {}, {}", of.instance, count(all, "page"));
        if scans > 0 {
            head.push_str(&format!(
                ", {} without a text layer: what they show is not known",
                count(scans, "page")
            ));
        }
        if truncated {
            head.push_str(&format!(", cut after page {}", told.len()));
        }
        head.push_str(&text::warnings(&warnings));
        let said = format!("{head}\n{}", text::fence(&body));
        Ok(Answer::done(
            said,
            with(
                &of,
                json!({"pages": told, "truncated": truncated, "warnings": warnings}),
            ),
        ))
    })
}

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
