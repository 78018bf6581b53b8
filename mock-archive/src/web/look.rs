//! How a picture shall look, and what a rule makes of that.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::annotation::Annotation;
use dicom_render::encode::{Picture, Pixels};
use dicom_render::frame::Options;
use dicom_render::presentation::Presentation;
use dicom_render::profile::Wanted;
use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::moment::PictureStyle;
use crate::web::rendered::Encoding;

/// How a picture shall look: what the client wishes, and what a rule makes of it.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) options: Options,
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) profile: Wanted,
    pub(crate) presentation: Option<Arc<Presentation>>,
    pub(crate) style: PictureStyle,
}

impl Look {
    /// Changes an answer that is ready.
    pub(crate) fn dress(&self, response: &mut Response, promised: Encoding) {
        if let Some(instead) = self.style.instead {
            *response.body_mut() = Body::from(instead);
        }
        let promised = self.style.really.as_ref().map(|_| promised.media());
        let labelled = self.style.labelled.as_deref().or(promised);
        let labelled = labelled.map(HeaderValue::from_str);
        if let Some(Ok(labelled)) = labelled {
            response.headers_mut().insert(CONTENT_TYPE, labelled);
        }
    }

    /// The attributes that the picture is made by.
    pub(crate) fn attributes<'a>(
        &self,
        header: Cow<'a, InMemDicomObject>,
    ) -> Cow<'a, InMemDicomObject> {
        let mut header = header;
        if self.style.ignores_voi {
            let voi = [
                tags::WINDOW_CENTER,
                tags::WINDOW_WIDTH,
                tags::VOILUT_SEQUENCE,
            ];
            for tag in voi {
                header.to_mut().remove_element(tag);
            }
        }
        if self.style.ignores_polarity {
            let positive = PrimitiveValue::from("MONOCHROME2");
            let tag = tags::PHOTOMETRIC_INTERPRETATION;
            let is_negative = (header.get(tag))
                .and_then(|element| element.to_str().ok())
                .is_some_and(|text| text.trim() == "MONOCHROME1");
            if is_negative {
                let element = DataElement::new(tag, VR::CS, positive);
                header.to_mut().put(element);
            }
        }
        header
    }

    /// The picture as it goes out.
    pub(crate) fn finish(&self, mut picture: Picture) -> Picture {
        if let (true, Pixels::Rgb8(samples)) = (self.style.swaps_red_and_blue, &mut picture.pixels)
        {
            samples.chunks_exact_mut(3).for_each(<[u8]>::reverse);
        }
        match &self.options.viewport {
            Some(viewport) if self.style.stretches => {
                stretched(&picture, viewport.width, viewport.height)
            }
            _ => picture,
        }
    }
}

/// The picture with this size, whatever shape it had.
fn stretched(picture: &Picture, width: u32, height: u32) -> Picture {
    let pixels = match &picture.pixels {
        Pixels::Grey8(samples) => Pixels::Grey8(repeated(picture, samples, 1, (width, height))),
        Pixels::Grey16(samples) => Pixels::Grey16(repeated(picture, samples, 1, (width, height))),
        Pixels::Rgb8(samples) => Pixels::Rgb8(repeated(picture, samples, 3, (width, height))),
    };
    Picture {
        width,
        height,
        pixels,
        ..picture.clone()
    }
}

/// Samples of a picture, `size` of them a pixel, repeated or left out until it has this width and height.
fn repeated<T: Copy>(
    picture: &Picture,
    samples: &[T],
    size: usize,
    (width, height): (u32, u32),
) -> Vec<T> {
    let row = picture.width as usize * size;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
    places
        .flat_map(|(x, y)| {
            let source = |at: u32, from: u32, to: u32| {
                (u64::from(at) * u64::from(from) / u64::from(to)) as usize
            };
            let x = source(x, picture.width, width);
            let start = source(y, picture.height, height) * row + x * size;
            samples[start..start + size].iter().copied()
        })
        .collect()
}
