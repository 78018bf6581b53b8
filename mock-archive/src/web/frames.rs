//! Retrieving frames and other bulk values (PS3.18 10.4.1.1.5, 10.4.1.1.6).

use std::io::{self, Write};
use std::sync::Arc;

use axum::response::Response;
use dicom_core::Tag;
use dicom_wire::media::{MediaType, OCTET_STREAM};
use dicom_wire::multipart::{Boundary, Headers, Writer};
use dicom_wire::part10::{Bulk, Step};

use crate::request::Scope;
use crate::store::Stored;
use crate::transcode;
use crate::web::Asked;
use crate::web::accept::{self, Form, Offer, Wish, frame_media};
use crate::web::problem::Problem;
use crate::web::produce::{self, Sink};
use crate::web::wado::{EXPLICIT_LITTLE, boundary, found, instance_url, set_type};

/// What the bytes of a frame are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pixels {
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
    if let Some(beyond) = frames.iter().find(|&&frame| frame > count) {
        return Err(Problem::not_found(format!(
            "frame {beyond} of instance {}, which has {count} frame(s),",
            stored.identity().instance
        )));
    }
    let own = stored.identity().transfer_syntax.as_str().to_owned();
    let codestream = frame_media(&own);
    let decodable = transcode::to_explicit_little(&stored).is_possible();
    let way = |offer: &Offer| -> Option<Pixels> {
        let explicit = offer.wish == Wish::Default
            || matches!(&offer.wish, Wish::Only(uid) if uid.as_str() == EXPLICIT_LITTLE);
        let as_stored = offer.wish == Wish::Any
            || offer.wish == Wish::Default && offer.media.is(codestream)
            || matches!(&offer.wish, Wish::Only(uid) if uid.as_str() == own);
        if codestream == OCTET_STREAM {
            return (offer.takes(OCTET_STREAM) && (explicit || as_stored))
                .then_some(Pixels::Native);
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
    };
    let offers = accept::offers(&accept);
    let chosen = offers
        .iter()
        .filter(|offer| offer.form == Form::Multipart || frames.len() == 1)
        .find_map(|offer| Some((offer.form, way(offer)?)));
    let Some((form, pixels)) = chosen else {
        return Err(Problem::not_acceptable(format!(
            "the frames are stored as {codestream} in transfer syntax {own}: ask for multipart/related; type=\"{codestream}\"{}",
            if decodable {
                " or type=\"application/octet-stream\""
            } else {
                ""
            }
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
    let body = Parts {
        form,
        boundary: boundary(asked),
        media,
        part,
    };
    Ok(body.respond(move |write| {
        let mut first = Some(first);
        for frame in frames {
            let bytes = match first.take() {
                Some(bytes) => bytes,
                None => frame_bytes(&stored, frame, pixels).map_err(io::Error::other)?,
            };
            write(&locate(frame), &mut |sink| sink.write_all(&bytes))?;
        }
        Ok(())
    }))
}

fn frame_bytes(stored: &Stored, frame: u32, pixels: Pixels) -> Result<Vec<u8>, String> {
    let bytes = stored
        .frame_bytes(frame)
        .map_err(|error| error.to_string())?;
    let own = stored.identity().transfer_syntax.as_str();
    if pixels == Pixels::Stored {
        return Ok(bytes.to_vec());
    }
    dicom_render::frame::native(&stored.header(), own, &bytes, frame)
        .map(|native| native.data)
        .map_err(|error| error.to_string())
}

/// Answers with one value, as its BulkDataURI promised.
pub(crate) fn bulk_data(
    asked: &Asked,
    scope: &Scope,
    path: &[Step],
    tag: Tag,
) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let stored = one(asked, scope)?;
    let index = stored
        .layout()
        .bulk
        .iter()
        .position(|element| element.tag == tag && element.path == path)
        .ok_or_else(|| {
            Problem::not_found(format!(
                "bulk data {:04X}{:04X} of instance {}",
                tag.0,
                tag.1,
                stored.identity().instance
            ))
        })?;
    let own = stored.identity().transfer_syntax.as_str();
    let media = match &stored.layout().bulk[index].value {
        Bulk::Fragments { .. } => frame_media(own),
        Bulk::Whole(_) => OCTET_STREAM,
    };
    let offers = accept::offers(&accept);
    let fits = |offer: &&Offer| offer.takes(media) || offer.takes(OCTET_STREAM);
    let Some(offer) = offers.iter().find(fits) else {
        return Err(Problem::not_acceptable(format!(
            "bulk data is given as {media}"
        )));
    };
    let part = MediaType::of(media);
    let location = format!(
        "{}/{}",
        instance_url(&asked.base, &stored),
        super::resource::bulk_path(path, tag)
    );
    let body = Parts {
        form: offer.form,
        boundary: boundary(asked),
        media,
        part,
    };
    Ok(body.respond(move |write| {
        write(&location, &mut |sink| {
            transcode::write_bulk(&stored, &stored.layout().bulk[index], sink)
        })
    }))
}

fn one(asked: &Asked, scope: &Scope) -> Result<Arc<Stored>, Problem> {
    let mut selected = found(asked, scope)?;
    Ok(selected.swap_remove(0))
}

/// A body of parts of one type, or of one part bare.
struct Parts {
    form: Form,
    boundary: Boundary,
    media: &'static str,
    part: MediaType,
}

/// Writes one part: its Content-Location, then what makes its bytes.
type WritePart<'a> =
    dyn FnMut(&str, &mut dyn FnMut(&mut Sink) -> io::Result<()>) -> io::Result<()> + 'a;

impl Parts {
    fn respond(
        self,
        make: impl FnOnce(&mut WritePart<'_>) -> io::Result<()> + Send + 'static,
    ) -> Response {
        let Parts {
            form,
            boundary,
            media,
            part,
        } = self;
        let whole = match form {
            Form::Multipart => boundary.content_type(media),
            Form::Single => part.clone(),
        };
        let mut response = Response::new(produce::body(move |sink| {
            if form == Form::Single {
                return make(&mut |_, bytes| bytes(sink));
            }
            let mut writer = Writer::new(boundary);
            make(&mut |location, bytes| {
                let headers = Headers::new()
                    .with("Content-Type", part.to_string())
                    .with("Content-Location", location);
                sink.write_all(&writer.part_head(&headers))?;
                bytes(sink)
            })?;
            sink.write_all(&writer.close())
        }));
        set_type(&mut response, &whole);
        response
    }
}
