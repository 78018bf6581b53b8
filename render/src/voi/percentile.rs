//! The window between two percentiles of what a frame holds.

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::decode::{Samples, Values};
use crate::grey::{Cell, Modality, Source};
use crate::image::{Image, text};
use crate::window::Window;

/// Beyond this many values of wide types the percentiles are taken from a regular choice of them.
const SAMPLED: usize = 1 << 18;

/// Of 100 values, how many lie below black and below white where nobody says.
///
/// What shines in a PET is small, and must not all be white.
pub(super) fn usual(attributes: &InMemDicomObject) -> (f64, f64) {
    match text(attributes, tags::MODALITY).as_deref() {
        Some("PT") => (0.5, 99.9),
        _ => (0.5, 99.5),
    }
}

/// The window between two percentiles of the values that are no padding.
pub(super) fn window(
    source: &Source<'_>,
    modality: &Modality,
    padding: Option<(i64, i64)>,
    (below, above): (f64, f64),
) -> Window {
    let Source { image, samples, .. } = *source;
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
    let part = |percent: f64| (total as f64 * percent / 100.0) as u64;
    let (outside_low, outside_high) = (part(below), part(100.0 - above));
    let beyond = |passed: &mut u64, count: u64, outside: u64| {
        *passed += count;
        *passed > outside
    };
    let (mut below, mut above) = (0, 0);
    let low = counted
        .iter()
        .find(|&&(_, count)| beyond(&mut below, count, outside_low))
        .map_or(least, |&(value, _)| value);
    let high = counted
        .iter()
        .rev()
        .find(|&&(_, count)| beyond(&mut above, count, outside_high))
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
    /// Whether the values are whole numbers.
    pub(crate) fn is_whole(&self) -> bool {
        !matches!(self.values, Values::F32(_) | Values::F64(_))
    }
}
