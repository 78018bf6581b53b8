//! Waveforms: what they hold, and a plot on the paper that cardiologists know (PS3.3 C.10.9).

mod plot;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

pub use plot::plot;

use crate::image::{number, text};
use crate::presentation::items;

/// More samples (of all channels of a group) are not read: a day of a Holter at 250 Hz in three channels.
const MOST_SAMPLES: u64 = 65_000_000;

/// One multiplex group: channels that were sampled together.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Multiplex Group Label (003A,0020); empty where there is none.
    pub label: String,
    /// Sampling Frequency (003A,001A) in hertz.
    pub frequency: f64,
    /// The channels in their order.
    pub channels: Vec<Channel>,
}

/// One channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Channel {
    /// What it is of: meaning of its Channel Source (003A,0208), or its label.
    pub name: String,
    /// The unit of the values, as UCUM writes it (`mV`); empty for values without one.
    pub unit: String,
    /// The values in that unit; `NaN` where there is padding.
    pub values: Vec<f32>,
}

/// Why a data set has no waveform to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaveformError {
    /// It has no Waveform Sequence.
    #[error("the data set has no waveform")]
    None,
    /// A group has numbers that do not go together.
    #[error("group {group} of the waveform: {why}")]
    Broken {
        /// Which one, from 1.
        group: usize,
        /// What is wrong with it.
        why: String,
    },
}

impl Group {
    /// How long it was recorded, in seconds.
    pub fn seconds(&self) -> f64 {
        let samples = self
            .channels
            .iter()
            .map(|channel| channel.values.len())
            .max();
        samples.unwrap_or(0) as f64 / self.frequency
    }
}

/// The multiplex groups of a data set.
pub fn read(attributes: &InMemDicomObject) -> Result<Vec<Group>, WaveformError> {
    let groups = items(attributes, tags::WAVEFORM_SEQUENCE);
    if groups.is_empty() {
        return Err(WaveformError::None);
    }
    groups
        .iter()
        .enumerate()
        .map(|(index, item)| {
            group(item).map_err(|why| WaveformError::Broken {
                group: index + 1,
                why,
            })
        })
        .collect()
}

fn decimal(item: &InMemDicomObject, tag: Tag) -> Option<f64> {
    let value = item.get(tag)?.to_float64().ok()?;
    value.is_finite().then_some(value)
}

fn group(item: &InMemDicomObject) -> Result<Group, String> {
    let count =
        number(item, tags::NUMBER_OF_WAVEFORM_CHANNELS).ok_or("it has no number of channels")?;
    let samples =
        number(item, tags::NUMBER_OF_WAVEFORM_SAMPLES).ok_or("it has no number of samples")?;
    let frequency = decimal(item, tags::SAMPLING_FREQUENCY)
        .filter(|&frequency| frequency > 0.0)
        .ok_or("it has no sampling frequency")?;
    if count == 0 || u64::from(count) * u64::from(samples) > MOST_SAMPLES {
        return Err(format!(
            "{count} channels of {samples} samples are too many or none"
        ));
    }
    let definitions = items(item, tags::CHANNEL_DEFINITION_SEQUENCE);
    let element = item.get(tags::WAVEFORM_DATA).ok_or("it has no data")?;
    let data = element.to_bytes().map_err(|why| why.to_string())?;
    let kind = text(item, tags::WAVEFORM_SAMPLE_INTERPRETATION).unwrap_or_default();
    let (width, value): (usize, fn(&[u8]) -> f64) = match kind.as_str() {
        "SB" => (1, |cell| f64::from(cell[0] as i8)),
        "UB" => (1, |cell| f64::from(cell[0])),
        "SS" => (2, |cell| f64::from(i16::from_le_bytes([cell[0], cell[1]]))),
        "US" => (2, |cell| f64::from(u16::from_le_bytes([cell[0], cell[1]]))),
        "SL" => (4, |cell| {
            f64::from(i32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]))
        }),
        "UL" => (4, |cell| {
            f64::from(u32::from_le_bytes([cell[0], cell[1], cell[2], cell[3]]))
        }),
        other => return Err(format!("samples of kind {other:?} are not known")),
    };
    let count = count as usize;
    let needed = count * samples as usize * width;
    if data.len() < needed {
        return Err(format!("{} bytes of data, {needed} are needed", data.len()));
    }
    let padding = item
        .get(tags::WAVEFORM_PADDING_VALUE)
        .and_then(|element| element.to_bytes().ok())
        .filter(|bytes| bytes.len() >= width)
        .map(|bytes| value(&bytes));
    let channels = (0..count).map(|index| {
        let definition = definitions.get(index);
        let of = |tag| definition.and_then(|definition| decimal(definition, tag));
        let sensitivity = of(tags::CHANNEL_SENSITIVITY);
        let factor = sensitivity.unwrap_or(1.0)
            * of(tags::CHANNEL_SENSITIVITY_CORRECTION_FACTOR).unwrap_or(1.0);
        let baseline = of(tags::CHANNEL_BASELINE).unwrap_or(0.0);
        let cells = data[..needed]
            .chunks_exact(width)
            .skip(index)
            .step_by(count);
        let values = cells.map(|cell| match value(cell) {
            stored if Some(stored) == padding => f32::NAN,
            stored => (stored * factor + baseline) as f32,
        });
        let code = |sequence, tag| {
            let items = definition.map_or(&[][..], |definition| items(definition, sequence));
            items.first().and_then(|code| text(code, tag))
        };
        let label = definition.and_then(|definition| text(definition, tags::CHANNEL_LABEL));
        let unit = code(tags::CHANNEL_SENSITIVITY_UNITS_SEQUENCE, tags::CODE_VALUE);
        Channel {
            name: code(tags::CHANNEL_SOURCE_SEQUENCE, tags::CODE_MEANING)
                .or(label)
                .unwrap_or_else(|| format!("channel {}", index + 1)),
            unit: sensitivity.and(unit).unwrap_or_default(),
            values: values.collect(),
        }
    });
    Ok(Group {
        label: text(item, tags::MULTIPLEX_GROUP_LABEL).unwrap_or_default(),
        frequency,
        channels: channels.collect(),
    })
}
