//! One frame of what is stored as a picture.

use std::borrow::Cow;
use std::fmt::Display;

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_render::annotation;
use dicom_render::encode::Picture;
use dicom_render::frame::{self, With};
use dicom_render::profile;
use dicom_wire::part10::Bulk;

use super::Encoding;
use crate::store::Stored;
use crate::web::look::Look;
use crate::web::problem::Problem;

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

/// One frame as a file, and how it was made.
pub(super) fn encoded(
    stored: &Stored,
    number: u32,
    look: &Look,
    encoding: Encoding,
) -> Result<(Bytes, String), Problem> {
    let picture = draw(stored, number, look)?;
    let file = encoding
        .encode(&picture)
        .map_err(|error| not_drawn(stored, number, &error))?;
    Ok((file.into(), picture.shown.to_string()))
}

fn not_drawn(stored: &Stored, number: u32, why: &dyn Display) -> Problem {
    Problem::not_acceptable(format!(
        "frame {number} of instance {} cannot be rendered: {why}",
        stored.identity().instance
    ))
}
