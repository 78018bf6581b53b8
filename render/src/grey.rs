//! Grey values to eight bits: modality LUT, VOI LUT, presentation (PS3.3 C.11.1, C.11.2, C.11.6; PS3.4 N.2).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::{Samples, Values};
use crate::groups::{holder, item};
use crate::image::{Image, Photometric, text};
use crate::lut::Lut;
use crate::shown::Grey;
use crate::window::Window;

/// Of the values, this part may lie outside an automatic window at each end.
const OUTSIDE: f64 = 0.005;

/// Beyond this many values of wide types the percentiles are taken from a regular choice of them.
const SAMPLED: usize = 1 << 18;

/// A grey frame as bytes, and how it became so.
pub(crate) struct Shaded {
    pub(crate) pixels: Vec<u8>,
    pub(crate) grey: Grey,
    pub(crate) inverted: bool,
    pub(crate) notes: Vec<String>,
}

/// Shades the samples of frame `frame`.
pub(crate) fn shade(
    attributes: &InMemDicomObject,
    image: &Image,
    samples: &Samples<'_>,
    frame: u32,
    asked: Option<Window>,
) -> Shaded {
    let modality = Modality::read(attributes, image, frame);
    let padding = padding(attributes, image);
    let mut notes = Vec::new();
    let (grey, voi) = choose(
        attributes, image, samples, frame, asked, &modality, padding, &mut notes,
    );
    let inverted = inverted(attributes, image);
    let level = |stored: f64| {
        let level = (voi.level(modality.output(stored)) * 255.0 + 0.5) as u8;
        if inverted { 255 - level } else { level }
    };
    let pixels = match &samples.values {
        Values::U8(values) => by_table(
            values.iter().map(|&value| value.into()),
            image,
            samples,
            padding,
            level,
        ),
        Values::U16(values) => by_table(
            values.iter().map(|&value| value.into()),
            image,
            samples,
            padding,
            level,
        ),
        Values::U32(values) => {
            let cell = Cell::of(image, samples);
            values
                .iter()
                .map(|&value| shade_one(cell.value(value), padding, level))
                .collect()
        }
        Values::F32(values) => values.iter().map(|&value| level(value.into())).collect(),
        Values::F64(values) => values.iter().map(|&value| level(value)).collect(),
    };
    Shaded {
        pixels,
        grey,
        inverted,
        notes,
    }
}

/// Values of up to 16 bits: each that occurs is shaded once, when it is first met.
fn by_table(
    values: impl Iterator<Item = u32>,
    image: &Image,
    samples: &Samples<'_>,
    padding: Option<(i64, i64)>,
    level: impl Fn(f64) -> u8 + Copy,
) -> Vec<u8> {
    const UNKNOWN: u16 = u16::MAX;
    let cell = Cell::of(image, samples);
    let mut table = vec![UNKNOWN; cell.range()];
    let mask = table.len() - 1;
    let shade = |value: u32| {
        let entry = &mut table[(value >> cell.shift) as usize & mask];
        if *entry == UNKNOWN {
            *entry = shade_one(cell.value(value), padding, level).into();
        }
        *entry as u8
    };
    values.map(shade).collect()
}

/// Padding is no part of the picture; it is black, as the background of a screen (PS3.3 C.7.5.1.1.2).
fn shade_one(value: i64, padding: Option<(i64, i64)>, level: impl Fn(f64) -> u8) -> u8 {
    match padding {
        Some((low, high)) if (low..=high).contains(&value) => 0,
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
enum Modality {
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

    fn output(&self, stored: f64) -> f64 {
        match self {
            Modality::Linear { slope, intercept } => stored * slope + intercept,
            Modality::Table(lut) => lut.at(stored).into(),
        }
    }

    /// Whether outputs can be negative, which decides how the descriptor of a VOI LUT is read.
    fn is_signed(&self, image: &Image) -> bool {
        match self {
            Modality::Linear { slope, intercept } => {
                image.signed || *intercept < 0.0 || *slope < 0.0
            }
            Modality::Table(_) => false,
        }
    }
}

/// What turns modality values to 0 (black) to 1 (white).
enum Voi {
    Window(Window),
    Table { lut: Lut, top: f64 },
}

impl Voi {
    fn level(&self, value: f64) -> f64 {
        match self {
            Voi::Window(window) => window.level(value),
            Voi::Table { lut, top } => f64::from(lut.at(value)) / top,
        }
    }
}

/// The window asked for, else the data set's VOI LUT or window, else all of 8 bits, else one by percentiles.
#[allow(clippy::too_many_arguments)]
fn choose(
    attributes: &InMemDicomObject,
    image: &Image,
    samples: &Samples<'_>,
    frame: u32,
    asked: Option<Window>,
    modality: &Modality,
    padding: Option<(i64, i64)>,
    notes: &mut Vec<String>,
) -> (Grey, Voi) {
    if let Some(window) = asked {
        return (Grey::Asked(window), Voi::Window(window));
    }
    let holder = holder(attributes, frame, tags::FRAME_VOILUT_SEQUENCE);
    if let Some(item) = item(holder, tags::VOILUT_SEQUENCE, 0)
        && let Some(lut) = Lut::read(item, modality.is_signed(image))
    {
        let explanation = text(item, tags::LUT_EXPLANATION).unwrap_or_default();
        let top = lut.top().into();
        return (Grey::VoiLut { explanation }, Voi::Table { lut, top });
    }
    let function = text(holder, tags::VOILUT_FUNCTION);
    let function = match function
        .as_deref()
        .map(|term| crate::window::Function::from_term(term).ok_or(term))
    {
        Some(Ok(function)) => function,
        Some(Err(term)) => {
            notes.push(format!(
                "VOI LUT Function {term:?} is not known, taken as LINEAR"
            ));
            Default::default()
        }
        None => Default::default(),
    };
    let centers = decimals(holder, tags::WINDOW_CENTER);
    let widths = decimals(holder, tags::WINDOW_WIDTH);
    let windows: Vec<(usize, Window)> = centers
        .iter()
        .zip(&widths)
        .enumerate()
        .filter_map(|(index, (&center, &width))| {
            Some((
                index,
                Window {
                    center: center?,
                    width: width?,
                    function,
                },
            ))
        })
        .collect();
    if let Some(&(index, window)) = windows.iter().find(|(_, window)| window.is_valid()) {
        let explanation = explanations(holder)
            .into_iter()
            .nth(index)
            .unwrap_or_default();
        return (
            Grey::DataSet {
                window,
                of: windows.len(),
                explanation,
            },
            Voi::Window(window),
        );
    }
    if let Some((_, window)) = windows.first() {
        notes.push(format!(
            "the data set's window {window} has no width and is ignored"
        ));
    }
    if image.stored <= 8 && !image.float {
        let cell = Cell::of(image, samples);
        let outputs = (0..cell.range() as u32)
            .map(|bits| modality.output(cell.value(bits << cell.shift) as f64));
        let (low, high) = outputs.fold((f64::MAX, f64::MIN), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        return (
            Grey::Full,
            Voi::Window(Window::between(low, high, samples.is_whole())),
        );
    }
    let window = automatic(image, samples, modality, padding);
    (Grey::Automatic(window), Voi::Window(window))
}

/// The window between two percentiles of the values that are no padding.
fn automatic(
    image: &Image,
    samples: &Samples<'_>,
    modality: &Modality,
    padding: Option<(i64, i64)>,
) -> Window {
    let mut counted = match &samples.values {
        Values::U8(values) => count(
            values.iter().map(|&value| value.into()),
            image,
            samples,
            padding,
        ),
        Values::U16(values) => count(
            values.iter().map(|&value| value.into()),
            image,
            samples,
            padding,
        ),
        Values::U32(values) => {
            let cell = Cell::of(image, samples);
            let is_padding =
                |value: i64| padding.is_some_and(|(low, high)| (low..=high).contains(&value));
            let chosen = every(values.len()).map(|index| cell.value(values[index]));
            chosen
                .filter(|&value| !is_padding(value))
                .map(|value| (value as f64, 1))
                .collect()
        }
        Values::F32(values) => every(values.len())
            .map(|index| (values[index].into(), 1))
            .collect(),
        Values::F64(values) => every(values.len())
            .map(|index| (values[index], 1))
            .collect(),
    };
    counted
        .iter_mut()
        .for_each(|(value, _)| *value = modality.output(*value));
    counted.retain(|(value, _)| value.is_finite());
    if !counted.is_sorted_by(|a, b| a.0 <= b.0) {
        counted.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let (Some(&(least, _)), Some(&(most, _))) = (counted.first(), counted.last()) else {
        return Window::between(0.0, 1.0, samples.is_whole());
    };
    let total: u64 = counted.iter().map(|&(_, count)| count).sum();
    let outside = (total as f64 * OUTSIDE) as u64;
    let beyond = |passed: &mut u64, count: u64| {
        *passed += count;
        *passed > outside
    };
    let (mut below, mut above) = (0, 0);
    let low = counted
        .iter()
        .find(|&&(_, count)| beyond(&mut below, count))
        .map_or(least, |&(value, _)| value);
    let high = counted
        .iter()
        .rev()
        .find(|&&(_, count)| beyond(&mut above, count))
        .map_or(most, |&(value, _)| value);
    // Hardly anything but background: the few other values are the picture.
    let (low, high) = if low < high {
        (low, high)
    } else {
        (least, most)
    };
    Window::between(
        low,
        high,
        samples.is_whole()
            && matches!(
                modality,
                Modality::Table(_) | Modality::Linear { slope: 1.0, .. }
            ),
    )
}

/// How often each value occurs that is no padding, ascending.
fn count(
    values: impl Iterator<Item = u32>,
    image: &Image,
    samples: &Samples<'_>,
    padding: Option<(i64, i64)>,
) -> Vec<(f64, u64)> {
    let cell = Cell::of(image, samples);
    let mut counts = vec![0u64; cell.range()];
    let mask = cell.range() - 1;
    values.for_each(|value| counts[(value >> cell.shift) as usize & mask] += 1);
    // Negative numbers are the upper half of the patterns.
    let split = if image.signed { cell.range() / 2 } else { 0 };
    let ascending = (split..cell.range()).chain(0..split);
    let occurring = ascending.filter(|&bits| counts[bits] > 0);
    let valued = occurring.map(|bits| (cell.value((bits as u32) << cell.shift), counts[bits]));
    let is_padding = |value: i64| padding.is_some_and(|(low, high)| (low..=high).contains(&value));
    valued
        .filter(|&(value, _)| !is_padding(value))
        .map(|(value, count)| (value as f64, count))
        .collect()
}

/// Indices of all of `length` values, or evenly of some.
fn every(length: usize) -> impl Iterator<Item = usize> {
    (0..length).step_by(length.div_ceil(SAMPLED).max(1))
}

impl Samples<'_> {
    fn is_whole(&self) -> bool {
        !matches!(self.values, Values::F32(_) | Values::F64(_))
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
fn decimals(attributes: &InMemDicomObject, tag: Tag) -> Vec<Option<f64>> {
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

/// Window Center & Width Explanation (0028,1055).
fn explanations(attributes: &InMemDicomObject) -> Vec<String> {
    let Some(element) = attributes.get(tags::WINDOW_CENTER_WIDTH_EXPLANATION) else {
        return Vec::new();
    };
    let text = element.to_str().unwrap_or_default();
    text.split('\\')
        .map(|part| part.trim_matches(['\0', ' ']).to_owned())
        .collect()
}
