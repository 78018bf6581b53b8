//! Which values become black and which white: as asked, as the data set says, by a preset or by percentiles
//! (PS3.3 C.11.2, PS3.18 8.3.5.1.4).

mod percentile;
mod preset;

use std::fmt;
use std::str::FromStr;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

pub use preset::Preset;

use crate::grey::{Modality, Source, decimals};
use crate::groups::{holder, item};
use crate::image::text;
use crate::lut::Lut;
use crate::shown::Grey;
use crate::window::{Function, Window};

/// How the grey values to be shown are chosen where no window is asked for by its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Voi {
    /// The first VOI LUT or window of the data set; where it has none, a preset for CT, else percentiles.
    #[default]
    DataSet,
    /// One of the windows of the data set, from 1.
    Listed(usize),
    /// A window that has a name; for values that are no Hounsfield units percentiles, and that is said.
    Preset(Preset),
    /// Between two percentiles of the values of the frame, whatever the data set says.
    Percentiles {
        /// Of 100 values, so many may be below black.
        low: f64,
        /// Of 100 values, so many are below white.
        high: f64,
    },
}

impl Voi {
    /// Percentiles that leave out as little as can be seen.
    pub const AUTOMATIC: Voi = Voi::Percentiles {
        low: 0.5,
        high: 99.5,
    };
}

/// A text that names no choice of grey values.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "{0:?} is no choice of grey values: want data-set, a number for one of its windows, automatic, percentiles such as 1%-99%, or one of {names}",
    names = Preset::names()
)]
pub struct VoiError(pub String);

/// Reads `data-set`, `2` (the second window of the data set), `automatic`, `1%-99%` or the name of a [`Preset`].
impl FromStr for Voi {
    type Err = VoiError;

    fn from_str(text: &str) -> Result<Self, VoiError> {
        let bad = || VoiError(text.to_owned());
        let word = text.trim().to_ascii_lowercase();
        if let Some(preset) = Preset::named(&word) {
            return Ok(Voi::Preset(preset));
        }
        match word.as_str() {
            "data-set" => return Ok(Voi::DataSet),
            "automatic" | "auto" => return Ok(Voi::AUTOMATIC),
            _ => {}
        }
        if let Ok(number @ 1..) = word.parse::<usize>() {
            return Ok(Voi::Listed(number));
        }
        let (low, high) = word.split_once('-').ok_or_else(bad)?;
        let part = |text: &str| {
            let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
            number.filter(|number| (0.0..=100.0).contains(number))
        };
        match (part(low), part(high)) {
            (Some(low), Some(high)) if low < high => Ok(Voi::Percentiles { low, high }),
            _ => Err(bad()),
        }
    }
}

impl fmt::Display for Voi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Voi::DataSet => f.write_str("data-set"),
            Voi::Listed(number) => write!(f, "{number}"),
            Voi::Preset(preset) => f.write_str(preset.name()),
            Voi::Percentiles { low, high } => write!(f, "{low}%-{high}%"),
        }
    }
}

/// What turns modality values to 0 (black) to 1 (white).
pub(crate) enum Curve {
    Window(Window),
    Table { lut: Lut, top: f64 },
}

impl Curve {
    pub(crate) fn level(&self, value: f64) -> f64 {
        match self {
            Curve::Window(window) => window.level(value),
            Curve::Table { lut, top } => f64::from(lut.at(value)) / top,
        }
    }
}

/// The window asked for, else what [`Voi`] says.
pub(crate) fn choose(
    source: &Source<'_>,
    modality: &Modality,
    padding: Option<(i64, i64)>,
    notes: &mut Vec<String>,
) -> (Grey, Curve) {
    if let Some(window) = source.window {
        return (Grey::Asked(window), Curve::Window(window));
    }
    let percentiles = |low, high| percentile::window(source, modality, padding, (low, high));
    let automatic = |notes: &mut Vec<String>| {
        let _ = notes;
        let (low, high) = percentile::usual(source.attributes);
        let window = percentiles(low, high);
        (Grey::Automatic(window), Curve::Window(window))
    };
    match *source.voi {
        Voi::Percentiles { low, high } => {
            let window = percentiles(low, high);
            return (
                Grey::Percentiles { low, high, window },
                Curve::Window(window),
            );
        }
        Voi::Preset(preset) => {
            if let Some(why) = preset::unsuitable(source.attributes) {
                notes.push(format!(
                    "preset {} is for Hounsfield units, {why}",
                    preset.name()
                ));
                return automatic(notes);
            }
            let window = preset.window();
            return (
                Grey::Preset {
                    preset,
                    window,
                    asked: true,
                },
                Curve::Window(window),
            );
        }
        Voi::DataSet | Voi::Listed(_) => {}
    }
    if let Some(chosen) = of_data_set(source, modality, notes) {
        return chosen;
    }
    let image = source.image;
    if image.stored <= 8 && !image.float {
        return full(source, modality);
    }
    if let Some(preset) = preset::usual(source.attributes) {
        let window = preset.window();
        let values = percentiles(0.5, 99.5);
        if window.overlaps(values) {
            return (
                Grey::Preset {
                    preset,
                    window,
                    asked: false,
                },
                Curve::Window(window),
            );
        }
    }
    automatic(notes)
}

/// All values that eight bits can hold.
fn full(source: &Source<'_>, modality: &Modality) -> (Grey, Curve) {
    let cell = crate::grey::Cell::of(source.image, source.samples);
    let outputs =
        (0..cell.range() as u32).map(|bits| modality.output(cell.value(bits << cell.shift) as f64));
    let (low, high) = outputs.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    let window = Window::between(low, high, source.samples.is_whole());
    (Grey::Full, Curve::Window(window))
}

/// The VOI LUT or a window of the presentation state or the data set.
fn of_data_set(
    source: &Source<'_>,
    modality: &Modality,
    notes: &mut Vec<String>,
) -> Option<(Grey, Curve)> {
    let of_image = || holder(source.attributes, source.frame, tags::FRAME_VOILUT_SEQUENCE);
    let (holder, from_state) = match source.presentation {
        Some(state) => (state.voi(source.attributes, source.frame)?, true),
        None => (of_image(), false),
    };
    let listed = match source.voi {
        Voi::Listed(number) => Some(*number),
        _ => None,
    };
    let of = windows(holder, notes);
    if listed.is_none()
        && let Some(item) = item(holder, tags::VOILUT_SEQUENCE, 0)
        && let Some(lut) = Lut::read(item, modality.is_signed(source.image))
    {
        let explanation = text(item, tags::LUT_EXPLANATION).unwrap_or_default();
        let top = lut.top().into();
        return Some((
            Grey::VoiLut {
                explanation,
                from_state,
            },
            Curve::Table { lut, top },
        ));
    }
    let chosen = match listed {
        Some(number) => {
            let found = of
                .iter()
                .find(|(index, window)| index + 1 == number && window.is_valid());
            if found.is_none() {
                notes.push(format!(
                    "window {number} of the data set is not there, it has {}",
                    of.len()
                ));
            }
            found.or_else(|| of.iter().find(|(_, window)| window.is_valid()))
        }
        None => of.iter().find(|(_, window)| window.is_valid()),
    };
    if let Some(&(index, window)) = chosen {
        let explanation = explanations(holder).into_iter().nth(index);
        return Some((
            Grey::DataSet {
                window,
                number: index + 1,
                of: of.len(),
                explanation: explanation.unwrap_or_default(),
                from_state,
            },
            Curve::Window(window),
        ));
    }
    if let Some((_, window)) = of.first() {
        notes.push(format!(
            "the data set's window {window} has no width and is ignored"
        ));
    }
    None
}

/// The windows that an item lists, each with its place.
fn windows(holder: &InMemDicomObject, notes: &mut Vec<String>) -> Vec<(usize, Window)> {
    let centers = decimals(holder, tags::WINDOW_CENTER);
    let widths = decimals(holder, tags::WINDOW_WIDTH);
    let function = text(holder, tags::VOILUT_FUNCTION);
    let function = function.map_or(Function::default(), |term| {
        Function::from_term(&term).unwrap_or_else(|| {
            notes.push(format!(
                "VOI LUT Function {term:?} is not known, taken as LINEAR"
            ));
            Function::default()
        })
    });
    let window = |(index, (&center, &width)): (usize, (&Option<f64>, &Option<f64>))| {
        let (center, width) = (center?, width?);
        Some((
            index,
            Window {
                center,
                width,
                function,
            },
        ))
    };
    centers
        .iter()
        .zip(&widths)
        .enumerate()
        .filter_map(window)
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_people_write_them() {
        for (text, voi) in [
            ("data-set", Voi::DataSet),
            ("2", Voi::Listed(2)),
            (" Lung ", Voi::Preset(Preset::Lung)),
            ("soft-tissue", Voi::Preset(Preset::SoftTissue)),
            ("automatic", Voi::AUTOMATIC),
            (
                "1%-99%",
                Voi::Percentiles {
                    low: 1.0,
                    high: 99.0,
                },
            ),
            (
                "0 - 99.9",
                Voi::Percentiles {
                    low: 0.0,
                    high: 99.9,
                },
            ),
        ] {
            assert_eq!(text.parse(), Ok(voi), "{text}");
        }
        for text in ["", "0", "99%-1%", "-1-5", "lungs", "1%-101%", "NaN-5"] {
            assert_eq!(text.parse::<Voi>(), Err(VoiError(text.to_owned())));
        }
        let words = VoiError("x".to_owned()).to_string();
        assert!(words.ends_with("one of lung, soft-tissue, mediastinum, abdomen, liver, bone, brain, subdural, stroke, temporal-bone, spine, angiography"), "{words}");
    }

    #[test]
    fn a_choice_is_written_as_it_is_read() {
        for voi in [
            Voi::DataSet,
            Voi::Listed(3),
            Voi::Preset(Preset::Bone),
            Voi::AUTOMATIC,
        ] {
            assert_eq!(voi.to_string().parse(), Ok(voi));
        }
    }
}
