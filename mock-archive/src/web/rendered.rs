//! Pictures of what is stored (PS3.18 10.4.1.1.3, 10.4.1.1.4).

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dicom_render::encode::Picture;
use dicom_render::frame::{self, Options};
use dicom_render::viewport::Viewport;
use dicom_render::window::Window;
use dicom_wire::media::{Accept, MediaType};
use dicom_wire::multipart::{Headers, Writer};

use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::{self, Form, parameter};
use crate::web::problem::Problem;
use crate::web::wado::{boundary, found, instance_url, set_type};

/// The longest edge of a thumbnail, in pixels.
const THUMBNAIL: u32 = 128;

/// The most pixels that a viewport may have.
const LARGEST_VIEWPORT: u64 = 8192 * 8192;

/// How large a picture is where the request does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// As the image.
    Own,
    /// Small.
    Thumbnail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Jpeg { quality: u8 },
    Png,
}

/// Answers with a picture of each frame asked for; of a study or series with one of an image from its middle.
pub(crate) async fn rendered(
    asked: Asked,
    scope: Scope,
    frames: Option<Vec<u32>>,
    size: Size,
) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let encoding = encoding(&accept, quality(&asked.query)?)?;
    let options = options(&asked.query, size)?;
    annotation(&asked.query)?;
    let stored = representative(found(&asked, &scope)?)?;
    let frames = frames.unwrap_or_else(|| vec![stored.frame_count().div_ceil(2).max(1)]);
    let count = stored.frame_count();
    if let Some(beyond) = frames.iter().find(|&&frame| frame > count) {
        return Err(Problem::not_found(format!(
            "frame {beyond} of instance {}, which has {count} frame(s),",
            stored.identity().instance
        )));
    }
    let url = instance_url(&asked.base, &stored);
    let wanted = frames.clone();
    let pictures = tokio::task::spawn_blocking(move || {
        let picture = |&frame: &u32| draw(&stored, frame, &options, encoding);
        wanted
            .iter()
            .map(picture)
            .collect::<Result<Vec<Bytes>, Problem>>()
    })
    .await
    .map_err(|_| Problem::internal("rendering ended before its time"))??;
    let media = MediaType::of(encoding.media());
    let mut pictures = frames.into_iter().zip(pictures);
    if pictures.len() == 1 {
        let picture = pictures
            .next()
            .map(|(_, picture)| picture)
            .unwrap_or_default();
        let mut response = Response::new(Body::from(picture));
        set_type(&mut response, &media);
        return Ok(response);
    }
    let boundary = boundary(&asked);
    let whole = boundary.content_type(encoding.media());
    let mut writer = Writer::new(boundary);
    let mut body = Vec::new();
    for (frame, picture) in pictures {
        let headers = Headers::new()
            .with("Content-Type", encoding.media())
            .with("Content-Location", format!("{url}/frames/{frame}/rendered"));
        body.extend_from_slice(&writer.part_head(&headers));
        body.extend_from_slice(&picture);
    }
    body.extend_from_slice(&writer.close());
    let mut response = Response::new(Body::from(body));
    set_type(&mut response, &whole);
    Ok(response)
}

/// The image in the middle of the first series that has images.
fn representative(selected: Vec<Arc<Stored>>) -> Result<Arc<Stored>, Problem> {
    let images: Vec<&Arc<Stored>> = selected
        .iter()
        .filter(|one| one.layout().pixel_data().is_some())
        .collect();
    let Some(first) = images.first() else {
        return Err(Problem::not_acceptable(format!(
            "instance {} has no pixels; it cannot be rendered as an image",
            selected[0].identity().instance
        )));
    };
    let series = &first.identity().series;
    let of_series: Vec<&Arc<Stored>> = images
        .iter()
        .copied()
        .filter(|one| one.identity().series == *series)
        .collect();
    Ok(of_series[of_series.len() / 2].clone())
}

fn draw(
    stored: &Stored,
    number: u32,
    options: &Options,
    encoding: Encoding,
) -> Result<Bytes, Problem> {
    let instance = &stored.identity().instance;
    let fail = |why: &dyn std::fmt::Display| {
        Problem::not_acceptable(format!(
            "frame {number} of instance {instance} cannot be rendered: {why}"
        ))
    };
    let bytes = stored.frame_bytes(number).map_err(|error| fail(&error))?;
    let syntax = stored.identity().transfer_syntax.as_str();
    let picture = frame::render(&stored.header(), syntax, &bytes, number, options)
        .map_err(|error| fail(&error))?;
    encoding
        .encode(&picture)
        .map(Bytes::from)
        .map_err(|error| fail(&error))
}

impl Encoding {
    fn media(self) -> &'static str {
        match self {
            Encoding::Jpeg { .. } => "image/jpeg",
            Encoding::Png => "image/png",
        }
    }

    fn encode(self, picture: &Picture) -> Result<Vec<u8>, dicom_render::encode::EncodeError> {
        match self {
            Encoding::Jpeg { quality } => picture.jpeg(quality),
            Encoding::Png => picture.png(),
        }
    }
}

/// JPEG unless PNG is preferred (PS3.18 8.7.4).
fn encoding(accept: &Accept, quality: u8) -> Result<Encoding, Problem> {
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
            _ => None,
        })
        .ok_or_else(|| Problem::not_acceptable("pictures are given as image/jpeg or image/png"))
}

fn quality(query: &str) -> Result<u8, Problem> {
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

fn options(query: &str, size: Size) -> Result<Options, Problem> {
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
        window,
        viewport,
        max_edge,
        ..Options::default()
    })
}

/// `patient` and `technique` are the keywords there are (PS3.18 8.3.5.1.1); nothing is burned into pictures here, so they change nothing.
fn annotation(query: &str) -> Result<(), Problem> {
    let Some(text) = parameter(query, "annotation") else {
        return Ok(());
    };
    let known = |keyword: &str| matches!(keyword, "patient" | "technique");
    match text.split(',').all(known) {
        true => Ok(()),
        false => Err(Problem::bad_value(
            "annotation",
            &text,
            "want patient, technique or both",
        )),
    }
}
