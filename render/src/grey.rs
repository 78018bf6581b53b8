//! Grey values to levels: modality LUT, VOI LUT, presentation (PS3.3 C.11.1, C.11.2, C.11.6; PS3.4 N.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::{Samples, Values};
use crate::groups::{holder, item};
use crate::image::{Image, Photometric, text};
use crate::lut::Lut;
use crate::presentation::Presentation;
use crate::shown::Grey;
use crate::voi::{self, Voi};
use crate::window::Window;

/// A grey frame, what describes it, and how it is wanted.
pub(crate) struct Source<'a> {
    pub(crate) attributes: &'a InMemDicomObject,
    pub(crate) image: &'a Image,
    pub(crate) samples: &'a Samples<'a>,
    /// From 1.
    pub(crate) frame: u32,
    pub(crate) window: Option<Window>,
    pub(crate) voi: &'a Voi,
    /// Takes the place of what the image says about grey values.
    pub(crate) presentation: Option<&'a Presentation>,
}

/// A grey frame as levels, and how it became so.
pub(crate) struct Shaded<T> {
    pub(crate) pixels: Vec<T>,
    pub(crate) grey: Grey,
    pub(crate) inverted: bool,
    pub(crate) notes: Vec<String>,
}

/// Levels of a picture: 0 black, all bits white.
pub(crate) trait Level: Copy {
    const BLACK: Self;
    /// The level for 0.0 to 1.0.
    fn of(part: f64) -> Self;
}

impl Level for u8 {
    const BLACK: Self = 0;
    fn of(part: f64) -> Self {
        (part * 255.0 + 0.5) as u8
    }
}

impl Level for u16 {
    const BLACK: Self = 0;
    fn of(part: f64) -> Self {
        (part * 65_535.0 + 0.5) as u16
    }
}

/// Shades the samples.
pub(crate) fn shade<T: Level>(source: &Source<'_>) -> Shaded<T> {
    let Source {
        attributes,
        image,
        samples,
        frame,
        ..
    } = *source;
    let states = source
        .presentation
        .and_then(|it| Modality::of_state(it.data_set(), image));
    let modality = states.unwrap_or_else(|| Modality::read(attributes, image, frame));
    let padding = padding(attributes, image);
    let mut notes = Vec::new();
    let (grey, curve) = voi::choose(source, &modality, padding, &mut notes);
    let output = Output::of(source);
    let level = |stored: f64| T::of(output.level(curve.level(modality.output(stored))));
    let cell = Cell::of(image, samples);
    let pixels = match &samples.values {
        Values::U8(values) => by_bytes(values, cell, padding, level),
        Values::U16(values) => by_table(values, cell, padding, level),
        Values::U32(values) => values
            .iter()
            .map(|&value| shade_one(cell.value(value), padding, level))
            .collect(),
        Values::F32(values) => values.iter().map(|&value| level(value.into())).collect(),
        Values::F64(values) => values.iter().map(|&value| level(value)).collect(),
    };
    Shaded {
        pixels,
        grey,
        inverted: matches!(output, Output::Inverse),
        notes,
    }
}

/// Values of eight bits: all 256 are shaded once.
fn by_bytes<T: Level>(
    values: &[u8],
    cell: Cell,
    padding: Option<(i64, i64)>,
    level: impl Fn(f64) -> T + Copy,
) -> Vec<T> {
    let table: [T; 256] =
        std::array::from_fn(|bits| shade_one(cell.value(bits as u32), padding, level));
    values
        .iter()
        .map(|&value| table[usize::from(value)])
        .collect()
}

/// Values of up to 16 bits: each between the lowest and the highest is shaded once.
fn by_table<T: Level>(
    values: &[u16],
    cell: Cell,
    padding: Option<(i64, i64)>,
    level: impl Fn(f64) -> T + Copy,
) -> Vec<T> {
    let (shift, mask, sign) = (cell.shift, cell.mask() as u16, cell.sign() as u16);
    let rank = |value: u16| (value >> shift & mask) ^ sign;
    // Compared as signed numbers, for which every processor has an instruction that takes several at once.
    let (mut low, mut high) = (i16::MAX, i16::MIN);
    for &value in values {
        let rank = (rank(value) ^ 0x8000) as i16;
        low = low.min(rank);
        high = high.max(rank);
    }
    let (low, high) = (low as u16 ^ 0x8000, high as u16 ^ 0x8000);
    // As long as there are ranks, so that none has to be checked.
    let mut table = [T::BLACK; 1 << 16];
    for rank in low..=high {
        table[usize::from(rank)] = shade_one(cell.value(cell.ranked(rank.into())), padding, level);
    }
    values
        .iter()
        .map(|&value| table[usize::from(rank(value))])
        .collect()
}

/// Padding is no part of the picture; it is black, as the background of a screen (PS3.3 C.7.5.1.1.2).
fn shade_one<T: Level>(value: i64, padding: Option<(i64, i64)>, level: impl Fn(f64) -> T) -> T {
    match padding {
        Some((low, high)) if (low..=high).contains(&value) => T::BLACK,
        _ => level(value as f64),
    }
}

/// Where the value lies in a cell: Bits Stored below High Bit; the rest is junk (PS3.5 8.1.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) shift: u32,
    stored: u32,
    signed: bool,
}

impl Cell {
    pub(crate) fn of(image: &Image, samples: &Samples<'_>) -> Self {
        Self {
            shift: samples.high + 1 - samples.stored,
            stored: samples.stored,
            signed: image.signed,
        }
    }

    /// How many values there can be; only asked for cells of at most 16 bits.
    pub(crate) fn range(self) -> usize {
        1 << self.stored
    }

    /// The cell whose value has this place among all values, from the least; for cells of at most 16 bits.
    pub(crate) fn ranked(self, rank: u32) -> u32 {
        (rank ^ self.sign()) << self.shift
    }

    fn mask(self) -> u32 {
        ((1u64 << self.stored) - 1) as u32
    }

    fn sign(self) -> u32 {
        if self.signed {
            1 << (self.stored - 1)
        } else {
            0
        }
    }

    /// The value in a cell, sign-extended where it has a sign.
    pub(crate) fn value(self, cell: u32) -> i64 {
        let unused = 64 - self.stored;
        let bits = u64::from(cell >> self.shift) << unused;
        if self.signed {
            bits as i64 >> unused
        } else {
            (bits >> unused) as i64
        }
    }
}

/// The modality LUT (PS3.3 C.11.1).
pub(crate) enum Modality {
    Linear { slope: f64, intercept: f64 },
    Table(Lut),
}

impl Modality {
    fn read(attributes: &InMemDicomObject, image: &Image, frame: u32) -> Self {
        if let Some(lut) = item(attributes, tags::MODALITY_LUT_SEQUENCE, 0)
            .and_then(|item| Lut::read(item, image.signed))
        {
            return Modality::Table(lut);
        }
        let holder = holder(attributes, frame, tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
        let first = |tag: Tag| decimals(holder, tag).first().copied().flatten();
        let slope = first(tags::RESCALE_SLOPE)
            .filter(|&slope| slope != 0.0)
            .unwrap_or(1.0);
        Modality::Linear {
            slope,
            intercept: first(tags::RESCALE_INTERCEPT).unwrap_or(0.0),
        }
    }

    /// That of a presentation state, which replaces the image's where it is there (PS3.4 N.2.1.1).
    fn of_state(state: &InMemDicomObject, image: &Image) -> Option<Self> {
        let is_there = state.get(tags::MODALITY_LUT_SEQUENCE).is_some()
            || state.get(tags::RESCALE_SLOPE).is_some();
        is_there.then(|| Modality::read(state, image, 1))
    }

    pub(crate) fn output(&self, stored: f64) -> f64 {
        match self {
            Modality::Linear { slope, intercept } => stored * slope + intercept,
            Modality::Table(lut) => lut.at(stored).into(),
        }
    }

    /// Whether outputs can be negative, which decides how the descriptor of a VOI LUT is read.
    pub(crate) fn is_signed(&self, image: &Image) -> bool {
        match self {
            Modality::Linear { slope, intercept } => {
                image.signed || *intercept < 0.0 || *slope < 0.0
            }
            Modality::Table(_) => false,
        }
    }
}

/// What becomes of levels before they are shown (PS3.3 C.11.4, C.11.6).
enum Output {
    Identity,
    Inverse,
    Table { lut: Lut, top: f64 },
}

impl Output {
    /// That of the presentation state, which alone decides where there is one (PS3.4 N.2.3), else of the image.
    fn of(source: &Source<'_>) -> Self {
        let Some(state) = source.presentation.map(Presentation::data_set) else {
            return match inverted(source.attributes, source.image) {
                true => Output::Inverse,
                false => Output::Identity,
            };
        };
        let table = item(state, tags::PRESENTATION_LUT_SEQUENCE, 0);
        if let Some(lut) = table.and_then(|item| Lut::read(item, false)) {
            let top = lut.top().into();
            return Output::Table { lut, top };
        }
        match text(state, tags::PRESENTATION_LUT_SHAPE).as_deref() {
            Some("INVERSE") => Output::Inverse,
            _ => Output::Identity,
        }
    }

    fn level(&self, level: f64) -> f64 {
        match self {
            Output::Identity => level,
            Output::Inverse => 1.0 - level,
            Output::Table { lut, top } => {
                let reach = (lut.entries.len() - 1) as f64;
                f64::from(lut.at(lut.first as f64 + level * reach)) / top
            }
        }
    }
}

/// Pixel Padding Value (0028,0120) up to Pixel Padding Range Limit (0028,0121), in either order.
fn padding(attributes: &InMemDicomObject, image: &Image) -> Option<(i64, i64)> {
    let value = |tag: Tag| {
        let value = attributes.get(tag)?.to_int::<i64>().ok()?;
        // US and SS are guessed where the VR is implicit.
        Some(match (image.signed, image.allocated) {
            (true, ..=16) => i64::from(value as i16),
            (false, ..=16) => i64::from(value as u16),
            _ => value,
        })
    };
    let first = value(tags::PIXEL_PADDING_VALUE)?;
    let other = value(tags::PIXEL_PADDING_RANGE_LIMIT).unwrap_or(first);
    Some((first.min(other), first.max(other)))
}

/// MONOCHROME1 and Presentation LUT Shape INVERSE say the same thing, and go together where both are there (PS3.3 C.8.11.1.1.2).
fn inverted(attributes: &InMemDicomObject, image: &Image) -> bool {
    image.photometric == Photometric::Monochrome1
        || text(attributes, tags::PRESENTATION_LUT_SHAPE).is_some_and(|shape| shape == "INVERSE")
}

/// Decimal strings or numbers; a value that is neither is `None` and keeps its place.
pub(crate) fn decimals(attributes: &InMemDicomObject, tag: Tag) -> Vec<Option<f64>> {
    let Some(value) = attributes
        .get(tag)
        .and_then(|element| element.value().primitive())
    else {
        return Vec::new();
    };
    if let Ok(numbers) = value.to_multi_float64() {
        return numbers
            .into_iter()
            .map(|number| Some(number).filter(|number| number.is_finite()))
            .collect();
    }
    let text = value.to_str();
    let parse = |part: &str| {
        part.trim_matches(['\0', ' '])
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite())
    };
    text.split('\\').map(parse).collect()
}
