//! The command set: the elements of group 0000, in Implicit VR Little Endian (PS3.7 6.3.1).

use std::collections::BTreeMap;
use std::fmt;

use crate::ae::AeTitle;
use crate::uid::Uid;

/// Element numbers of group 0000 (PS3.7 Annex E).
pub mod element {
    /// UL, bytes that follow it.
    pub const GROUP_LENGTH: u16 = 0x0000;
    /// UI.
    pub const AFFECTED_SOP_CLASS: u16 = 0x0002;
    /// UI.
    pub const REQUESTED_SOP_CLASS: u16 = 0x0003;
    /// US, which message it is.
    pub const COMMAND_FIELD: u16 = 0x0100;
    /// US.
    pub const MESSAGE_ID: u16 = 0x0110;
    /// US.
    pub const MESSAGE_ID_RESPONDED_TO: u16 = 0x0120;
    /// AE.
    pub const MOVE_DESTINATION: u16 = 0x0600;
    /// US.
    pub const PRIORITY: u16 = 0x0700;
    /// US, 0101H when no data set follows.
    pub const DATA_SET_TYPE: u16 = 0x0800;
    /// US.
    pub const STATUS: u16 = 0x0900;
    /// AT, one or more.
    pub const OFFENDING_ELEMENT: u16 = 0x0901;
    /// LO.
    pub const ERROR_COMMENT: u16 = 0x0902;
    /// US.
    pub const ERROR_ID: u16 = 0x0903;
    /// UI.
    pub const AFFECTED_SOP_INSTANCE: u16 = 0x1000;
    /// UI.
    pub const REQUESTED_SOP_INSTANCE: u16 = 0x1001;
    /// US.
    pub const EVENT_TYPE: u16 = 0x1002;
    /// AT, one or more.
    pub const ATTRIBUTE_LIST: u16 = 0x1005;
    /// US.
    pub const ACTION_TYPE: u16 = 0x1008;
    /// US.
    pub const REMAINING: u16 = 0x1020;
    /// US.
    pub const COMPLETED: u16 = 0x1021;
    /// US.
    pub const FAILED: u16 = 0x1022;
    /// US.
    pub const WARNING: u16 = 0x1023;
    /// AE.
    pub const MOVE_ORIGINATOR: u16 = 0x1030;
    /// US.
    pub const MOVE_ORIGINATOR_MESSAGE_ID: u16 = 0x1031;
}

/// Whether a data set follows the command set (0000,0800).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataSet {
    /// 0101H.
    Absent,
    /// Any other value; written as 0001H.
    Present,
}

/// A command set as elements, for those who need one that no typed [`Command`](super::Command) can say:
/// a fault that leaves an element out, a probe that sends a wrong one.
///
/// Values are kept as they travel, padding included. The group length is not kept: writing computes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandSet {
    elements: BTreeMap<u16, Vec<u8>>,
}

impl CommandSet {
    /// Reads the elements, whatever their order and whatever the group length says; [`CommandSet::irregularities`] is the strict view.
    /// Of an element that comes twice the last counts.
    ///
    /// # Errors
    /// An element cut short, or one that is not of group 0000.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SetError> {
        let mut elements = BTreeMap::new();
        for found in (Elements { bytes, offset: 0 }) {
            let (number, value) = found?;
            if number != element::GROUP_LENGTH {
                elements.insert(number, value.to_vec());
            }
        }
        Ok(Self { elements })
    }

    /// The set as it travels: ascending, group length first, every value of even length.
    pub fn to_bytes(&self) -> Vec<u8> {
        let length: usize = self
            .elements
            .values()
            .map(|value| 8 + value.len() + value.len() % 2)
            .sum();
        let mut bytes = Vec::with_capacity(12 + length);
        bytes.extend_from_slice(&[0, 0, 0, 0, 4, 0, 0, 0]);
        bytes.extend_from_slice(&(length as u32).to_le_bytes());
        for (&number, value) in &self.elements {
            bytes.extend_from_slice(&[0, 0]);
            bytes.extend_from_slice(&number.to_le_bytes());
            bytes.extend_from_slice(&((value.len() + value.len() % 2) as u32).to_le_bytes());
            bytes.extend_from_slice(value);
            bytes.extend(std::iter::repeat_n(0, value.len() % 2));
        }
        bytes
    }

    /// What a strict reader would object to in these bytes (PS3.7 6.3.1), in the order found.
    ///
    /// # Errors
    /// Bytes that [`CommandSet::from_bytes`] cannot read either.
    pub fn irregularities(bytes: &[u8]) -> Result<Vec<Irregularity>, SetError> {
        let mut found = Vec::new();
        let mut last = None;
        for next in (Elements { bytes, offset: 0 }) {
            let (number, value) = next?;
            match last {
                None if number != element::GROUP_LENGTH => found.push(Irregularity::NoGroupLength),
                None => {
                    let declared = value
                        .first_chunk()
                        .map(|b| u32::from_le_bytes(*b))
                        .unwrap_or(0);
                    let actual = bytes.len() - 8 - value.len();
                    if declared as usize != actual {
                        found.push(Irregularity::GroupLength { declared, actual });
                    }
                }
                Some(last) if number <= last => found.push(Irregularity::Order {
                    element: number,
                    after: last,
                }),
                Some(_) => {}
            }
            if value.len() % 2 != 0 {
                found.push(Irregularity::OddLength {
                    element: number,
                    length: value.len(),
                });
            }
            last = Some(number);
        }
        if last.is_none() {
            found.push(Irregularity::NoGroupLength);
        }
        Ok(found)
    }

    /// The bytes of a value, padding included.
    pub fn bytes(&self, element: u16) -> Option<&[u8]> {
        self.elements.get(&element).map(Vec::as_slice)
    }

    /// Puts a value; an odd length is filled up with NUL on writing.
    pub fn put(&mut self, element: u16, value: impl Into<Vec<u8>>) -> &mut Self {
        self.elements.insert(element, value.into());
        self
    }

    /// Takes an element out.
    pub fn remove(&mut self, element: u16) -> &mut Self {
        self.elements.remove(&element);
        self
    }

    /// Element numbers present, ascending.
    pub fn elements(&self) -> impl Iterator<Item = u16> {
        self.elements.keys().copied()
    }

    /// Whether a data set follows. A set without (0000,0800) has none.
    pub fn data_set(&self) -> DataSet {
        match self.number(element::DATA_SET_TYPE) {
            Ok(None | Some(0x0101)) | Err(_) => DataSet::Absent,
            Ok(Some(_)) => DataSet::Present,
        }
    }

    /// A US value. An element of length 0 counts as absent.
    ///
    /// # Errors
    /// A value that is not two bytes.
    pub fn number(&self, element: u16) -> Result<Option<u16>, SetError> {
        match self.bytes(element) {
            None | Some([]) => Ok(None),
            Some(&[low, high]) => Ok(Some(u16::from_le_bytes([low, high]))),
            Some(value) => Err(SetError::Value {
                element,
                value: format!("{} bytes", value.len()),
                expected: "a US of two bytes",
            }),
        }
    }

    /// A UI value. An empty one counts as absent.
    ///
    /// # Errors
    /// A value that is no UID.
    pub fn uid(&self, element: u16) -> Result<Option<Uid>, SetError> {
        let Some(text) = self.text(element) else {
            return Ok(None);
        };
        let wrong = |_| SetError::Value {
            element,
            value: format!("{text:?}"),
            expected: "a UID",
        };
        Uid::from_padded(&text).map(Some).map_err(wrong)
    }

    /// An AE value. An empty one counts as absent.
    ///
    /// # Errors
    /// A value that is no AE title.
    pub fn ae_title(&self, element: u16) -> Result<Option<AeTitle>, SetError> {
        let Some(text) = self.text(element) else {
            return Ok(None);
        };
        let wrong = |_| SetError::Value {
            element,
            value: format!("{text:?}"),
            expected: "an AE title",
        };
        AeTitle::parse(&text).map(Some).map_err(wrong)
    }

    /// A text value without its padding; bytes that are not ASCII become U+FFFD. Empty counts as absent.
    pub fn text(&self, element: u16) -> Option<String> {
        let bytes = self.bytes(element)?;
        let text: String = bytes
            .iter()
            .map(|&b| {
                if b.is_ascii() {
                    char::from(b)
                } else {
                    char::REPLACEMENT_CHARACTER
                }
            })
            .collect();
        let text = text.trim_matches([' ', '\0']);
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// An AT value as (group, element) pairs; bytes behind the last whole pair are left out.
    pub fn tags(&self, element: u16) -> Vec<(u16, u16)> {
        let pair = |b: &[u8]| {
            (
                u16::from_le_bytes([b[0], b[1]]),
                u16::from_le_bytes([b[2], b[3]]),
            )
        };
        self.bytes(element)
            .unwrap_or_default()
            .chunks_exact(4)
            .map(pair)
            .collect()
    }

    /// Puts a US.
    pub fn put_number(&mut self, element: u16, value: u16) -> &mut Self {
        self.put(element, value.to_le_bytes())
    }

    /// Puts a UI, padded with NUL.
    pub fn put_uid(&mut self, element: u16, value: &Uid) -> &mut Self {
        self.put(element, value.as_str())
    }

    /// Puts an AE or LO, padded with a space.
    pub fn put_text(&mut self, element: u16, value: &str) -> &mut Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.extend(std::iter::repeat_n(b' ', bytes.len() % 2));
        self.put(element, bytes)
    }

    /// Puts an AT.
    pub fn put_tags(&mut self, element: u16, tags: &[(u16, u16)]) -> &mut Self {
        let bytes: Vec<u8> = tags
            .iter()
            .flat_map(|&(group, number)| [group.to_le_bytes(), number.to_le_bytes()])
            .flatten()
            .collect();
        self.put(element, bytes)
    }
}

/// Walks the elements of a command set; ends after the first error.
struct Elements<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Result<(u16, &'a [u8]), SetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let rest = self.bytes.get(offset..).filter(|rest| !rest.is_empty())?;
        self.offset = self.bytes.len();
        let Some((&[g0, g1, e0, e1, l0, l1, l2, l3], values)) = rest.split_first_chunk() else {
            return Some(Err(SetError::Truncated {
                offset,
                missing: 8 - rest.len(),
            }));
        };
        let (group, number) = (u16::from_le_bytes([g0, g1]), u16::from_le_bytes([e0, e1]));
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if group != 0 {
            return Some(Err(SetError::Group {
                offset,
                group,
                element: number,
            }));
        }
        let Some(value) = values.get(..length) else {
            return Some(Err(SetError::Truncated {
                offset,
                missing: length - values.len(),
            }));
        };
        self.offset = offset + 8 + length;
        Some(Ok((number, value)))
    }
}

/// A departure from PS3.7 6.3.1 that still can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Irregularity {
    /// (0000,0000) is not the first element.
    NoGroupLength,
    /// (0000,0000) does not count the bytes behind it.
    GroupLength {
        /// Its value.
        declared: u32,
        /// Bytes that follow.
        actual: usize,
    },
    /// An element that should have come earlier, or comes twice.
    Order {
        /// Its number.
        element: u16,
        /// The number before it.
        after: u16,
    },
    /// A value of odd length.
    OddLength {
        /// Its number.
        element: u16,
        /// Its length in bytes.
        length: usize,
    },
}

impl fmt::Display for Irregularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoGroupLength => {
                write!(f, "command group length (0000,0000) does not come first")
            }
            Self::GroupLength { declared, actual } => {
                write!(
                    f,
                    "command group length says {declared} bytes, {actual} follow"
                )
            }
            Self::Order { element, after } => {
                write!(f, "(0000,{element:04X}) comes after (0000,{after:04X})")
            }
            Self::OddLength { element, length } => {
                write!(f, "(0000,{element:04X}) has the odd length {length}")
            }
        }
    }
}

/// Why bytes are not a command set, or a value not what its element holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The bytes end inside an element.
    #[error("command set ends inside the element at offset {offset}, {missing} bytes are missing")]
    Truncated {
        /// Where the element starts.
        offset: usize,
        /// Bytes that are not there.
        missing: usize,
    },
    /// An element that does not belong into a command set.
    #[error("({group:04X},{element:04X}) at offset {offset} is not a command element")]
    Group {
        /// Where the element starts.
        offset: usize,
        /// Its group.
        group: u16,
        /// Its number.
        element: u16,
    },
    /// A value of the wrong shape.
    #[error("(0000,{element:04X}) holds {value}, expected {expected}")]
    Value {
        /// Its number.
        element: u16,
        /// What was there.
        value: String,
        /// What belongs there.
        expected: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_ascending_even_and_counted() {
        let mut set = CommandSet::default();
        set.put_number(element::COMMAND_FIELD, 0x0030)
            .put(element::AFFECTED_SOP_CLASS, "1.2.3")
            .put_text(element::ERROR_COMMENT, "odd");
        let bytes = set.to_bytes();
        assert_eq!(bytes[8..12], ((bytes.len() - 12) as u32).to_le_bytes());
        assert_eq!(bytes[12..26], *b"\0\0\x02\0\x06\0\0\x001.2.3\0");
        assert!(bytes.ends_with(b"odd "));
        assert_eq!(CommandSet::irregularities(&bytes), Ok(vec![]));
    }

    #[test]
    fn a_disordered_set_is_read_and_its_faults_are_told() {
        let bytes =
            b"\0\0\x10\x01\x02\0\0\0\x07\0\0\0\0\x01\x02\0\0\0\x30\0\0\0\x02\x09\x01\0\0\0x";
        let set = CommandSet::from_bytes(bytes).unwrap();
        assert_eq!(set.number(element::MESSAGE_ID), Ok(Some(7)));
        assert_eq!(
            CommandSet::irregularities(bytes).unwrap(),
            [
                Irregularity::NoGroupLength,
                Irregularity::Order {
                    element: 0x0100,
                    after: 0x0110
                },
                Irregularity::OddLength {
                    element: 0x0902,
                    length: 1
                },
            ]
        );
    }

    #[test]
    fn a_set_cut_short_tells_where() {
        let cut = CommandSet::from_bytes(b"\0\0\x10\x01\x02\0\0\0\x07").unwrap_err();
        assert_eq!(
            cut.to_string(),
            "command set ends inside the element at offset 0, 1 bytes are missing"
        );
        let huge = CommandSet::from_bytes(b"\0\0\x10\x01\xFF\xFF\xFF\xFF").unwrap_err();
        assert_eq!(
            huge,
            SetError::Truncated {
                offset: 0,
                missing: 0xFFFF_FFFF
            }
        );
        let other = CommandSet::from_bytes(b"\x08\0\x10\x01\0\0\0\0").unwrap_err();
        assert_eq!(
            other.to_string(),
            "(0008,0110) at offset 0 is not a command element"
        );
    }
}
