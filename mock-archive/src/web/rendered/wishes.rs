//! What a request says about its picture: the query parameters of PS3.18 8.3.5, two of ours, and the media type.

use std::collections::BTreeSet;

use dicom_render::annotation::Annotation;
use dicom_render::encode::{EncodeError, Picture};
use dicom_render::frame::{Depth, Options};
use dicom_render::profile::Wanted;
use dicom_render::viewport::Viewport;
use dicom_render::voi::Voi;
use dicom_render::window::Window;
use dicom_wire::media::Accept;

use super::Size;
use crate::web::accept::{self, Form, parameter};
use crate::web::problem::Problem;

/// Our parameter for windows by name, by number and by percentiles: `x-voi=lung`, `2`, `automatic`, `1%-99%`.
pub(crate) const VOI: &str = "x-voi";

/// Our parameter for the bits of a grey PNG: `x-depth=16`.
pub(crate) const DEPTH: &str = "x-depth";

/// The longest edge of a thumbnail, in pixels.
const THUMBNAIL: u32 = 128;

/// The most pixels that a viewport may have.
const LARGEST_VIEWPORT: u64 = 8192 * 8192;

/// What a picture is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Jpeg { quality: u8 },
    Png,
    Gif,
    MovingPng,
}

impl Encoding {
    /// The one of this media type, if there is one.
    pub(super) fn or(self, media: &str) -> Self {
        let all = [
            Encoding::Jpeg { quality: 90 },
            Encoding::Png,
            Encoding::Gif,
            Encoding::MovingPng,
        ];
        let named = all.into_iter().find(|encoding| encoding.media() == media);
        named.unwrap_or(self)
    }

    /// Its media type.
    pub(crate) fn media(self) -> &'static str {
        match self {
            Encoding::Jpeg { .. } => "image/jpeg",
            Encoding::Png => "image/png",
            Encoding::Gif => "image/gif",
            Encoding::MovingPng => "image/apng",
        }
    }

    /// A picture that stands still.
    pub(super) fn encode(self, picture: &Picture) -> Result<Vec<u8>, EncodeError> {
        match self {
            Encoding::Jpeg { quality } => picture.jpeg(quality),
            Encoding::Png | Encoding::MovingPng => picture.png(),
            Encoding::Gif => picture.gif(),
        }
    }
}

/// JPEG unless PNG, GIF or animated PNG is preferred (PS3.18 8.7.4; the last is ours).
pub(super) fn encoding(accept: &Accept, quality: u8) -> Result<Encoding, Problem> {
    accept::offers(accept)
        .iter()
        .find_map(|offer| match offer {
            _ if offer.form == Form::Multipart
                && !offer.is_open()
                && !offer.takes("image/jpeg") =>
            {
                None
            }
            _ if offer.takes("image/jpeg") => Some(Encoding::Jpeg { quality }),
            _ if offer.takes("image/png") => Some(Encoding::Png),
            _ if offer.takes("image/gif") => Some(Encoding::Gif),
            _ if offer.takes("image/apng") => Some(Encoding::MovingPng),
            _ => None,
        })
        .ok_or_else(|| {
            Problem::not_acceptable(
                "pictures are given as image/jpeg, image/png, image/gif or image/apng",
            )
        })
}

/// How good a JPEG is (PS3.18 8.3.5.1.2).
pub(super) fn quality(query: &str) -> Result<u8, Problem> {
    let Some(text) = parameter(query, "quality") else {
        return Ok(90);
    };
    match text.parse::<u8>() {
        Ok(quality @ 1..=100) => Ok(quality),
        _ => Err(Problem::bad_value(
            "quality",
            &text,
            "want a number from 1 to 100",
        )),
    }
}

/// Window and viewport (PS3.18 8.3.5.1.3, 8.3.5.1.4), and what is ours: [`VOI`] and [`DEPTH`].
pub(super) fn options(query: &str, size: Size, encoding: Encoding) -> Result<Options, Problem> {
    let window = match parameter(query, "window") {
        None => None,
        // All three values are mandatory (PS3.18 8.3.5.1.4).
        Some(text) if text.split(',').count() != 3 => {
            let why = "want center,width,function";
            return Err(Problem::bad_value("window", &text, why));
        }
        Some(text) => Some(
            text.parse::<Window>()
                .map_err(|why| Problem::bad_value("window", &text, why))?,
        ),
    };
    let viewport = match parameter(query, "viewport") {
        None => None,
        Some(text) => {
            let viewport: Viewport = text
                .parse()
                .map_err(|why| Problem::bad_value("viewport", &text, why))?;
            if u64::from(viewport.width) * u64::from(viewport.height) > LARGEST_VIEWPORT {
                return Err(Problem::bad_value(
                    "viewport",
                    &text,
                    "more than 8192 x 8192 pixels",
                ));
            }
            Some(viewport)
        }
    };
    let max_edge = (size == Size::Thumbnail && viewport.is_none()).then_some(THUMBNAIL);
    Ok(Options {
        voi: voi(query, window.is_some())?,
        depth: depth(query, encoding)?,
        window,
        viewport,
        max_edge,
        ..Options::default()
    })
}

/// How grey values are chosen where no window is given by its numbers.
fn voi(query: &str, has_window: bool) -> Result<Voi, Problem> {
    let Some(text) = parameter(query, VOI) else {
        return Ok(Voi::default());
    };
    if has_window {
        let why = "window says it already; give one of both";
        return Err(Problem::bad_value(VOI, &text, why));
    }
    text.parse()
        .map_err(|why| Problem::bad_value(VOI, &text, why))
}

/// How many bits a grey picture has.
fn depth(query: &str, encoding: Encoding) -> Result<Depth, Problem> {
    let Some(text) = parameter(query, DEPTH) else {
        return Ok(Depth::Eight);
    };
    match (text.as_str(), encoding) {
        ("8", _) => Ok(Depth::Eight),
        ("16", Encoding::Png | Encoding::MovingPng) => Ok(Depth::Sixteen),
        ("16", other) => Err(Problem::bad_value(
            DEPTH,
            &text,
            format!("{} has 8 bits; ask for image/png", other.media()),
        )),
        _ => Err(Problem::bad_value(DEPTH, &text, "want 8 or 16")),
    }
}

/// What is written over the picture (PS3.18 8.3.5.1.1).
pub(super) fn annotations(query: &str) -> Result<Vec<Annotation>, Problem> {
    let Some(text) = parameter(query, "annotation") else {
        return Ok(Vec::new());
    };
    let annotations: Result<BTreeSet<Annotation>, _> = text.split(',').map(str::parse).collect();
    annotations
        .map(|each| each.into_iter().collect())
        .map_err(|_| Problem::bad_value("annotation", &text, "want patient, technique or both"))
}

/// What is asked of the colours (PS3.18 8.3.5.1.5).
pub(super) fn profile(query: &str) -> Result<Wanted, Problem> {
    let Some(text) = parameter(query, "iccprofile") else {
        return Ok(Wanted::No);
    };
    text.parse()
        .map_err(|why| Problem::bad_value("iccprofile", &text, why))
}
