use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::part10::Bulk;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;
use crate::store::Stored;

/// The bytes of a frame are not those of the frame.
///
/// On the wire: a frame under 200 whose bytes are in the wrong order, begin with the tag of their item, end after the first fragment of several, or begin in the
/// middle of another frame. Archives do it whose authors knew one kind of file. A good client looks at the first bytes of a codestream, and compares the length of
/// native pixels with rows, columns and bits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FrameBytes {
    /// What is wrong with them.
    pub wrong: Wrong,
}

/// What is wrong with the bytes of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// Each two bytes are in big endian.
    #[default]
    BigEndian,
    /// A codestream with the tag and length of its item before it.
    ItemTag,
    /// The first of several fragments stands for all.
    FirstFragment,
    /// A frame of single bits that begins at the byte in which its first bit is.
    ByteAligned,
    /// The second half is missing.
    Half,
}

impl Wrong {
    fn done(self, stored: &Stored, frame: u32, bytes: &[u8]) -> Option<Vec<u8>> {
        let pixels = stored.layout().pixel_data()?;
        let is_codestream = match &pixels.value {
            Bulk::Fragments { fragments, .. } => Some(fragments),
            Bulk::Whole(_) => None,
        };
        match self {
            Self::BigEndian => {
                let mut swapped = bytes.to_vec();
                let wide = number(stored, tags::BITS_ALLOCATED)? > 8;
                wide.then(|| swapped.chunks_exact_mut(2).for_each(<[u8]>::reverse))?;
                Some(swapped)
            }
            Self::ItemTag => {
                is_codestream?;
                let length = (bytes.len() as u32).to_le_bytes();
                Some([&[0xFE, 0xFF, 0x00, 0xE0], &length[..], bytes].concat())
            }
            Self::FirstFragment => {
                let first = is_codestream?
                    .iter()
                    .map(|range| (range.end - range.start) as usize)
                    .find(|&length| length < bytes.len())?;
                Some(bytes[..first].to_vec())
            }
            Self::ByteAligned => {
                let size = number(stored, tags::ROWS)? * number(stored, tags::COLUMNS)?;
                let start = u64::from(frame - 1) * u64::from(size);
                if is_codestream.is_some() || number(stored, tags::BITS_ALLOCATED)? != 1 || start % 8 == 0 {
                    return None;
                }
                // The neighbour's last bits come first.
                let shift = start % 8;
                let mut carried = 0;
                let shifted = bytes.iter().map(|&byte| {
                    let wide = u16::from(byte) << shift | carried;
                    carried = wide >> 8;
                    wide as u8
                });
                Some(shifted.collect())
            }
            Self::Half => Some(bytes[..bytes.len() / 2].to_vec()),
        }
    }
}

fn number(stored: &Stored, tag: Tag) -> Option<u32> {
    stored.header().get(tag)?.to_int().ok()
}

impl Fault for FrameBytes {
    fn moment(&self) -> Moment {
        Moment::Frame
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Frame { stored, frame, bytes }, .. })
            if self.wrong.done(stored, *frame, bytes).is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Frame { stored, frame, bytes } = &mut shape.form
            && let Some(wrong) = self.wrong.done(stored, *frame, bytes)
        {
            **bytes = wrong.into();
        }
    }
}
