//! The way from a data set to an attribute.

use std::fmt;

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// The way from a data set to an attribute: one tag, or sequences and then a tag.
///
/// Never empty. Displays as in a URL, with the keywords of the standard's dictionary:
/// `RequestAttributesSequence.ScheduledProcedureStepID`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Tag>);

impl Path {
    /// Reads an attribute identifier (PS3.18 8.3.4.1): keywords or tags of eight hexadecimal
    /// digits, joined by dots. `None` when a component is no attribute that the dictionary knows
    /// and not private either, or when a component other than the last is no sequence.
    ///
    /// ```
    /// use dicom_wire::query::Path;
    ///
    /// assert_eq!(Path::parse("00400275.00400009"),
    ///            Path::parse("RequestAttributesSequence.ScheduledProcedureStepID"));
    /// assert!(Path::parse("patientid").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Path> {
        let tags: Vec<Tag> = text.split('.').map(tag).collect::<Option<_>>()?;
        let (_, sequences) = tags.split_last()?;
        if sequences.len() > super::MAX_DEPTH {
            return None;
        }
        let nests = |&tag: &Tag| vr(tag) == VR::SQ || is_private(tag);
        sequences.iter().all(nests).then_some(Path(tags))
    }

    /// The tags, outermost first.
    pub fn tags(&self) -> &[Tag] {
        &self.0
    }

    /// The attribute at the end.
    pub fn leaf(&self) -> Tag {
        self.0[self.0.len() - 1]
    }

    /// The sequences that the attribute lies in, outermost first.
    pub fn sequences(&self) -> &[Tag] {
        &self.0[..self.0.len() - 1]
    }

    /// The path of an attribute in an item of the sequence that this path leads to.
    pub fn then(&self, tag: Tag) -> Path {
        let mut tags = self.0.clone();
        tags.push(tag);
        Path(tags)
    }

    /// The value representation of the attribute by the data dictionary, UN when it has none.
    pub fn vr(&self) -> VR {
        vr(self.leaf())
    }
}

impl From<Tag> for Path {
    fn from(tag: Tag) -> Path {
        Path(vec![tag])
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, &step) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            match StandardDataDictionary
                .by_tag(step)
                .map(|entry| entry.alias())
            {
                // Keywords of repeating groups name the group's first tag only.
                Some(keyword) if tag(keyword) == Some(step) => f.write_str(keyword)?,
                _ => write!(f, "{:04X}{:04X}", step.0, step.1)?,
            }
        }
        Ok(())
    }
}

/// Reads one keyword or tag. Keywords are case-sensitive (PS3.18 8.3.1.1).
fn tag(text: &str) -> Option<Tag> {
    if text.len() == 8 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let number = u32::from_str_radix(text, 16).ok()?;
        let tag = Tag((number >> 16) as u16, number as u16);
        let known = is_private(tag) || StandardDataDictionary.by_tag(tag).is_some();
        return (known && tag.0 > 0x0007 && tag.1 != 0).then_some(tag);
    }
    let tag = StandardDataDictionary.by_name(text)?.tag();
    (tag.0 > 0x0007 && tag.1 != 0).then_some(tag)
}

/// The value representation by the dictionary; private creators are LO, other private tags UN.
fn vr(tag: Tag) -> VR {
    if is_private(tag) {
        return if (0x0010..=0x00FF).contains(&tag.1) {
            VR::LO
        } else {
            VR::UN
        };
    }
    StandardDataDictionary
        .by_tag(tag)
        .map_or(VR::UN, |entry| entry.vr().relaxed())
}

/// Whether the group is odd, from 0009 on (PS3.5 7.8).
fn is_private(tag: Tag) -> bool {
    tag.0 % 2 == 1 && tag.0 > 0x0008 && tag.0 != 0xFFFF
}
