//! Pictures that move: the frames of an instance, or the images of a series, in one GIF.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::encode::{Animation, EncodeError};
use dicom_wire::media::MediaType;

use crate::store::Stored;
use crate::web::look::Look;
use crate::web::problem::Problem;
use crate::web::rendered::{Encoding, blocking, draw};
use crate::web::wado::set_type;

/// The most pictures of a GIF that moves.
const LONGEST_CINE: usize = 256;

/// How long each picture of it is shown where the data set does not say.
const USUAL_PACE: Duration = Duration::from_millis(100);

/// What moves in one GIF: the frames of the instance, or the images of its series, evenly thinned out where there are too many.
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

/// Answers with a GIF of these frames.
pub(crate) async fn moving(
    steps: Vec<(Arc<Stored>, u32)>,
    look: Look,
) -> Result<Response, Problem> {
    let file = blocking(move || {
        let (first, frame) = steps
            .first()
            .ok_or_else(|| Problem::not_found("an image"))?;
        let picture = draw(first, *frame, &look)?;
        let encode = |why: EncodeError| Problem::not_acceptable(why);
        if steps.len() == 1 {
            return picture.gif().map_err(encode);
        }
        let mut animation = Animation::like(&picture, pace(&first.header())).map_err(encode)?;
        animation.push(&picture).map_err(encode)?;
        for (stored, frame) in &steps[1..] {
            // What has another size cannot be in the same GIF.
            match animation.push(&draw(stored, *frame, &look)?) {
                Err(EncodeError::OtherSize { .. }) | Ok(()) => {}
                Err(why) => return Err(encode(why)),
            }
        }
        animation.finish().map_err(encode)
    })
    .await?;
    let mut response = Response::new(Body::from(file));
    set_type(&mut response, &MediaType::of(Encoding::Gif.media()));
    Ok(response)
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
