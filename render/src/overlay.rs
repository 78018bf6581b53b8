//! Overlay planes: graphics of single bits over a picture (PS3.3 C.9.2), in elements of their own or in bits of the pixels.

use dicom_core::Tag;
use dicom_object::InMemDicomObject;

use crate::decode::{Samples, Values};
use crate::image::{Image, number, text};

/// Sixteen groups can hold a plane: 6000, 6002 .. 601E.
const GROUPS: std::ops::RangeInclusive<u16> = 0..=15;

/// A plane, at the size of the image.
pub(crate) struct Plane {
    /// 6000 for the first.
    pub(crate) group: u16,
    /// Overlay Label or Description; empty where there is neither.
    pub(crate) label: String,
    /// Whether the pixel is part of the graphic.
    pub(crate) bits: Vec<bool>,
}

/// The planes that belong to a frame (from 1), and what is wrong with those that cannot be shown.
pub(crate) fn planes(
    attributes: &InMemDicomObject,
    image: &Image,
    samples: Option<&Samples<'_>>,
    frame: u32,
) -> (Vec<Plane>, Vec<String>) {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    for group in GROUPS.map(|index| 0x6000 + 2 * index) {
        if attributes.get(Tag(group, 0x0010)).is_none()
            && attributes.get(Tag(group, 0x3000)).is_none()
        {
            continue;
        }
        match plane(attributes, image, samples, frame, group) {
            Ok(Some(plane)) => found.push(plane),
            Ok(None) => {}
            Err(why) => notes.push(format!("overlay {group:04X} is not drawn: {why}")),
        }
    }
    (found, notes)
}

fn plane(
    attributes: &InMemDicomObject,
    image: &Image,
    samples: Option<&Samples<'_>>,
    frame: u32,
    group: u16,
) -> Result<Option<Plane>, String> {
    let count = |element: u16| number(attributes, Tag(group, element));
    let rows = count(0x0010)
        .filter(|&rows| rows > 0)
        .ok_or("it has no rows")?;
    let columns = count(0x0011)
        .filter(|&columns| columns > 0)
        .ok_or("it has no columns")?;
    if u64::from(rows) * u64::from(columns) > 1 << 28 {
        return Err(format!("{columns} x {rows} pixels are too many"));
    }
    // Which frames of the image its frames belong to (PS3.3 C.9.2.1.2).
    let planes = count(0x0015).filter(|&planes| planes > 0).unwrap_or(1);
    let first = count(0x0051).filter(|&first| first > 0).unwrap_or(1);
    let of_frame = if planes == 1 && attributes.get(Tag(group, 0x0051)).is_none() {
        0
    } else {
        match frame.checked_sub(first).filter(|&index| index < planes) {
            Some(index) => index,
            None => return Ok(None),
        }
    };
    let origin = attributes
        .get(Tag(group, 0x0050))
        .and_then(|element| element.to_multi_int::<i32>().ok())
        .unwrap_or_default();
    let signed = |at: usize| origin.get(at).map_or(1, |&value| i64::from(value as i16));
    let (top, left) = (signed(0) - 1, signed(1) - 1);
    let size = rows as usize * columns as usize;
    let bit: Box<dyn Fn(usize) -> bool> = match attributes.get(Tag(group, 0x3000)) {
        Some(element) => {
            let bytes = element
                .to_bytes()
                .map_err(|why| why.to_string())?
                .into_owned();
            let start = of_frame as usize * size;
            if (bytes.len() as u64) * 8 < (start + size) as u64 {
                return Err(format!(
                    "{} bytes are too few for {columns} x {rows} bits",
                    bytes.len()
                ));
            }
            Box::new(move |at| bytes[(start + at) / 8] >> ((start + at) % 8) & 1 == 1)
        }
        None => {
            // Retired: in bits of Pixel Data that the values do not use.
            let position = count(0x0102).ok_or("it has no data")?;
            if (rows, columns) != (image.rows, image.columns) || position >= image.allocated {
                return Err(format!("bit {position} of pixels cannot hold it"));
            }
            let cells = samples
                .and_then(|samples| samples.values.cells())
                .filter(|cells| cells.len() == size)
                .ok_or("the pixels have no spare bits")?;
            Box::new(move |at| cells[at] >> position & 1 == 1)
        }
    };
    let mut bits = vec![false; image.pixels()];
    for y in 0..i64::from(rows) {
        let Some(row) = row_of(y + top, image.rows) else {
            continue;
        };
        for x in 0..i64::from(columns) {
            if let Some(column) = row_of(x + left, image.columns)
                && bit((y * i64::from(columns) + x) as usize)
            {
                bits[row * image.columns as usize + column] = true;
            }
        }
    }
    let label =
        text(attributes, Tag(group, 0x1500)).or_else(|| text(attributes, Tag(group, 0x0022)));
    Ok(Some(Plane {
        group,
        label: label.unwrap_or_default(),
        bits,
    }))
}

fn row_of(at: i64, limit: u32) -> Option<usize> {
    (0..i64::from(limit)).contains(&at).then_some(at as usize)
}

impl Values<'_> {
    /// The cells as they are, of up to 32 bits.
    fn cells(&self) -> Option<Vec<u32>> {
        Some(match self {
            Values::U8(values) => values.iter().map(|&value| value.into()).collect(),
            Values::U16(values) => values.iter().map(|&value| value.into()).collect(),
            Values::U32(values) => values.clone(),
            Values::F32(_) | Values::F64(_) => return None,
        })
    }
}
