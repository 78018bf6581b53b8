//! Pictures of what is stored, and pages of reports (PS3.18 10.4.1.1.3, 10.4.1.1.4).

mod drawing;
mod subject;
mod wishes;

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dicom_render::frame::Options;
use dicom_render::profile::Wanted;
use dicom_render::waveform;
use dicom_wire::media::{Accept, MediaType};
use http::HeaderValue;

pub(crate) use self::drawing::draw;
use self::drawing::encoded;
use self::subject::Subject;
pub(crate) use self::wishes::{DEPTH, Encoding, VOI};
use crate::request::Scope;
use crate::store::Stored;
use crate::web::Asked;
use crate::web::accept::{self, Form};
use crate::web::cine::{cine, moving};
use crate::web::look::Look;
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::wado::{found, instance_url, set_type};

/// The header that tells how a picture was made: which window, preset or percentiles, and what is drawn in it. Ours, as the
/// standard has none.
pub(crate) const SHOWN: &str = "x-rendered";

/// The most characters of it.
const LONGEST_WORDS: usize = 2_000;

/// What a report is given as.
const HTML: &str = "text/html";

/// How large a picture is where the request does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// As the image.
    Own,
    /// Small.
    Thumbnail,
}

/// Answers with a picture of each frame asked for; of a study or series with one of an image from its middle. As GIF or animated
/// PNG, what has several frames moves, and so does a series.
///
/// [`SHOWN`] tells by which window or preset, and what else was done.
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
    if let (Size::Own, None, Some(report)) = (size, &frames, subject::report(&selected)) {
        return written(&asked, &accept, report);
    }
    let encoding = wishes::encoding(&accept, wishes::quality(&asked.query)?)?;
    let options = wishes::options(&asked.query, size, encoding)?;
    let annotations = wishes::annotations(&asked.query)?;
    if let Some(groups) = subject::waveform(&selected) {
        return plotted(&asked, &selected[0], groups, encoding);
    }
    let subject = match state {
        Some(state) => Subject {
            presentation: Some(Arc::new(subject::presentation(&state)?)),
            ..Subject::plain(subject::representative(&selected)?)
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
        profile: wishes::profile(&asked.query)?,
        presentation: subject.presentation,
        style,
    };
    let mut response = match (encoding, which) {
        (Encoding::Gif | Encoding::MovingPng, Which::Representative) if size == Size::Own => {
            moving(cine(&selected, &stored), look.clone(), encoding).await?
        }
        (_, which) => {
            let frames = which.frames(&stored);
            still(&asked, stored, frames, look.clone(), encoding).await?
        }
    };
    look.dress(&mut response, promised);
    Ok(response)
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
        let pictures = wanted.iter().map(picture);
        pictures.collect::<Result<Vec<(Bytes, String)>, _>>()
    })
    .await?;
    let (pictures, words): (Vec<Bytes>, Vec<String>) = pictures.into_iter().unzip();
    let media = MediaType::of(encoding.media());
    if let ([picture], false) = (&pictures[..], is_wrapped) {
        let mut response = Response::new(Body::from(picture.clone()));
        set_type(&mut response, &media);
        tell(&mut response, &words);
        return Ok(response);
    }
    let body = Parts::new(asked, Form::Multipart, media.clone());
    let mut response = body.respond(move |write| {
        let mut pictures = frames.iter().zip(&pictures);
        pictures.try_for_each(|(frame, picture)| {
            let location = format!("{url}/frames/{frame}/rendered");
            write(&media, &location, &mut |sink| sink.hand(picture.clone()))
        })
    });
    tell(&mut response, &words);
    Ok(response)
}

/// Says in [`SHOWN`] how each picture was made.
pub(crate) fn tell(response: &mut Response, words: &[String]) {
    let plain = |letter: char| match letter {
        ' '..='~' => letter,
        _ => '?',
    };
    let line = words.join(" | ");
    let line: String = line.chars().map(plain).take(LONGEST_WORDS).collect();
    if let Ok(value) = HeaderValue::from_str(&line) {
        response.headers_mut().insert(SHOWN, value);
    }
}

/// Does what takes long on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Problem::internal("rendering ended before its time"))?
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
    tell(&mut response, &[picture.shown.to_string()]);
    Ok(response)
}
