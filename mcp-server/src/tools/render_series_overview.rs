//! render-series-overview: one contact sheet of a series.

use dicom_dictionary_std::tags;
use dicom_object::DefaultDicomObject;
use dicom_render::frame::{self, Options};
use dicom_render::window::{Function, Window};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use futures_util::StreamExt as _;
use serde_json::json;

use super::{Effect, PRESET, Pending, SERIES, STUDY, Session, Tool, window};
use crate::answer::{Answer, Outcome};
use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::{Deadline, Format, Instance, Rendered};
use crate::error::Failure;
use crate::listing::More;
use crate::query::{Search, Terms};
use crate::sheet::Sheet;
use crate::{find, object};

/// The edge of a tile in pixels.
const TILE: u32 = 192;
/// Instances that are retrieved at once.
const AT_ONCE: usize = 6;
/// Quality of the sheet as JPEG.
const QUALITY: u8 = 85;

pub(super) const TOOL: Tool = Tool {
    name: "render-series-overview",
    title: "Show a series at a glance",
    about: "Gives one picture with evenly spaced images of a series side by side, in the order of their numbers, and says which image \
            stands where. Use it to find the right slice, then render-instance-frame. It is no diagnostic display: tiles are small and \
            grey levels are 8 bits.",
    parameters: &[
        STUDY,
        SERIES,
        Parameter {
            name: "tiles",
            kind: Kind::Number {
                least: 1,
                most: 36,
                default: Some(16),
            },
            required: false,
            about: "How many images at most.",
        },
        PRESET,
    ],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "studyInstanceUid": {"type": "string"},
                "seriesInstanceUid": {"type": "string"},
                "images": {"type": "integer", "minimum": 0, "description": "Images of the series that were found: instances, or frames where it is one instance."},
                "moreAvailable": {"type": ["boolean", "null"]},
                "columns": {"type": "integer", "minimum": 1},
                "mimeType": {"type": "string"},
                "width": {"type": "integer", "minimum": 1},
                "height": {"type": "integer", "minimum": 1},
                "tiles": {
                    "type": "array",
                    "description": "Row by row from the top left.",
                    "items": {
                        "type": "object",
                        "properties": {
                            "sopInstanceUid": {"type": "string"},
                            "frame": {"type": "integer", "minimum": 1},
                            "instanceNumber": {"type": "integer"},
                            "problem": {"type": "string", "description": "Why the tile is empty."},
                        },
                        "required": ["sopInstanceUid", "frame"],
                        "additionalProperties": false
                    }
                },
                "warnings": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["studyInstanceUid", "seriesInstanceUid", "images", "moreAvailable", "columns", "mimeType", "width", "height", "tiles", "warnings"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

/// One image to draw.
#[derive(Debug, Clone)]
struct Image {
    of: Instance,
    frame: u32,
    number: Option<i64>,
}

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let (study, series) = (arguments.uid(STUDY.name)?, arguments.uid(SERIES.name)?);
        let wanted = arguments.count("tiles", 16) as usize;
        let window = window(&arguments)?;
        let deadline = session.deadline();
        let search = Search {
            level: Level::Instance,
            study: Some(study.clone()),
            series: Some(series.clone()),
            terms: Terms::default(),
        };
        let mut listing = find::all(&session.backend, &search, &deadline).await?;
        if listing.rows.is_empty() {
            find::scope_exists(&session.backend, &search, &deadline).await?;
        }
        listing.sort();
        let images: Vec<Image> = listing
            .rows
            .iter()
            .filter_map(|row| {
                Some(Image {
                    of: Instance {
                        study: study.clone(),
                        series: series.clone(),
                        instance: Uid::parse(&row.text(tags::SOP_INSTANCE_UID)?).ok()?,
                    },
                    frame: 1,
                    number: row.number(tags::INSTANCE_NUMBER),
                })
            })
            .collect();
        let doing = format!("show series {series}");
        let (found, chosen) = match images.as_slice() {
            [] => {
                return Err(Failure::Content {
                    doing,
                    reason: "the series has no instances".into(),
                    advice: Some("find-series shows the number of instances of each".into()),
                });
            }
            // One instance is a cine run or an enhanced image: its frames are the series.
            [one] => {
                let frames = listing.rows[0]
                    .number(tags::NUMBER_OF_FRAMES)
                    .unwrap_or(1)
                    .clamp(1, 1 << 20);
                let all: Vec<Image> = (1..=frames as u32)
                    .map(|frame| Image {
                        frame,
                        ..one.clone()
                    })
                    .collect();
                (all.len(), spaced(&all, wanted))
            }
            all => (all.len(), spaced(all, wanted)),
        };
        let mut sheet = Sheet::new(chosen.len(), TILE);
        let mut problems: Vec<Option<String>> = Vec::new();
        for (position, drawn) in drawn(session, &chosen, window, &deadline)
            .await
            .into_iter()
            .enumerate()
        {
            problems.push(match drawn {
                Ok(picture) => {
                    sheet.put(position, &picture);
                    None
                }
                Err(failure) => Some(failure.brief()),
            });
        }
        if let Some(Some(first)) = problems.first()
            && problems.iter().all(Option::is_some)
        {
            return Err(Failure::Content {
                doing,
                reason: format!("none of {} images could be drawn; the first: {first}", chosen.len()),
                advice: Some("find-structured-reports or find-encapsulated-pdf-reports, if these are reports".into()),
            });
        }
        let (width, height, columns) = (sheet.width(), sheet.height(), sheet.columns());
        let file = sheet.jpeg(QUALITY).map_err(|reason| Failure::Content {
            doing,
            reason,
            advice: None,
        })?;
        let mut warnings = listing.warnings.clone();
        let failed = problems.iter().flatten().count();
        if failed > 0 {
            warnings.push(format!(
                "{failed} of {} images could not be drawn: their tiles are empty",
                chosen.len()
            ));
        }
        if !session.mask.shows_all() {
            warnings.push("the pixels are shown as they are: names may be burned in".to_owned());
        }
        let more = listing.more.json();
        let mut text = format!(
            "{} of {found} images of series {series}, {columns} in a row, from the top left. image/jpeg, {width} x {height} pixels.",
            chosen.len()
        );
        if listing.more != More::No {
            text.push_str("\nWarning: the series may have more images than were gone through.");
        }
        text.push_str(&crate::text::warnings(&warnings));
        text.push_str("\ntile | InstanceNumber | frame | SOPInstanceUID");
        let mut tiles = Vec::new();
        for (position, (image, problem)) in chosen.iter().zip(&problems).enumerate() {
            let number = image
                .number
                .map_or("-".to_owned(), |number| number.to_string());
            let uid = &image.of.instance;
            text.push_str(&format!(
                "\n{} | {number} | {} | {uid}",
                position + 1,
                image.frame
            ));
            let mut told = json!({"sopInstanceUid": uid.as_str(), "frame": image.frame});
            if let Some(number) = image.number {
                told["instanceNumber"] = json!(number);
            }
            if let Some(problem) = problem {
                text.push_str(&format!(" (empty: {problem})"));
                told["problem"] = json!(problem);
            }
            tiles.push(told);
        }
        Ok(Answer {
            text,
            structured: json!({
                "studyInstanceUid": study.as_str(),
                "seriesInstanceUid": series.as_str(),
                "images": found,
                "moreAvailable": more,
                "columns": columns,
                "mimeType": "image/jpeg",
                "width": width,
                "height": height,
                "tiles": tiles,
                "warnings": warnings,
            }),
            picture: Some(Rendered {
                bytes: file.into(),
                format: Format::Jpeg,
            }),
            outcome: Outcome::Done,
        })
    })
}

/// At most so many of them, the first and the last among them, evenly spaced.
fn spaced(all: &[Image], wanted: usize) -> Vec<Image> {
    let count = wanted.min(all.len());
    if count <= 1 {
        return all.get(all.len() / 2).cloned().into_iter().collect();
    }
    (0..count)
        .filter_map(|index| all.get(index * (all.len() - 1) / (count - 1)).cloned())
        .collect()
}

/// The pictures in order; several instances are retrieved at once, an instance that is wanted several times once.
async fn drawn(
    session: &Session,
    images: &[Image],
    window: Option<(f64, f64)>,
    deadline: &Deadline,
) -> Vec<Result<dicom_render::encode::Picture, Failure>> {
    let mut groups: Vec<(Instance, Vec<u32>)> = Vec::new();
    for image in images {
        match groups.last_mut() {
            Some((of, frames)) if *of == image.of => frames.push(image.frame),
            _ => groups.push((image.of.clone(), vec![image.frame])),
        }
    }
    let work = groups.into_iter().map(|(of, frames)| async move {
        let doing = format!("render instance {}", of.instance);
        let count = frames.len();
        let drawn = object::read(
            &session.backend,
            &of,
            deadline,
            &doing.clone(),
            move |opened| {
                Ok(frames
                    .iter()
                    .map(|frame| draw(&opened.object, *frame, window, &doing))
                    .collect::<Vec<_>>())
            },
        )
        .await;
        drawn.unwrap_or_else(|failure| vec![Err(failure); count])
    });
    futures_util::stream::iter(work)
        .buffered(AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .flatten()
        .collect()
}

fn draw(
    object: &DefaultDicomObject,
    number: u32,
    window: Option<(f64, f64)>,
    doing: &str,
) -> Result<dicom_render::encode::Picture, Failure> {
    let faulty = |error: frame::RenderError| Failure::Content {
        doing: doing.to_owned(),
        reason: error.to_string(),
        advice: None,
    };
    let bytes = frame::bytes_of(object, number).map_err(faulty)?;
    let syntax = object
        .meta()
        .transfer_syntax()
        .trim_end_matches(['\0', ' '])
        .to_owned();
    let options = Options {
        window: window.map(|(center, width)| Window {
            center,
            width,
            function: Function::Linear,
        }),
        max_edge: Some(TILE),
        ..Options::default()
    };
    frame::render(object, &syntax, &bytes, number, &options).map_err(faulty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_image_are_among_those_that_are_shown() {
        let uid = |text: &str| Uid::parse(text).expect("a UID");
        let all: Vec<Image> = (1..=100)
            .map(|frame| Image {
                of: Instance {
                    study: uid("1"),
                    series: uid("2"),
                    instance: uid("3"),
                },
                frame,
                number: None,
            })
            .collect();
        let frames: Vec<u32> = spaced(&all, 4).iter().map(|image| image.frame).collect();
        assert_eq!(frames, [1, 34, 67, 100]);
        assert_eq!(spaced(&all[..3], 16).len(), 3);
        assert_eq!(spaced(&all, 1)[0].frame, 51);
    }
}
