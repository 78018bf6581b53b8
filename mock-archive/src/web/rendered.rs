//! Pictures of what is stored, and pages of reports (PS3.18 10.4.1.1.3, 10.4.1.1.4).

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::annotation::{self, Annotation};
use dicom_render::encode::{EncodeError, Picture};
use dicom_render::frame::{self, Options, With};
use dicom_render::presentation::Presentation;
use dicom_render::profile::{self, Wanted};
use dicom_render::viewport::Viewport;
use dicom_render::waveform;
use dicom_render::window::Window;
use dicom_wire::media::{Accept, MediaType};
use dicom_wire::part10::Bulk;
use dicom_wire::uid::Uid;

use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::{self, Form, parameter};
use crate::web::cine::{cine, moving};
use crate::web::look::Look;
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::wado::{found, instance_url, set_type};

/// The longest edge of a thumbnail, in pixels.
const THUMBNAIL: u32 = 128;

/// What a report is given as.
const HTML: &str = "text/html";

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
pub(crate) enum Encoding {
    Jpeg { quality: u8 },
    Png,
    Gif,
}

/// Answers with a picture of each frame asked for; of a study or series with one of an image from its middle. As GIF, what has
/// several frames moves, and so does a series.
///
/// A presentation state is shown as the first of its images that is here (PS3.18 8.3.5.2), a waveform as a plot.
pub(crate) async fn rendered(
    asked: Asked,
    scope: Scope,
    frames: Option<Vec<u32>>,
    size: Size,
) -> Result<Response, Problem> {
    shown(asked, scope, frames, size, None).await
}

/// As [`rendered`], as this presentation state shows it.
pub(crate) async fn shown(
    asked: Asked,
    scope: Scope,
    frames: Option<Vec<u32>>,
    size: Size,
    state: Option<Arc<Stored>>,
) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let selected = found(&asked, &scope)?;
    if let (Size::Own, None, Some(report)) = (size, &frames, report(&selected)) {
        return written(&asked, &accept, report);
    }
    let encoding = encoding(&accept, quality(&asked.query)?)?;
    let options = options(&asked.query, size)?;
    let annotations = annotations(&asked.query)?;
    if let Some(groups) = waveform(&selected) {
        return plotted(&asked, &selected[0], groups, encoding);
    }
    let subject = match state {
        Some(state) => Subject {
            presentation: Some(Arc::new(presentation(&state)?)),
            ..Subject::plain(representative(&selected)?)
        },
        None => Subject::of(&asked, &selected)?,
    };
    let stored = subject.image;
    let count = stored.frame_count();
    let frames = frames.or(subject.frames);
    let frames = frames.map(|frames| asked.exchange.frames(frames, count));
    let beyond = frames.iter().flatten().find(|&&frame| frame > count);
    if let Some(beyond) = beyond {
        return Err(Problem::not_found(format!(
            "frame {beyond} of instance {}, which has {count} frame(s),",
            stored.identity().instance
        )));
    }
    let which = frames.map_or(Which::Representative, Which::Listed);
    let style = asked.exchange.picture(&stored);
    if let Some(status) = style.refused {
        return Err(Problem::refused(status));
    }
    let promised = encoding;
    let encoding = (style.really.as_deref()).map_or(encoding, |media| encoding.or(media));
    let look = Look {
        options,
        annotations,
        profile: wanted_profile(&asked.query)?,
        presentation: subject.presentation,
        style,
    };
    let mut response = match (encoding, which) {
        (Encoding::Gif, Which::Representative) if size == Size::Own => {
            moving(cine(&selected, &stored), look.clone()).await?
        }
        (_, which) => {
            let frames = which.frames(&stored);
            still(&asked, stored, frames, look.clone(), encoding).await?
        }
    };
    look.dress(&mut response, promised);
    Ok(response)
}

/// The first report of what has no images.
fn report(selected: &[Arc<Stored>]) -> Option<&Arc<Stored>> {
    let has_images = selected
        .iter()
        .any(|one| one.layout().pixel_data().is_some());
    let is_report = |one: &&Arc<Stored>| one.header().get(tags::CONTENT_SEQUENCE).is_some();
    (!has_images)
        .then(|| selected.iter().find(is_report))
        .flatten()
}

/// Answers with a report as a page (PS3.18 8.7.4, text resources).
fn written(asked: &Asked, accept: &Accept, stored: &Stored) -> Result<Response, Problem> {
    let instance = &stored.identity().instance;
    if !accept::offers(accept).iter().any(|offer| offer.takes(HTML)) {
        return Err(Problem::not_acceptable(format!(
            "instance {instance} has no pixels; it is given as {HTML}"
        )));
    }
    let style = asked.exchange.picture(stored);
    if let Some(status) = style.refused {
        return Err(Problem::refused(status));
    }
    let page = dicom_render::report::html(&stored.header())
        .map_err(|why| Problem::not_acceptable(format!("instance {instance}: {why}")))?;
    let mut response = Response::new(Body::from(page));
    set_type(&mut response, &MediaType::of(HTML).with("charset", "utf-8"));
    let look = Look {
        options: Options::default(),
        annotations: Vec::new(),
        profile: Wanted::No,
        presentation: None,
        style,
    };
    look.dress(&mut response, Encoding::Png);
    Ok(response)
}

/// Which frames are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Which {
    /// These.
    Listed(Vec<u32>),
    /// One that stands for all; where pictures can move, all of them.
    Representative,
}

impl Which {
    fn frames(self, stored: &Stored) -> Vec<u32> {
        match self {
            Which::Listed(frames) => frames,
            Which::Representative => vec![stored.frame_count().div_ceil(2).max(1)],
        }
    }
}

/// A picture, or a part for each of several.
async fn still(
    asked: &Asked,
    stored: Arc<Stored>,
    frames: Vec<u32>,
    look: Look,
    encoding: Encoding,
) -> Result<Response, Problem> {
    let url = instance_url(&asked.base, &stored);
    let wanted = frames.clone();
    let is_wrapped = look.style.wrapped;
    let pictures = blocking(move || {
        let picture = |&frame: &u32| encoded(&stored, frame, &look, encoding);
        wanted
            .iter()
            .map(picture)
            .collect::<Result<Vec<Bytes>, _>>()
    })
    .await?;
    let media = MediaType::of(encoding.media());
    if let ([picture], false) = (&pictures[..], is_wrapped) {
        let mut response = Response::new(Body::from(picture.clone()));
        set_type(&mut response, &media);
        return Ok(response);
    }
    let body = Parts::new(asked, Form::Multipart, media.clone());
    Ok(body.respond(move |write| {
        let mut pictures = frames.iter().zip(&pictures);
        pictures.try_for_each(|(frame, picture)| {
            let location = format!("{url}/frames/{frame}/rendered");
            write(&media, &location, &mut |sink| sink.hand(picture.clone()))
        })
    }))
}

/// Does what takes long on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::internal("rendering ended before its time"))?
}

/// What is shown.
struct Subject {
    image: Arc<Stored>,
    /// The frames that a presentation state names.
    frames: Option<Vec<u32>>,
    presentation: Option<Arc<Presentation>>,
}

impl Subject {
    fn plain(image: Arc<Stored>) -> Self {
        Self {
            image,
            frames: None,
            presentation: None,
        }
    }

    /// An image of those selected; where there are only presentation states, the first image of one that is here.
    fn of(asked: &Asked, selected: &[Arc<Stored>]) -> Result<Self, Problem> {
        let has_images = selected
            .iter()
            .any(|one| one.layout().pixel_data().is_some());
        let is_state = |one: &&Arc<Stored>| one.element(tags::PRESENTATION_CREATION_DATE).is_some();
        let state = selected.iter().find(is_state);
        let Some(state) = state.filter(|_| !has_images) else {
            return Ok(Self::plain(representative(selected)?));
        };
        let presentation = presentation(state)?;
        let mut references = presentation.references().into_iter();
        let found = references.find_map(|reference| {
            let uid = Uid::parse(&reference.instance).ok()?;
            let image = asked.archive.known(&uid)?;
            let frames = (!reference.frames.is_empty()).then_some(reference.frames);
            Some((image, frames))
        });
        let Some((image, frames)) = found else {
            return Err(Problem::not_acceptable(format!(
                "presentation state {} cannot be rendered: none of its images is here",
                state.identity().instance
            )));
        };
        Ok(Self {
            image,
            frames: frames.map(|frames| frames[..1].to_vec()),
            presentation: Some(Arc::new(presentation)),
        })
    }
}

fn presentation(state: &Stored) -> Result<Presentation, Problem> {
    Presentation::read(&state.header()).map_err(|why| {
        Problem::not_acceptable(format!("instance {}: {why}", state.identity().instance))
    })
}

/// The waveform of what has no images.
fn waveform(selected: &[Arc<Stored>]) -> Option<Vec<waveform::Group>> {
    let [only] = selected else {
        return None;
    };
    only.element(tags::WAVEFORM_SEQUENCE)?;
    waveform::read(&only.header()).ok()
}

/// Answers with the first group of a waveform on paper.
fn plotted(
    asked: &Asked,
    stored: &Arc<Stored>,
    groups: Vec<waveform::Group>,
    encoding: Encoding,
) -> Result<Response, Problem> {
    let style = asked.exchange.picture(stored);
    if let Some(status) = style.refused {
        return Err(Problem::refused(status));
    }
    let picture = waveform::plot(&groups[0]);
    let file = encoding.encode(&picture).map_err(|why| {
        let instance = &stored.identity().instance;
        Problem::not_acceptable(format!("instance {instance} cannot be rendered: {why}"))
    })?;
    let mut response = Response::new(Body::from(file));
    set_type(&mut response, &MediaType::of(encoding.media()));
    Ok(response)
}

/// The image in the middle of the first series that has images.
fn representative(selected: &[Arc<Stored>]) -> Result<Arc<Stored>, Problem> {
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

/// One frame as a picture.
pub(crate) fn draw(stored: &Stored, number: u32, look: &Look) -> Result<Picture, Problem> {
    let bytes = stored
        .frame_bytes(number)
        .map_err(|error| not_drawn(stored, number, &error))?;
    let syntax = stored.identity().transfer_syntax.as_str();
    let header = look.attributes(with_graphics(stored));
    let with = With {
        presentation: look.presentation.as_deref(),
        ..With::default()
    };
    let mut picture = frame::render_with(&header, syntax, &bytes, number, &look.options, &with)
        .map_err(|error| not_drawn(stored, number, &error))?;
    profile::dress(&mut picture, &header, look.profile)
        .map_err(|error| not_drawn(stored, number, &error))?;
    let mut picture = look.finish(picture);
    annotation::annotate(&mut picture, &header, &look.annotations);
    Ok(picture)
}

/// The largest overlay plane or profile that is read for a picture, in bytes.
const LARGEST_GRAPHIC: u64 = 16 << 20;

/// The attributes with overlay planes and the ICC profile, which are bulk data where they are large.
fn with_graphics(stored: &Stored) -> Cow<'_, InMemDicomObject> {
    let mut header = stored.header();
    let is_graphic = |tag: Tag| {
        tag == tags::ICC_PROFILE || (0x6000..=0x601E).contains(&tag.0) && tag.1 == 0x3000
    };
    for element in &stored.layout().bulk {
        let Bulk::Whole(range) = &element.value else {
            continue;
        };
        let is_small = range.end.saturating_sub(range.start) <= LARGEST_GRAPHIC;
        if element.path.is_empty() && is_graphic(element.tag) && is_small {
            let chunks = stored.bulk_bytes(element).into_iter().flatten();
            let bytes: std::io::Result<Vec<Bytes>> = chunks.collect();
            // What cannot be read is said to be missing by the picture itself.
            if let Ok(bytes) = bytes {
                let value = PrimitiveValue::from(bytes.concat());
                header
                    .to_mut()
                    .put(DataElement::new(element.tag, VR::OB, value));
            }
        }
    }
    header
}

fn encoded(
    stored: &Stored,
    number: u32,
    look: &Look,
    encoding: Encoding,
) -> Result<Bytes, Problem> {
    encoding
        .encode(&draw(stored, number, look)?)
        .map(Bytes::from)
        .map_err(|error| not_drawn(stored, number, &error))
}

fn not_drawn(stored: &Stored, number: u32, why: &dyn Display) -> Problem {
    Problem::not_acceptable(format!(
        "frame {number} of instance {} cannot be rendered: {why}",
        stored.identity().instance
    ))
}

impl Encoding {
    /// The one of this media type, if there is one.
    fn or(self, media: &str) -> Self {
        let all = [Encoding::Jpeg { quality: 90 }, Encoding::Png, Encoding::Gif];
        let named = all.into_iter().find(|encoding| encoding.media() == media);
        named.unwrap_or(self)
    }

    /// Its media type.
    pub(crate) fn media(self) -> &'static str {
        match self {
            Encoding::Jpeg { .. } => "image/jpeg",
            Encoding::Png => "image/png",
            Encoding::Gif => "image/gif",
        }
    }

    fn encode(self, picture: &Picture) -> Result<Vec<u8>, EncodeError> {
        match self {
            Encoding::Jpeg { quality } => picture.jpeg(quality),
            Encoding::Png => picture.png(),
            Encoding::Gif => picture.gif(),
        }
    }
}

/// JPEG unless PNG or GIF is preferred (PS3.18 8.7.4).
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
            _ if offer.takes("image/gif") => Some(Encoding::Gif),
            _ => None,
        })
        .ok_or_else(|| {
            Problem::not_acceptable("pictures are given as image/jpeg, image/png or image/gif")
        })
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

/// What is written over the picture (PS3.18 8.3.5.1.1).
fn annotations(query: &str) -> Result<Vec<Annotation>, Problem> {
    let Some(text) = parameter(query, "annotation") else {
        return Ok(Vec::new());
    };
    let annotations: Result<BTreeSet<Annotation>, _> = text.split(',').map(str::parse).collect();
    annotations
        .map(|each| each.into_iter().collect())
        .map_err(|_| Problem::bad_value("annotation", &text, "want patient, technique or both"))
}

/// What is asked of the colours (PS3.18 8.3.5.1.5).
fn wanted_profile(query: &str) -> Result<Wanted, Problem> {
    let Some(text) = parameter(query, "iccprofile") else {
        return Ok(Wanted::No);
    };
    text.parse()
        .map_err(|why| Problem::bad_value("iccprofile", &text, why))
}
