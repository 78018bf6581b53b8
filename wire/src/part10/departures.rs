//! What is read all the same though PS3.5 does not have it: told, so that nobody takes such a value for a sound one.

use std::fmt;
use std::io::{Read, Seek};

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry, VirtualVr};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

use super::walk::{Syntax, Visit, walk};
use super::{Bulk, Element, Layout, ScanError, number_size, source_of};

/// The most departures that are told of one data set.
const MOST: usize = 1000;

/// A value that is not encoded as PS3.5 has it, without the value: it may be a patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// The attribute.
    pub tag: Tag,
    /// The sequences that it lies in, outermost first; empty at top level.
    pub within: Vec<Tag>,
    /// What is wrong.
    pub wrong: Misencoding,
}

/// What is wrong with a value's encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misencoding {
    /// An odd number of bytes (PS3.5 7.1.1).
    OddLength(u64),
    /// A VR of another kind than the dictionary's: a number's over a text, or the other way round (PS3.6).
    OtherVr {
        /// As written.
        written: VR,
        /// As the dictionary has it.
        dictionary: VR,
    },
    /// An item of the sequence, or the sequence itself, ends with a delimitation that has a length (PS3.5 7.5.2).
    Delimiter {
        /// As written; it should be 0.
        length: u32,
    },
    /// Not a whole number of numbers of its VR (PS3.5 6.2).
    Ragged {
        /// As written.
        vr: VR,
        /// Bytes.
        length: u64,
    },
}

impl fmt::Display for Misencoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OddLength(length) => write!(f, "an odd length of {length} bytes"),
            Self::OtherVr {
                written,
                dictionary,
            } => write!(f, "VR {written} where the dictionary has {dictionary}"),
            Self::Delimiter { length } => {
                write!(f, "a delimitation of length {length} in place of 0")
            }
            Self::Ragged { vr, length } => {
                write!(
                    f,
                    "{length} bytes, which is no whole number of values of VR {vr}"
                )
            }
        }
    }
}

/// What of a data set is not encoded as PS3.5 has it, in one more pass over its element headers; at most a thousand.
///
/// UN instead of another VR is no departure (PS3.5 6.2.2), nor is a VR of the same kind: dictionaries have changed CS to LO.
///
/// ```
/// use dicom_wire::part10::{FileMeta, Limits, departures, scan};
/// use dicom_wire::uid::Uid;
/// use std::io::Cursor;
///
/// let uid = |text| Uid::parse(text);
/// let meta = FileMeta::new(uid("1.2.840.10008.5.1.4.1.1.7")?, uid("1.2.3")?, uid("1.2.840.10008.1.2.1")?);
/// let mut file = meta.to_bytes();
/// file.extend(b"\x10\x00\x20\x00LO\x03\x00IDX");
///
/// let layout = scan(Cursor::new(&file), &Limits::default())?;
/// let found = departures(Cursor::new(&file), &layout)?;
/// assert_eq!(found[0].wrong.to_string(), "an odd length of 3 bytes");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn departures(reader: impl Read + Seek, layout: &Layout) -> Result<Vec<Departure>, ScanError> {
    let syntax = layout.encoding.syntax();
    let mut survey = Survey {
        syntax,
        within: Vec::new(),
        found: Vec::new(),
    };
    let mut source = source_of(reader, layout)?;
    walk(&mut source, syntax, &layout.limits, &mut survey)?;
    Ok(survey.found)
}

struct Survey {
    syntax: Syntax,
    within: Vec<Tag>,
    found: Vec<Departure>,
}

impl Survey {
    fn look(&mut self, tag: Tag, vr: VR, length: u64) {
        let size = number_size(vr) as u64;
        let wrong = if let Some(dictionary) = self.other_kind(tag, vr) {
            Misencoding::OtherVr {
                written: vr,
                dictionary,
            }
        } else if length % 2 == 1 {
            Misencoding::OddLength(length)
        } else if !length.is_multiple_of(size) {
            Misencoding::Ragged { vr, length }
        } else {
            return;
        };
        self.tell(tag, self.within.clone(), wrong);
    }

    fn tell(&mut self, tag: Tag, within: Vec<Tag>, wrong: Misencoding) {
        if self.found.len() < MOST {
            self.found.push(Departure { tag, within, wrong });
        }
    }

    /// The dictionary's VR, where what is written is of another kind.
    fn other_kind(&self, tag: Tag, written: VR) -> Option<VR> {
        if self.syntax.implicit || tag.0 % 2 == 1 || tag.1 == 0 || written == VR::UN {
            return None;
        }
        let VirtualVr::Exact(known) = StandardDataDictionary.by_tag(tag)?.vr() else {
            return None;
        };
        (Kind::of(known) != Kind::of(written)).then_some(known)
    }
}

/// VRs whose values look alike, so that one may have been written for another.
#[derive(PartialEq)]
enum Kind {
    Text,
    Number(VR),
    Bytes,
    Items,
    Unknown,
}

impl Kind {
    fn of(vr: VR) -> Self {
        match vr {
            VR::SQ => Self::Items,
            VR::UN => Self::Unknown,
            VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW => Self::Bytes,
            // Signed or not depends on the pixels (PS3.5 A.1), and writers differ.
            VR::US | VR::SS => Self::Number(VR::US),
            VR::UL | VR::SL => Self::Number(VR::UL),
            VR::UV | VR::SV => Self::Number(VR::UV),
            VR::AT | VR::FL | VR::FD => Self::Number(vr),
            _ => Self::Text,
        }
    }
}

impl Visit for Survey {
    fn wants(&self, _tag: Tag, _nested: bool) -> bool {
        true
    }

    fn value(&mut self, tag: Tag, vr: VR, bytes: Vec<u8>) {
        self.look(tag, vr, bytes.len() as u64);
    }

    fn bulk(&mut self, element: Element) {
        if let Bulk::Whole(range) = element.value {
            self.look(element.tag, element.vr, range.end - range.start);
        }
    }

    fn open_sequence(&mut self, tag: Tag) {
        self.within.push(tag);
    }

    fn open_item(&mut self) {}

    fn close_item(&mut self) {}

    fn close_sequence(&mut self) {
        self.within.pop();
    }

    fn delimiter(&mut self, length: u32) {
        if let (Some((tag, within)), true) = (self.within.split_last(), length != 0) {
            self.tell(*tag, within.to_vec(), Misencoding::Delimiter { length });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{FileMeta, Limits, scan};
    use super::*;
    use crate::uid::Uid;

    fn told(syntax: &str, data_set: &[u8]) -> Vec<String> {
        let uid = |text| Uid::parse(text).expect("a UID");
        let meta = FileMeta::new(uid("1.2.840.10008.5.1.4.1.1.7"), uid("1.2.3"), uid(syntax));
        let mut file = meta.to_bytes();
        file.extend(data_set);
        let layout = scan(Cursor::new(&file), &Limits::default()).expect("readable");
        let found = departures(Cursor::new(&file), &layout).expect("readable twice");
        found
            .iter()
            .map(|departure| format!("{} {}", departure.tag, departure.wrong))
            .collect()
    }

    #[test]
    fn a_sound_data_set_has_no_departures() {
        let sound = b"\x08\x00\x60\x00CS\x02\x00CT\x28\x00\x06\x01SS\x02\x00\x01\x00\x10\x00\x20\x00UN\x00\x00\x02\x00\x00\x00ID";
        assert_eq!(told("1.2.840.10008.1.2.1", sound), Vec::<String>::new());
    }

    #[test]
    fn an_odd_length_a_foreign_vr_and_a_ragged_value_are_told_with_their_tags() {
        let odd = b"\x08\x00\x30\x10LO\x03\x00abc";
        let foreign = b"\x20\x00\x13\x00FD\x02\x0012";
        let ragged = b"\x28\x00\x08\x11UL\x02\x00\x01\x00";
        let private = b"\x29\x00\x08\x10UL\x02\x00\x01\x00";
        assert_eq!(
            told("1.2.840.10008.1.2.1", odd),
            ["(0008,1030) an odd length of 3 bytes"]
        );
        assert_eq!(
            told("1.2.840.10008.1.2.1", foreign),
            ["(0020,0013) VR FD where the dictionary has IS"]
        );
        assert!(!told("1.2.840.10008.1.2.1", ragged).is_empty());
        assert_eq!(
            told("1.2.840.10008.1.2.1", private),
            ["(0029,1008) 2 bytes, which is no whole number of values of VR UL"]
        );
    }

    #[test]
    fn a_delimitation_with_a_length_is_told_with_its_sequence() {
        let sequence = b"\x08\x00\x20\x11SQ\0\0\xFF\xFF\xFF\xFF\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF\xFE\xFF\x0D\xE0\0\0\0\0\xFE\xFF\xDD\xE0\x04\0\0\0";
        assert_eq!(
            told("1.2.840.10008.1.2.1", sequence),
            ["(0008,1120) a delimitation of length 4 in place of 0"]
        );
    }

    #[test]
    fn in_implicit_vr_only_lengths_can_be_wrong() {
        assert_eq!(
            told("1.2.840.10008.1.2", b"\x08\x00\x30\x10\x03\x00\x00\x00abc"),
            ["(0008,1030) an odd length of 3 bytes"]
        );
    }
}
