//! render-instance-frame: a picture of one frame, made by the archive or, where it cannot, here.

use bytes::Bytes;
use dicom_render::frame::{self, Options};
use dicom_render::window::{Function, Window};
use serde_json::{Value as Json, json};

use super::{
    Effect, INSTANCE, PRESET, Pending, SERIES, STUDY, Session, Tool, instance, instance_schema,
    window, with,
};
use crate::answer::{Answer, Outcome};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Deadline, Format, Instance, Rendered};
use crate::error::Failure;
use crate::object;

/// Quality of JPEG pictures made here: no visible loss at a size that a client takes.
const QUALITY: u8 = 90;

pub(super) const TOOL: Tool = Tool {
    name: "render-instance-frame",
    title: "Show a frame",
    about: "Gives one frame of an image as a JPEG or PNG picture with its default window, and says in words what is shown and who \
            rendered it. Use it to look at an image after find-instances. It is no diagnostic display: grey levels are 8 bits.",
    parameters: &[
        STUDY,
        SERIES,
        INSTANCE,
        Parameter {
            name: "frame",
            kind: Kind::Count(1),
            required: false,
            about: "Which frame, from 1.",
        },
        Parameter {
            name: "outputFormat",
            kind: Kind::Choice(&["image/jpeg", "image/png"]),
            required: false,
            about: "The format of the picture; image/png is without loss.",
        },
        Parameter {
            name: "windowCenter",
            kind: Kind::Real,
            required: false,
            about: "Centre of the window in the image's own units (CT: Hounsfield units); with windowWidth.",
        },
        Parameter {
            name: "windowWidth",
            kind: Kind::Real,
            required: false,
            about: "Width of the window, at least 1; with windowCenter.",
        },
        PRESET,
        Parameter {
            name: "maxEdge",
            kind: Kind::Number {
                least: 16,
                most: 8192,
                default: None,
            },
            required: false,
            about: "The longer edge in pixels at most; then the picture is made smaller here.",
        },
    ],
    output: || {
        instance_schema(
            json!({
                "frame": {"type": "integer", "minimum": 1},
                "mimeType": {"type": "string", "enum": ["image/jpeg", "image/png"], "description": "What the picture is, by its first bytes."},
                "width": {"type": "integer", "minimum": 1},
                "height": {"type": "integer", "minimum": 1},
                "bytes": {"type": "integer", "minimum": 1},
                "renderedBy": {"type": "string", "enum": ["archive", "this server"]},
                "shown": {"type": "string", "description": "What the picture shows, and how."},
                "warnings": {"type": "array", "items": {"type": "string"}},
            }),
            &["width", "height"],
        )
    },
    effect: Effect::Reads,
    call,
};

/// A picture with what has to be said of it.
struct Shown {
    picture: Rendered,
    by: &'static str,
    words: String,
    warnings: Vec<String>,
}

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let of = instance(&arguments)?;
        let frame = arguments.count("frame", 1);
        let format = Format::of_mime(arguments.text("outputFormat"));
        let options = Options {
            window: window(&arguments)?.map(|(center, width)| Window {
                center,
                width,
                function: Function::Linear,
            }),
            max_edge: arguments
                .has("maxEdge")
                .then(|| arguments.count("maxEdge", 0)),
            ..Options::default()
        };
        let deadline = session.deadline();
        // A picture that has to be made smaller is made here, where its window is known too.
        let by_the_archive = if options.max_edge.is_some() {
            None
        } else {
            let window = options.window.map(|window| (window.center, window.width));
            session
                .backend
                .render(&of, frame, format, window, &deadline)
                .await
        };
        let mut shown = match by_the_archive {
            Some(Ok(picture)) => by_archive(picture, frame, format, options.window),
            None => here(session, &of, frame, format, options, &deadline).await?,
            Some(Err(failure)) if may_be_rendered_here(&failure) => {
                let mut shown = here(session, &of, frame, format, options, &deadline)
                    .await
                    .map_err(|here| the_reason(&failure, here))?;
                shown.warnings.push(format!(
                    "rendered here, because the archive did not: {}",
                    failure.brief()
                ));
                shown
            }
            Some(Err(failure)) => return Err(failure),
        };
        if !session.mask.shows_all() {
            shown
                .warnings
                .push("the pixels are shown as they are: names may be burned in".to_owned());
        }
        Ok(answer(&of, frame, shown))
    })
}

/// The archive does not render, or not this, or not in a way that can be believed: all that the pixels are needed for.
fn may_be_rendered_here(failure: &Failure) -> bool {
    match failure {
        Failure::Status { status, .. } => matches!(status, 400 | 404 | 405 | 406 | 415 | 500 | 501),
        Failure::Unusable { .. } => true,
        _ => false,
    }
}

/// Of two failures the one that tells more: what was wrong with the object, else why the archive did not render.
fn the_reason(archive: &Failure, here: Failure) -> Failure {
    match (&here, archive) {
        (
            Failure::Status {
                status: 404 | 410, ..
            },
            Failure::Status {
                status: 404 | 410, ..
            },
        ) => here,
        (
            Failure::Content {
                doing,
                reason,
                advice,
            },
            _,
        ) => Failure::Content {
            doing: doing.clone(),
            reason: format!(
                "{reason}; the archive did not render it either: {}",
                archive.brief()
            ),
            advice: advice.clone(),
        },
        _ => here,
    }
}

fn by_archive(picture: Rendered, frame: u32, wanted: Format, window: Option<Window>) -> Shown {
    let mut warnings = Vec::new();
    if picture.format != wanted {
        warnings.push(format!(
            "the archive gave {} instead of {}",
            picture.format.mime(),
            wanted.mime()
        ));
    }
    let words = match window {
        None => format!("frame {frame}, with the window that the archive chose and did not tell"),
        Some(window) => format!(
            "frame {frame}, rendered by the archive, which was asked for the window {} wide around {}",
            window.width, window.center
        ),
    };
    Shown {
        picture,
        by: "archive",
        words,
        warnings,
    }
}

async fn here(
    session: &Session,
    of: &Instance,
    frame: u32,
    format: Format,
    options: Options,
    deadline: &Deadline,
) -> Result<Shown, Failure> {
    let doing = format!("render frame {frame} of instance {}", of.instance);
    object::read(&session.backend, of, deadline, &doing, {
        let doing = doing.clone();
        move |opened| {
            let object = &opened.object;
            let content = |reason: String, advice: Option<&str>| Failure::Content {
                doing: doing.clone(),
                reason,
                advice: advice.map(str::to_owned),
            };
            let faulty = |error: frame::RenderError| {
                let advice = match &error {
                    frame::RenderError::NoPixelData => Some("get-structured-report-text or get-encapsulated-pdf-report-text, if it is a report"),
                    frame::RenderError::NoSuchFrame { .. } => Some("a frame that is there"),
                    _ => None,
                };
                content(error.to_string(), advice)
            };
            let bytes = frame::bytes_of(object, frame).map_err(faulty)?;
            let syntax = object.meta().transfer_syntax().trim_end_matches(['\0', ' ']).to_owned();
            let picture = frame::render(object, &syntax, &bytes, frame, &options).map_err(faulty)?;
            let file = match format {
                Format::Jpeg => picture.jpeg(QUALITY),
                Format::Png => picture.png(),
            };
            let file = file.map_err(|error| content(error.to_string(), Some("outputFormat image/png")))?;
            Ok(Shown {
                picture: Rendered { bytes: Bytes::from(file), format },
                by: "this server",
                words: picture.shown.to_string(),
                warnings: opened.warnings.clone(),
            })
        }
    })
    .await
}

fn answer(of: &Instance, frame: u32, shown: Shown) -> Answer {
    let Shown {
        picture,
        by,
        words,
        warnings,
    } = shown;
    let mut text = format!(
        "Instance {}: {words}.\n{}",
        of.instance,
        picture.format.mime()
    );
    let size = size(&picture);
    if let Some((width, height)) = size {
        text.push_str(&format!(", {width} x {height} pixels"));
    }
    text.push_str(&format!(
        ", {} bytes, rendered by {}.",
        picture.bytes.len(),
        if by == "archive" { "the archive" } else { by }
    ));
    text.push_str(&crate::text::warnings(&warnings));
    let mut structured = with(
        of,
        json!({
            "frame": frame,
            "mimeType": picture.format.mime(),
            "bytes": picture.bytes.len(),
            "renderedBy": by,
            "shown": words,
            "warnings": warnings,
        }),
    );
    if let (Some((width, height)), Json::Object(object)) = (size, &mut structured) {
        object.insert("width".into(), json!(width));
        object.insert("height".into(), json!(height));
    }
    Answer {
        text,
        structured,
        picture: Some(picture),
        outcome: Outcome::Done,
    }
}

/// Width and height by the file's own header.
fn size(picture: &Rendered) -> Option<(u32, u32)> {
    let bytes = &picture.bytes;
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at + length)?;
        Some(
            bytes
                .iter()
                .fold(0u32, |number, byte| number << 8 | u32::from(*byte)),
        )
    };
    match picture.format {
        // IHDR is the first chunk (PNG 5.6).
        Format::Png => Some((number(16, 4)?, number(20, 4)?)),
        Format::Jpeg => {
            let mut at = 2;
            loop {
                let marker = number(at, 2)?;
                // Start of frame, of any process (ITU-T T.81 B.1.1.3).
                if matches!(marker, 0xFFC0..=0xFFC3 | 0xFFC5..=0xFFC7 | 0xFFC9..=0xFFCB | 0xFFCD..=0xFFCF)
                {
                    return Some((number(at + 7, 2)?, number(at + 5, 2)?));
                }
                at += 2 + number(at + 2, 2)? as usize;
            }
        }
    }
}
