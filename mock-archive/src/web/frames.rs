//! Retrieving frames (PS3.18 10.4.1.1.6).

use std::io;
use std::sync::Arc;

use axum::response::Response;
use bytes::Bytes;
use dicom_dictionary_std::tags;
use dicom_wire::media::{MediaType, OCTET_STREAM};
use dicom_wire::part10::{Bulk, Encoding};

use crate::request::Scope;
use crate::store::Stored;
use crate::transcode;
use crate::web::Asked;
use crate::web::accept::{self, Form, Offer, Wish, frame_media};
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::wado::{EXPLICIT_LITTLE, found, instance_url};

/// What the bytes of a frame are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pixels {
    /// Explicit VR Little Endian samples.
    Native,
    /// The stored codestream.
    Stored,
}

/// Answers with the frames in the order asked for, one part each.
pub(crate) fn frames(asked: &Asked, scope: &Scope, frames: Vec<u32>) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let stored = one(asked, scope)?;
    let count = match stored.layout().pixel_data() {
        Some(_) => stored.frame_count(),
        None => 0,
    };
    let frames = asked.exchange.frames(frames, count);
    if let Some(beyond) = frames.iter().find(|&&frame| frame > count) {
        return Err(Problem::not_found(format!(
            "frame {beyond} of instance {}, which has {count} frame(s),",
            stored.identity().instance
        )));
    }
    let own = stored.identity().transfer_syntax.as_str().to_owned();
    let codestream = frame_media(&own);
    let offers = accept::offers(&accept);
    let chosen = offers
        .iter()
        .filter(|offer| offer.form == Form::Multipart || frames.len() == 1)
        .find_map(|offer| Some((offer.form, pixels(&stored, offer)?)));
    let Some((form, pixels)) = chosen else {
        let native = match transcode::to_explicit_little(&stored).is_possible() {
            true => " or type=\"application/octet-stream\"",
            false => "",
        };
        return Err(Problem::not_acceptable(format!(
            "the frames are stored as {codestream} in transfer syntax {own}: ask for multipart/related; type=\"{codestream}\"{native}"
        )));
    };
    let (media, syntax) = match pixels {
        Pixels::Native => (OCTET_STREAM, EXPLICIT_LITTLE.to_owned()),
        Pixels::Stored => (codestream, own),
    };
    let part = MediaType::of(media).with("transfer-syntax", syntax);
    let url = instance_url(&asked.base, &stored);
    let locate = move |frame| format!("{url}/frames/{frame}");
    // The first frame is made before the head goes out, so that pixels which cannot be decoded are an error and not a torn body.
    let first = frame_bytes(&stored, frames[0], pixels).map_err(Problem::not_acceptable)?;
    let body = Parts::new(asked, form, part.clone());
    let exchange = asked.exchange.clone();
    Ok(body.respond(move |write| {
        let mut first = Some(first);
        for frame in frames {
            let bytes = match first.take() {
                Some(bytes) => bytes,
                None => frame_bytes(&stored, frame, pixels).map_err(io::Error::other)?,
            };
            let bytes = exchange.frame(&stored, frame, bytes);
            write(&part, &locate(frame), &mut |sink| sink.hand(bytes.clone()))?;
        }
        Ok(())
    }))
}

/// What an offer takes of the pixels of an instance, be it a frame or all of them.
pub(crate) fn pixels(stored: &Stored, offer: &Offer) -> Option<Pixels> {
    let own = stored.identity().transfer_syntax.as_str();
    let codestream = frame_media(own);
    let decodable = transcode::to_explicit_little(stored).is_possible();
    let explicit = offer.wish == Wish::Default
        || matches!(&offer.wish, Wish::Only(uid) if uid.as_str() == EXPLICIT_LITTLE);
    let as_stored = offer.wish == Wish::Any
        || offer.wish == Wish::Default && offer.media.is(codestream)
        || matches!(&offer.wish, Wish::Only(uid) if uid.as_str() == own);
    if codestream == OCTET_STREAM {
        return (offer.takes(OCTET_STREAM) && (explicit || as_stored)).then_some(Pixels::Native);
    }
    // `*` takes the codestream under any label that the client can live with.
    let takes_codestream =
        offer.takes(codestream) || offer.wish == Wish::Any && offer.takes(OCTET_STREAM);
    if as_stored && takes_codestream {
        return Some(Pixels::Stored);
    }
    match offer.takes(OCTET_STREAM) && explicit {
        true if decodable => Some(Pixels::Native),
        true if offer.is_open() => Some(Pixels::Stored),
        _ => None,
    }
}

pub(crate) fn frame_bytes(stored: &Stored, frame: u32, pixels: Pixels) -> Result<Bytes, String> {
    let bytes = stored
        .frame_bytes(frame)
        .map_err(|error| error.to_string())?;
    let own = stored.identity().transfer_syntax.as_str();
    if pixels == Pixels::Stored || is_native_little(stored) {
        return Ok(bytes);
    }
    dicom_render::frame::native(&stored.header(), own, &bytes, frame)
        .map(|native| native.data.into())
        .map_err(|error| error.to_string())
}

/// Whether frames lie in the file as they go out: little endian samples. Of single bits, a frame may share its last byte with the next one.
fn is_native_little(stored: &Stored) -> bool {
    let pixels = stored.layout().pixel_data();
    let is_whole = pixels.is_some_and(|element| matches!(element.value, Bulk::Whole(_)));
    let allocated = stored.element(tags::BITS_ALLOCATED);
    let allocated = allocated.and_then(|element| element.to_int::<u16>().ok());
    is_whole && stored.layout().encoding != Encoding::ExplicitBig && allocated != Some(1)
}

/// The one instance of a scope.
pub(crate) fn one(asked: &Asked, scope: &Scope) -> Result<Arc<Stored>, Problem> {
    let mut selected = found(asked, scope)?;
    Ok(selected.swap_remove(0))
}
