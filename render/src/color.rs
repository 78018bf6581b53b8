//! Colours to red, green and blue of eight bits (PS3.3 C.7.6.3.1.2, C.7.6.3.1.5, C.7.9).

use std::borrow::Cow;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::{Samples, Values};
use crate::frame::RenderError;
use crate::grey::Cell;
use crate::image::{Image, Photometric, text};
use crate::lut::{self, Descriptor};

/// Three samples a pixel to RGB.
pub(crate) fn rgb(image: &Image, samples: Samples<'_>) -> Vec<u8> {
    let cell = Cell::of(image, &samples);
    let top = ((1u64 << samples.stored) - 1).max(1);
    // Signed colour does not exist; the bits are taken as they are.
    let byte = |value: u32| ((u64::from(value >> cell.shift) & top) * 255 / top) as u8;
    let bytes: Cow<'_, [u8]> = match samples.values {
        Values::U8(values) if samples.stored == 8 => values,
        Values::U8(values) => values.iter().map(|&value| byte(value.into())).collect(),
        Values::U16(values) if samples.stored == 16 => {
            values.iter().map(|&value| (value >> 8) as u8).collect()
        }
        Values::U16(values) => values.iter().map(|&value| byte(value.into())).collect(),
        Values::U32(values) => values.iter().map(|&value| byte(value)).collect(),
        Values::F32(values) => values.iter().map(|&value| (value * 255.0) as u8).collect(),
        Values::F64(values) => values.iter().map(|&value| (value * 255.0) as u8).collect(),
    };
    let mut bytes = bytes.into_owned();
    match samples.photometric {
        Photometric::YbrFull | Photometric::YbrFull422 => each_pixel(&mut bytes, full_to_rgb),
        Photometric::YbrPartial | Photometric::YbrPartial422 | Photometric::YbrPartial420 => {
            each_pixel(&mut bytes, partial_to_rgb)
        }
        // YBR_ICT and YBR_RCT outside JPEG 2000 are left over from a transcoder that had undone them.
        _ => {}
    }
    bytes
}

fn each_pixel(bytes: &mut [u8], convert: impl Fn([i32; 3]) -> [u8; 3]) {
    for pixel in bytes.as_chunks_mut::<3>().0 {
        *pixel = convert(pixel.map(i32::from));
    }
}

/// Sixteen fractional bits.
const ONE: i32 = 1 << 16;

fn fixed(value: i32) -> u8 {
    ((value + ONE / 2) >> 16).clamp(0, 255) as u8
}

/// YBR_FULL: all of 0 to 255, ITU-R BT.601.
fn full_to_rgb([y, blue, red]: [i32; 3]) -> [u8; 3] {
    let (y, blue, red) = (y * ONE, blue - 128, red - 128);
    // 1.402, 0.344136, 0.714136, 1.772
    [
        fixed(y + 91_881 * red),
        fixed(y - 22_554 * blue - 46_802 * red),
        fixed(y + 116_130 * blue),
    ]
}

/// YBR_PARTIAL: 16 to 235 and 16 to 240.
fn partial_to_rgb([y, blue, red]: [i32; 3]) -> [u8; 3] {
    // 255 / 219, then the factors above times 255 / 224.
    let (y, blue, red) = ((y - 16) * 76_309, blue - 128, red - 128);
    [
        fixed(y + 104_597 * red),
        fixed(y - 25_675 * blue - 53_279 * red),
        fixed(y + 132_201 * blue),
    ]
}

/// A palette: colours for the stored values from `first` on.
pub(crate) struct Palette {
    pub(crate) first: i64,
    colours: Vec<[u8; 3]>,
}

const CHANNELS: [(Tag, Tag, Tag); 3] = [
    (
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
    (
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
    (
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
        tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
        tags::SEGMENTED_BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
    ),
];

impl Palette {
    /// The palette of a PALETTE COLOR image.
    pub(crate) fn read(attributes: &InMemDicomObject, image: &Image) -> Result<Self, RenderError> {
        let mut colours: Vec<[u8; 3]> = Vec::new();
        let mut first = 0;
        for (channel, (descriptor, data, segmented)) in CHANNELS.into_iter().enumerate() {
            let descriptor = Descriptor::read(attributes, descriptor, image.signed)
                .ok_or(RenderError::Missing("PaletteColorLookupTableDescriptor"))?;
            let entries = lut::entries(attributes, data, descriptor)
                .or_else(|| expand(attributes, segmented, descriptor))
                .ok_or(RenderError::Missing("PaletteColorLookupTableData"))?;
            // Sixteen bits announced and only eight used is a known mistake of writers.
            let wide = descriptor.bits > 8 && entries.iter().any(|&entry| entry > 255);
            colours.resize(colours.len().max(entries.len()), [0; 3]);
            for (colour, entry) in colours.iter_mut().zip(entries) {
                colour[channel] = if wide {
                    (entry >> 8) as u8
                } else {
                    entry as u8
                };
            }
            first = descriptor.first;
        }
        Ok(Self { first, colours })
    }

    /// A supplemental palette (PS3.3 C.8.16.2.1.1.2), which colours only the values from `first` on.
    pub(crate) fn supplemental(attributes: &InMemDicomObject, image: &Image) -> Option<Self> {
        let presentation = text(attributes, tags::PIXEL_PRESENTATION)?;
        matches!(presentation.as_str(), "COLOR" | "MIXED")
            .then(|| Self::read(attributes, image).ok())
            .flatten()
    }

    /// The colour of a stored value; values outside take the nearest.
    fn at(&self, value: i64) -> [u8; 3] {
        let index = (value - self.first).clamp(0, self.colours.len() as i64 - 1);
        self.colours[index as usize]
    }

    /// Stored values to RGB. Values below the palette are shown as `grey` where it is given.
    pub(crate) fn paint(
        &self,
        image: &Image,
        samples: &Samples<'_>,
        grey: Option<&[u8]>,
    ) -> Vec<u8> {
        let cell = Cell::of(image, samples);
        let colour = |index: usize, value: u32| {
            let value = cell.value(value);
            match grey {
                Some(grey) if value < self.first => [grey[index]; 3],
                _ => self.at(value),
            }
        };
        match &samples.values {
            Values::U8(values) => values
                .iter()
                .enumerate()
                .flat_map(|(index, &value)| colour(index, value.into()))
                .collect(),
            Values::U16(values) => values
                .iter()
                .enumerate()
                .flat_map(|(index, &value)| colour(index, value.into()))
                .collect(),
            Values::U32(values) => values
                .iter()
                .enumerate()
                .flat_map(|(index, &value)| colour(index, value))
                .collect(),
            Values::F32(_) | Values::F64(_) => vec![0; 3 * image.pixels()],
        }
    }
}

/// Segmented palette data (PS3.3 C.7.9.2): discrete, linear and indirect segments, `None` where they are broken.
fn expand(attributes: &InMemDicomObject, tag: Tag, descriptor: Descriptor) -> Option<Vec<u16>> {
    let bytes = attributes.get(tag)?.value().to_bytes().ok()?;
    let data: Vec<u16> = if descriptor.bits > 8 {
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|&cell| u16::from_le_bytes(cell))
            .collect()
    } else {
        bytes.iter().map(|&byte| byte.into()).collect()
    };
    let mut entries = Vec::with_capacity(descriptor.entries);
    let mut at = 0;
    while entries.len() < descriptor.entries {
        at = segment(&data, at, descriptor, &mut entries, Indirect::Allowed)?;
    }
    entries.truncate(descriptor.entries);
    Some(entries)
}

#[derive(Clone, Copy, PartialEq)]
enum Indirect {
    Allowed,
    Forbidden,
}

/// Appends the segment at `at`; gives where the next one begins.
fn segment(
    data: &[u16],
    at: usize,
    descriptor: Descriptor,
    entries: &mut Vec<u16>,
    indirect: Indirect,
) -> Option<usize> {
    let &[code, length] = data.get(at..at + 2)? else {
        return None;
    };
    let length_here = usize::from(length);
    match code {
        0 => {
            entries.extend_from_slice(data.get(at + 2..at + 2 + length_here)?);
            Some(at + 2 + length_here)
        }
        1 => {
            let (from, to) = (f64::from(*entries.last()?), f64::from(*data.get(at + 2)?));
            let steps = f64::from(length);
            entries.extend(
                (1..=length)
                    .map(|step| (from + (to - from) * f64::from(step) / steps).round() as u16),
            );
            Some(at + 3)
        }
        2 if indirect == Indirect::Allowed => {
            // Offset in bytes, as two words or four bytes, least significant first.
            let wide = descriptor.bits > 8;
            let words = data.get(at + 2..at + if wide { 4 } else { 6 })?;
            let width = if wide { 16 } else { 8 };
            let offset = words
                .iter()
                .rev()
                .fold(0u64, |offset, &word| offset << width | u64::from(word));
            let mut from = usize::try_from(offset).ok()? / if wide { 2 } else { 1 };
            for _ in 0..length {
                if entries.len() > descriptor.entries {
                    break;
                }
                from = segment(data, from, descriptor, entries, Indirect::Forbidden)?;
            }
            Some(at + if wide { 4 } else { 6 })
        }
        _ => None,
    }
}
