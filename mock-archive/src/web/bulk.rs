//! Retrieving bulk values (PS3.18 10.4.1.1.5): one by its BulkDataURI, or all of an instance, a series or a study.

use std::io;
use std::sync::Arc;

use axum::response::Response;
use dicom_core::Tag;
use dicom_wire::media::{MediaType, OCTET_STREAM};
use dicom_wire::part10::{Bulk, Element, Step, is_pixel_data};

use crate::request::Scope;
use crate::sink::Sink;
use crate::store::Stored;
use crate::transcode;
use crate::web::Asked;
use crate::web::accept::{self, Form, Offer, frame_media};
use crate::web::frames::{self, Pixels};
use crate::web::parts::Parts;
use crate::web::problem::Problem;
use crate::web::resource::bulk_path;
use crate::web::wado::{EXPLICIT_LITTLE, found, instance_url};

/// Which values of everything in a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Values {
    /// All that metadata refers to.
    All,
    /// The pixels.
    Pixels,
}

/// A value, or a frame of one, that goes out as a part.
struct Item {
    stored: Arc<Stored>,
    /// Its place in the layout.
    index: usize,
    made: Made,
    media: MediaType,
    location: String,
}

/// How the bytes of a value are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Made {
    /// As they lie in the file, in little endian.
    Copied,
    /// All frames, decoded.
    Decoded,
    /// The codestream of this frame.
    Codestream(u32),
}

/// Answers with one value, as its BulkDataURI promised.
pub(crate) fn value(
    asked: &Asked,
    scope: &Scope,
    path: &[Step],
    tag: Tag,
) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let stored = frames::one(asked, scope)?;
    let is_meant = |element: &Element| element.tag == tag && element.path == path;
    let Some(index) = stored.layout().bulk.iter().position(is_meant) else {
        return Err(Problem::not_found(format!(
            "bulk data {:04X}{:04X} of instance {}",
            tag.0,
            tag.1,
            stored.identity().instance
        )));
    };
    let offers = accept::offers(&accept);
    let chosen = offers.iter().find_map(|offer| {
        let items = items(asked, &stored, index, offer)?;
        (offer.form == Form::Multipart || items.len() == 1).then_some((offer.form, items))
    });
    match chosen {
        Some((form, items)) => Ok(respond(asked, form, items)),
        None => Err(refusal(&stored, index)),
    }
}

/// Answers with every value, one part each; compressed pixels of several frames have a part for each.
pub(crate) fn values(asked: &Asked, scope: &Scope, values: Values) -> Result<Response, Problem> {
    let accept = accept::accepted(&asked.headers, &asked.query)?;
    let selected = found(asked, scope)?;
    let offers = accept::offers(&accept);
    let multipart: Vec<&Offer> = offers
        .iter()
        .filter(|offer| offer.form == Form::Multipart)
        .collect();
    let (mut given, mut refused) = (Vec::new(), None);
    for stored in &selected {
        for (index, element) in stored.layout().bulk.iter().enumerate() {
            let is_pixels = element.path.is_empty() && is_pixel_data(element.tag);
            if values == Values::Pixels && !is_pixels {
                continue;
            }
            let way = |offer: &&Offer| items(asked, stored, index, offer);
            match multipart.iter().find_map(way) {
                Some(items) => given.extend(items),
                // What can be given in none of the types is left out (PS3.18 10.4.3.3.5), unless that is everything.
                None => refused = refused.or_else(|| Some(refusal(stored, index))),
            }
        }
    }
    match refused {
        _ if !given.is_empty() => Ok(respond(asked, Form::Multipart, given)),
        Some(refusal) => Err(refusal),
        None => Err(Problem::not_found("bulk data of it")),
    }
}

/// The parts that a value becomes for an offer; none if the offer does not take it.
fn items(asked: &Asked, stored: &Arc<Stored>, index: usize, offer: &Offer) -> Option<Vec<Item>> {
    let element = &stored.layout().bulk[index];
    let url = instance_url(&asked.base, stored);
    let own = stored.identity().transfer_syntax.as_str();
    let location = format!("{url}/{}", bulk_path(&element.path, element.tag));
    let item = |made, media: &'static str, syntax: Option<&str>, location: String| Item {
        stored: stored.clone(),
        index,
        made,
        media: match syntax {
            Some(syntax) => MediaType::of(media).with("transfer-syntax", syntax),
            None => MediaType::of(media),
        },
        location,
    };
    if let Bulk::Whole(_) = element.value {
        let takes = offer.takes(OCTET_STREAM);
        return takes.then(|| vec![item(Made::Copied, OCTET_STREAM, None, location)]);
    }
    let media = frame_media(own);
    match (frames::pixels(stored, offer)?, stored.frame_count()) {
        // Pixels which cannot be decoded are an error and not a torn body.
        (Pixels::Native, _) if frames::frame_bytes(stored, 1, Pixels::Native).is_err() => None,
        (Pixels::Native, _) => Some(vec![item(
            Made::Decoded,
            OCTET_STREAM,
            Some(EXPLICIT_LITTLE),
            location,
        )]),
        (Pixels::Stored, 1) => Some(vec![item(Made::Codestream(1), media, Some(own), location)]),
        (Pixels::Stored, count) => {
            let frame = |n| {
                let location = format!("{url}/frames/{n}");
                item(Made::Codestream(n), media, Some(own), location)
            };
            Some((1..=count).map(frame).collect())
        }
    }
}

fn refusal(stored: &Stored, index: usize) -> Problem {
    let media = match stored.layout().bulk[index].value {
        Bulk::Fragments { .. } => frame_media(stored.identity().transfer_syntax.as_str()),
        Bulk::Whole(_) => OCTET_STREAM,
    };
    Problem::not_acceptable(format!(
        "bulk data of instance {} is given as multipart/related; type=\"{media}\"",
        stored.identity().instance
    ))
}

fn respond(asked: &Asked, form: Form, items: Vec<Item>) -> Response {
    let part =
        (items.first()).map_or_else(|| MediaType::of(OCTET_STREAM), |item| item.media.clone());
    Parts::new(asked, form, part).respond(move |write| {
        items
            .iter()
            .try_for_each(|item| write(&item.media, &item.location, &mut |sink| item.write(sink)))
    })
}

impl Item {
    fn write(&self, sink: &mut Sink) -> io::Result<()> {
        match self.made {
            Made::Copied => {
                transcode::write_bulk(&self.stored, &self.stored.layout().bulk[self.index], sink)
            }
            Made::Decoded => transcode::write_native_frames(&self.stored, sink),
            Made::Codestream(frame) => {
                let bytes = self.stored.frame_bytes(frame).map_err(io::Error::other)?;
                sink.hand(bytes)
            }
        }
    }
}
