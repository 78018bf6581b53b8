//! Pictures that move: the frames of an instance, or the images of a series, in one GIF or animated PNG.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::encode::{Animation, EncodeError, MovingPng, Picture};
use dicom_wire::media::MediaType;

use crate::store::Stored;
use crate::web::look::Look;
use crate::web::problem::Problem;
use crate::web::rendered::{Encoding, blocking, draw, tell};
use crate::web::wado::set_type;

/// The most pictures of one that moves.
const LONGEST_CINE: usize = 256;

/// An animated PNG is written when all its pictures are there: together they have at most so many pixels.
const MOST_PIXELS_HELD: u64 = 32 << 20;

/// How long each picture of it is shown where the data set does not say.
const USUAL_PACE: Duration = Duration::from_millis(100);

/// What moves in one file: the frames of the instance, or the images of its series, evenly thinned out where there are too many.
pub(crate) fn cine(selected: &[Arc<Stored>], shown: &Arc<Stored>) -> Vec<(Arc<Stored>, u32)> {
    let mut steps: Vec<_> = match shown.frame_count() {
        1 => {
            let images = selected.iter().filter(|one| {
                one.identity().series == shown.identity().series
                    && one.layout().pixel_data().is_some()
            });
            images.map(|one| (one.clone(), 1)).collect()
        }
        count => (1..=count).map(|frame| (shown.clone(), frame)).collect(),
    };
    let every = steps.len().div_ceil(LONGEST_CINE).max(1);
    let mut number = 0;
    steps.retain(|_| {
        number += 1;
        (number - 1) % every == 0
    });
    steps
}

/// Answers with a GIF or an animated PNG of these frames.
pub(crate) async fn moving(
    steps: Vec<(Arc<Stored>, u32)>,
    look: Look,
    encoding: Encoding,
) -> Result<Response, Problem> {
    let (file, words) = blocking(move || {
        let (first, frame) = steps
            .first()
            .ok_or_else(|| Problem::not_found("an image"))?;
        let picture = draw(first, *frame, &look)?;
        let words = picture.shown.to_string();
        let pace = pace(&first.header());
        let steps = steps[1..].iter();
        let file = match encoding {
            Encoding::MovingPng => moving_png(picture, steps, pace, &look)?,
            _ => moving_gif(&picture, steps, pace, &look)?,
        };
        Ok((file, words))
    })
    .await?;
    let mut response = Response::new(Body::from(file));
    set_type(&mut response, &MediaType::of(encoding.media()));
    tell(&mut response, &[words]);
    Ok(response)
}

/// The pictures that follow the first one.
type Steps<'a> = std::slice::Iter<'a, (Arc<Stored>, u32)>;

fn refused(why: EncodeError) -> Problem {
    Problem::not_acceptable(why)
}

fn moving_gif(
    first: &Picture,
    steps: Steps<'_>,
    pace: Duration,
    look: &Look,
) -> Result<Vec<u8>, Problem> {
    if steps.len() == 0 {
        return first.gif().map_err(refused);
    }
    let mut animation = Animation::like(first, pace).map_err(refused)?;
    animation.push(first).map_err(refused)?;
    for (stored, frame) in steps {
        // What has another size cannot be in the same file.
        match animation.push(&draw(stored, *frame, look)?) {
            Err(EncodeError::OtherSize { .. }) | Ok(()) => {}
            Err(why) => return Err(refused(why)),
        }
    }
    animation.finish().map_err(refused)
}

fn moving_png(
    first: Picture,
    steps: Steps<'_>,
    pace: Duration,
    look: &Look,
) -> Result<Vec<u8>, Problem> {
    let pixels = u64::from(first.width) * u64::from(first.height);
    let most = (MOST_PIXELS_HELD / pixels.max(1)).max(1) as usize;
    let every = (steps.len() + 1).div_ceil(most).max(1);
    let mut animation = MovingPng::new(pace);
    animation.push(first).map_err(refused)?;
    for (stored, frame) in steps.skip(every - 1).step_by(every) {
        match animation.push(draw(stored, *frame, look)?) {
            Err(EncodeError::OtherSize { .. }) | Ok(()) => {}
            Err(why) => return Err(refused(why)),
        }
    }
    animation.finish().map_err(refused)
}

/// How long each frame is shown: Frame Time, or one over a frame rate (PS3.3 C.7.6.5, C.7.6.6).
fn pace(header: &InMemDicomObject) -> Duration {
    let number = |tag: Tag| {
        let value = header
            .get(tag)
            .and_then(|element| element.to_float64().ok());
        value.filter(|value| (0.1..=100_000.0).contains(value))
    };
    let rate = number(tags::RECOMMENDED_DISPLAY_FRAME_RATE).or_else(|| number(tags::CINE_RATE));
    let milliseconds = number(tags::FRAME_TIME).or(rate.map(|rate| 1000.0 / rate));
    milliseconds.map_or(USUAL_PACE, |time| Duration::from_secs_f64(time / 1000.0))
}
