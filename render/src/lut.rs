//! Look-up tables as DICOM writes them (PS3.3 C.11.1.1, C.11.2.1.1, C.7.6.3.1.5).

use dicom_core::Tag;
use dicom_core::value::PrimitiveValue;
use dicom_object::InMemDicomObject;

/// A table of up to 65,536 entries; inputs outside it take its first or last entry.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lut {
    /// The input that the first entry belongs to.
    pub(crate) first: i64,
    /// Bits of an entry.
    pub(crate) bits: u32,
    pub(crate) entries: Vec<u16>,
}

/// The three values of a LUT descriptor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Descriptor {
    pub(crate) entries: usize,
    pub(crate) first: i64,
    pub(crate) bits: u32,
}

impl Descriptor {
    /// Reads a descriptor; `signed` tells whether its second value is (its VR of US or SS is often guessed wrong).
    pub(crate) fn read(attributes: &InMemDicomObject, tag: Tag, signed: bool) -> Option<Self> {
        let values = attributes.get(tag)?.to_multi_int::<i64>().ok()?;
        let &[entries, first, bits] = values.get(..3)? else {
            return None;
        };
        let entries = match entries as u16 {
            0 => 1 << 16,
            entries => usize::from(entries),
        };
        let first = if signed {
            i64::from(first as i16)
        } else {
            i64::from(first as u16)
        };
        (1..=16).contains(&bits).then_some(Self {
            entries,
            first,
            bits: bits as u32,
        })
    }
}

impl Lut {
    /// The table of a Modality LUT or VOI LUT item.
    pub(crate) fn read(item: &InMemDicomObject, signed: bool) -> Option<Self> {
        use dicom_dictionary_std::tags;
        let descriptor = Descriptor::read(item, tags::LUT_DESCRIPTOR, signed)?;
        let entries = entries(item, tags::LUT_DATA, descriptor)?;
        Some(Self {
            first: descriptor.first,
            bits: descriptor.bits,
            entries,
        })
    }

    /// The entry for an input.
    pub(crate) fn at(&self, input: f64) -> u16 {
        let index = (input - self.first as f64)
            .round()
            .clamp(0.0, (self.entries.len() - 1) as f64);
        self.entries[index as usize]
    }

    /// The largest value that an entry can have.
    pub(crate) fn top(&self) -> u16 {
        let claimed = ((1u32 << self.bits) - 1) as u16;
        // Some say 8 bits and hold more, or the other way round; what is there counts.
        self.entries
            .iter()
            .copied()
            .max()
            .unwrap_or(claimed)
            .max(claimed)
    }
}

/// The entries of LUT data: words, or bytes where there are only as many bytes as entries.
pub(crate) fn entries(
    attributes: &InMemDicomObject,
    tag: Tag,
    descriptor: Descriptor,
) -> Option<Vec<u16>> {
    let value = attributes.get(tag)?.value().primitive()?.clone();
    let count = descriptor.entries;
    let entries: Vec<u16> = match &value {
        PrimitiveValue::U16(words) if words.len() >= count => words[..count].to_vec(),
        value => {
            let bytes = value.to_bytes();
            if bytes.len() >= 2 * count {
                bytes.as_chunks().0[..count]
                    .iter()
                    .map(|&cell| u16::from_le_bytes(cell))
                    .collect()
            } else {
                bytes
                    .get(..count)?
                    .iter()
                    .map(|&byte| u16::from(byte))
                    .collect()
            }
        }
    };
    (!entries.is_empty()).then_some(entries)
}
