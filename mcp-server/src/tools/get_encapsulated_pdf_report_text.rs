//! get-encapsulated-pdf-report-text: the text of a PDF by page, or a scanned page as a picture.

use dicom_render::encode::Picture;
use dicom_render::pdf;
use serde_json::{Value as Json, json};

use super::{
    Effect, INSTANCE, Pending, SERIES, STUDY, Session, Tool, instance, instance_schema, with,
};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Format, Rendered};
use crate::error::Failure;
use crate::{object, text};

pub(super) const TOOL: Tool = Tool {
    name: "get-encapsulated-pdf-report-text",
    title: "Read a PDF report",
    about: "Retrieves one Encapsulated PDF and gives its text page by page. Use it after find-encapsulated-pdf-reports. A page that \
            has no text layer, as a scan, is said to have none: ask for scanAsPicture and look at it.",
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
        Parameter {
            name: "scanAsPicture",
            kind: Kind::Switch,
            required: false,
            about: "The first of these pages that has no text layer, also as a picture of its images; lines are not drawn.",
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
                "picture": {
                    "type": "object",
                    "description": "The picture, if one was asked for and a page needs one.",
                    "properties": {
                        "page": {"type": "integer", "minimum": 1},
                        "mimeType": {"type": "string"},
                        "width": {"type": "integer", "minimum": 1},
                        "height": {"type": "integer", "minimum": 1},
                        "notes": {"type": "array", "items": {"type": "string"}, "description": "What of the page it does not show."}
                    },
                    "required": ["page", "mimeType", "width", "height", "notes"],
                    "additionalProperties": false
                },
            }),
            &["picture"],
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
        let wanted = arguments.counts("pages");
        let draws = arguments.is_on("scanAsPicture");
        if draws && !session.mask.shows_all() {
            return Err(Failure::Content {
                doing,
                reason: "the texts of documents are masked here, and a picture of a page would show them".into(),
                advice: Some("ask without scanAsPicture, or start the server with `--phi show`".into()),
            });
        }
        let (pages, warnings, picture) = object::read(&session.backend, &of, &deadline, &doing, {
            let (doing, wanted) = (doing.clone(), wanted.clone());
            move |opened| {
                let failed = |error: pdf::PdfError| Failure::Content {
                    doing,
                    reason: error.to_string(),
                    advice: Some("get-instance-metadata shows what the instance is; find-encapsulated-pdf-reports lists PDFs".into()),
                };
                let read = pdf::document(&opened.object).and_then(|document| Ok((pdf::pages(&document)?, document)));
                let (pages, document) = read.map_err(failed)?;
                let mut warnings = opened.warnings.clone();
                let is_scan = |page: &&pdf::Page| {
                    page.text.is_none() && (wanted.is_empty() || wanted.contains(&page.number))
                };
                let scan = pages.iter().find(is_scan).filter(|_| draws);
                let picture = scan.and_then(|scan| match drawn(&document, scan.number) {
                    Ok(picture) => Some(picture),
                    Err(why) => {
                        warnings.push(text::cut(&format!("no picture of page {}: {why}", scan.number), 300));
                        None
                    }
                });
                Ok((pages, warnings, picture))
            }
        })
        .await?;

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
            head.push_str(&format!(", {} without a text layer", count(scans, "page")));
            head.push_str(match picture {
                Some(_) => "",
                None if draws || !session.mask.shows_all() => ": what they show is not known",
                None => ": scanAsPicture shows the first",
            });
        }
        if truncated {
            head.push_str(&format!(", cut after page {}", told.len()));
        }
        head.push_str(&text::warnings(&warnings));
        let mut said = format!("{head}\n{}", text::fence(&body));
        let mut structured = json!({"pages": told, "truncated": truncated, "warnings": warnings});
        let picture = picture.map(|Scan { page, picture, bytes }| {
            // A note may name a filter, which is the document's own word.
            let notes = picture.shown.notes.iter();
            let notes: Vec<String> = notes.map(|note| text::cut(&text::escape(note), 200)).collect();
            let format = Format::Jpeg;
            let (width, height) = (picture.width, picture.height);
            said.push_str(&format!("\nPage {page} as a picture of {width} x {height} pixels."));
            said.push_str(&text::warnings(&notes));
            structured["picture"] = json!({
                "page": page, "mimeType": format.mime(), "width": width, "height": height, "notes": notes,
            });
            Rendered {
                bytes: bytes.into(),
                format,
            }
        });
        let mut answer = Answer::done(said, with(&of, structured));
        answer.picture = picture;
        Ok(answer)
    })
}

/// A page as a picture.
struct Scan {
    page: u32,
    picture: Picture,
    bytes: Vec<u8>,
}

/// The page as a picture, or why not.
fn drawn(document: &[u8], page: u32) -> Result<Scan, String> {
    let picture = pdf::picture(document, page, LONGEST_EDGE).map_err(|error| error.to_string())?;
    let bytes = picture.jpeg(QUALITY).map_err(|error| error.to_string())?;
    Ok(Scan {
        page,
        picture,
        bytes,
    })
}

/// Of a page's picture, in pixels: letters of a scan can be read.
const LONGEST_EDGE: u32 = 1_600;

/// Of its JPEG.
const QUALITY: u8 = 85;

fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
