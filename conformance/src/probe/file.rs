//! DICOM files of answers, read without recursion and without a decoder: which transfer syntax, which values at the top level.

mod leaves;

use std::collections::BTreeMap;

use bytes::Bytes;
use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};

use crate::outcome::{Finding, Verdict};

pub use leaves::leaves;

/// Length of elements and items whose end is marked.
const UNDEFINED: u32 = 0xFFFF_FFFF;
/// Item Delimitation Item.
const ITEM_END: Tag = Tag(0xFFFE, 0xE00D);
/// Sequence Delimitation Item.
const SEQUENCE_END: Tag = Tag(0xFFFE, 0xE0DD);
/// What comes before the file meta information: the preamble and the prefix.
const PREAMBLE: usize = 128;

/// A Part 10 file.
#[derive(Clone, Debug)]
pub struct File {
    /// Transfer Syntax UID (0002,0010).
    pub transfer_syntax: String,
    /// What follows the file meta information.
    pub data_set: Bytes,
    /// How many bytes of file meta information follow its group length.
    pub meta_length: usize,
    elements: BTreeMap<Tag, Bytes>,
}

impl File {
    /// Reads a file. Values are there for uncompressed and encapsulated little endian; of other transfer syntaxes only the name.
    ///
    /// # Errors
    /// A failure that names the offset at which it is not a DICOM file.
    pub fn read(bytes: &Bytes) -> Verdict<Self> {
        if bytes.get(PREAMBLE..PREAMBLE + 4) != Some(b"DICM") {
            return Err(Finding::fail(format!(
                "{} bytes that are not a DICOM file",
                bytes.len()
            )));
        }
        let mut walk = Walk {
            bytes,
            at: PREAMBLE + 4,
            explicit: true,
        };
        let mut meta = BTreeMap::new();
        let mut meta_start = walk.at;
        while walk.peek_group() == Some(2) {
            let (tag, value) = walk.element()?;
            if tag == tags::FILE_META_INFORMATION_GROUP_LENGTH {
                meta_start = walk.at;
            }
            meta.insert(tag, value);
        }
        let meta_length = walk.at - meta_start;
        let transfer_syntax = text(meta.get(&tags::TRANSFER_SYNTAX_UID)).unwrap_or_default();
        #[expect(deprecated, reason = "retired, and still sent")]
        let unreadable = [
            uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
            uids::EXPLICIT_VR_BIG_ENDIAN,
        ];
        let mut elements = meta;
        if !unreadable.contains(&transfer_syntax.as_str()) {
            elements.extend(data_set(&bytes.slice(walk.at..), &transfer_syntax)?);
        }
        Ok(Self {
            data_set: bytes.slice(walk.at..),
            meta_length,
            transfer_syntax,
            elements,
        })
    }

    /// The SOP Instance UID, of the data set or else of the file meta information.
    pub fn sop_instance(&self) -> Option<String> {
        let meta = || text(self.elements.get(&tags::MEDIA_STORAGE_SOP_INSTANCE_UID));
        text(self.elements.get(&tags::SOP_INSTANCE_UID)).or_else(meta)
    }

    /// The elements of the data set that are not the same in another file, at most five.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let all = self.elements.keys().chain(other.elements.keys());
        let mut tags: Vec<_> = all
            .filter(|tag| tag.group() != 2)
            .filter(|tag| self.elements.get(tag) != other.elements.get(tag))
            .collect();
        tags.sort_unstable();
        tags.dedup();
        tags.iter().take(5).map(ToString::to_string).collect()
    }

    /// The elements at the top level, those of the file meta information among them.
    pub fn tags(&self) -> impl Iterator<Item = Tag> {
        self.elements.keys().copied()
    }

    /// A value at the top level as text, without its padding.
    pub fn text(&self, tag: Tag) -> Option<String> {
        text(self.elements.get(&tag))
    }

    /// The items of encapsulated pixel data, the Basic Offset Table first; none if it is native.
    pub fn fragments(&self) -> Vec<Bytes> {
        let Some(value) = self.elements.get(&tags::PIXEL_DATA) else {
            return Vec::new();
        };
        let mut fragments = Vec::new();
        let mut at = 0;
        while let Some(&[0xFE, 0xFF, 0x00, 0xE0, a, b, c, d]) = value.get(at..at + 8) {
            let end = at + 8 + u32::from_le_bytes([a, b, c, d]) as usize;
            fragments.extend(value.get(at + 8..end).map(|item| value.slice_ref(item)));
            at = end;
        }
        fragments
    }

    /// The bytes of an element at the top level; of a sequence or of encapsulated pixel data, everything in it.
    pub fn value(&self, tag: Tag) -> Option<&Bytes> {
        self.elements.get(&tag)
    }
}

/// The elements at the top level of a little endian data set, with all that is nested in each.
///
/// # Errors
/// A failure that names the offset at which it is no data set.
pub fn data_set(bytes: &Bytes, transfer_syntax: &str) -> Verdict<BTreeMap<Tag, Bytes>> {
    let explicit = transfer_syntax != uids::IMPLICIT_VR_LITTLE_ENDIAN;
    let mut walk = Walk {
        bytes,
        at: 0,
        explicit,
    };
    let mut elements = BTreeMap::new();
    while walk.at < bytes.len() {
        let (tag, value) = walk.element()?;
        elements.insert(tag, value);
    }
    Ok(elements)
}

/// The items of a sequence's value, each as [`data_set`] reads it.
///
/// # Errors
/// A failure that names the offset at which it is no sequence of items.
pub fn items(bytes: &Bytes, transfer_syntax: &str) -> Verdict<Vec<BTreeMap<Tag, Bytes>>> {
    let explicit = transfer_syntax != uids::IMPLICIT_VR_LITTLE_ENDIAN;
    let mut walk = Walk {
        bytes,
        at: 0,
        explicit,
    };
    let mut items = Vec::new();
    while walk.at < bytes.len() {
        let (tag, _, length) = walk.head()?;
        if tag == SEQUENCE_END {
            break;
        }
        let end = (length != UNDEFINED).then(|| walk.at.saturating_add(length as usize));
        let mut item = BTreeMap::new();
        while end.is_none_or(|end| walk.at < end) {
            let (tag, value) = walk.element()?;
            if tag == ITEM_END {
                break;
            }
            item.insert(tag, value);
        }
        items.push(item);
    }
    Ok(items)
}

/// A value as text, without its padding.
pub(crate) fn text(value: Option<&Bytes>) -> Option<String> {
    value.map(|bytes| {
        String::from_utf8_lossy(bytes)
            .trim_end_matches(['\0', ' '])
            .to_owned()
    })
}

struct Walk<'a> {
    bytes: &'a Bytes,
    at: usize,
    explicit: bool,
}

impl Walk<'_> {
    fn peek_group(&self) -> Option<u16> {
        self.bytes
            .get(self.at..self.at + 2)
            .map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    /// The next element with all that is nested in it.
    fn element(&mut self) -> Verdict<(Tag, Bytes)> {
        let (tag, _, length) = self.head()?;
        let start = self.at;
        if length != UNDEFINED {
            self.skip(length)?;
            return Ok((tag, self.bytes.slice(start..self.at)));
        }
        let mut open = 1_u32;
        while open > 0 {
            let (tag, _, length) = self.head()?;
            match tag {
                ITEM_END | SEQUENCE_END => open -= 1,
                _ if length == UNDEFINED => open += 1,
                _ => self.skip(length)?,
            }
        }
        Ok((tag, self.bytes.slice(start..self.at)))
    }

    /// Tag, VR (nothing for implicit ones and items) and length.
    fn head(&mut self) -> Verdict<(Tag, [u8; 2], u32)> {
        let bytes = self.take(8)?;
        let tag = Tag(
            u16::from_le_bytes([bytes[0], bytes[1]]),
            u16::from_le_bytes([bytes[2], bytes[3]]),
        );
        let long = u32::from_le_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        if tag.group() == 0xFFFE || !self.explicit {
            return Ok((tag, [0; 2], long));
        }
        let vr = [bytes[4], bytes[5]];
        match vr.as_slice() {
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN"
            | b"UR" | b"UT" | b"UV" => {
                let length = self.take(4)?;
                Ok((
                    tag,
                    vr,
                    u32::from_le_bytes([length[0], length[1], length[2], length[3]]),
                ))
            }
            text if text.iter().all(u8::is_ascii_uppercase) => {
                Ok((tag, vr, u32::from(u16::from_le_bytes([bytes[6], bytes[7]]))))
            }
            vr => Err(Finding::fail(format!(
                "an element {tag} with VR {vr:02X?} at byte {}",
                self.at - 8
            ))),
        }
    }

    fn take(&mut self, count: usize) -> Verdict<Bytes> {
        let start = self.at;
        self.skip(count as u32)?;
        Ok(self.bytes.slice(start..self.at))
    }

    fn skip(&mut self, count: u32) -> Verdict {
        let end = self
            .at
            .checked_add(count as usize)
            .filter(|&end| end <= self.bytes.len());
        let short = || {
            Finding::fail(format!(
                "a file of {} bytes that ends inside an element at {}",
                self.bytes.len(),
                self.at
            ))
        };
        self.at = end.ok_or_else(short)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::identity::Identity;

    #[test]
    fn what_was_stored_is_read_back() {
        for syntax in [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::RLE_LOSSLESS] {
            let study = Data::new(&Identity::new(1), "a.b")
                .study(1)
                .transfer_syntax(syntax)
                .build();
            let instance = &study.instances[0];
            let file = File::read(&instance.file).unwrap();
            assert_eq!(file.transfer_syntax, syntax);
            assert_eq!(file.sop_instance().as_ref(), Some(&instance.uid));
            let requests = file.value(tags::REQUEST_ATTRIBUTES_SEQUENCE).unwrap();
            let requests = items(requests, syntax).unwrap();
            let step = requests[0].get(&tags::SCHEDULED_PROCEDURE_STEP_ID);
            assert_eq!((requests.len(), text(step).as_deref()), (1, Some("SPS1")));
            assert_eq!(
                file.value(tags::PIXEL_DATA) == Some(&instance.pixels),
                syntax == uids::EXPLICIT_VR_LITTLE_ENDIAN
            );
        }
    }

    #[test]
    fn a_cut_file_is_refused_at_every_length() {
        let study = Data::new(&Identity::new(1), "a.b").study(1).build();
        let file = &study.instances[0].file;
        let whole = File::read(file).unwrap().elements.len();
        for end in 0..file.len() {
            // A cut between two elements cannot be seen.
            assert!(
                File::read(&file.slice(..end)).map_or(true, |cut| cut.elements.len() < whole),
                "{end}"
            );
        }
    }
}
