//! Identifiers (PS3.4 C.2.2): what is asked for, and what a match says.

use std::collections::BTreeMap;
use std::fmt;

use bytes::Bytes;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Header;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::InMemDicomObject;

use crate::outcome::Verdict;
use crate::probe::file;

/// An identifier to be sent.
#[derive(Clone, Debug)]
pub struct Keys {
    object: InMemDicomObject,
}

impl Keys {
    /// No keys, not even a level.
    pub fn none() -> Self {
        Self {
            object: InMemDicomObject::new_empty(),
        }
    }

    /// Only the level: `STUDY`.
    pub fn level(level: &str) -> Self {
        Self::none().key(tags::QUERY_RETRIEVE_LEVEL, level)
    }

    /// One study, at its level.
    pub fn study(uid: &str) -> Self {
        Self::level("STUDY").key(tags::STUDY_INSTANCE_UID, uid)
    }

    /// A key with a value; an empty one only asks for the attribute.
    pub fn key(mut self, tag: Tag, value: &str) -> Self {
        let vr = vr(tag);
        let value = match value {
            "" => PrimitiveValue::Empty,
            value => PrimitiveValue::from(value),
        };
        self.object.put(DataElement::new(tag, vr, value));
        self
    }

    /// Keys whose values are asked for.
    pub fn and(self, asked: &[Tag]) -> Self {
        asked.iter().fold(self, |keys, &tag| keys.key(tag, ""))
    }

    /// A sequence with one item of keys.
    pub fn item(mut self, sequence: Tag, keys: Keys) -> Self {
        let items = DataSetSequence::from(vec![keys.object]);
        self.object.put(DataElement::new(sequence, VR::SQ, items));
        self
    }

    /// An element of any kind.
    pub fn element(mut self, element: DataElement<InMemDicomObject>) -> Self {
        self.object.put(element);
        self
    }

    /// As an object.
    pub const fn object(&self) -> &InMemDicomObject {
        &self.object
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, element) in self.object.iter().enumerate() {
            let space = if n == 0 { "" } else { " " };
            let tag = element.tag();
            match element.to_str() {
                Ok(text) if !text.is_empty() => write!(f, "{space}{tag}={text}")?,
                _ => write!(f, "{space}{tag}")?,
            }
        }
        Ok(())
    }
}

/// An identifier that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    elements: BTreeMap<Tag, Bytes>,
    syntax: String,
}

impl Match {
    /// Reads one.
    ///
    /// # Errors
    /// A failure if it is no data set of this transfer syntax.
    pub fn read(bytes: &Bytes, syntax: &str) -> Verdict<Self> {
        Ok(Self {
            elements: file::data_set(bytes, syntax)?,
            syntax: syntax.into(),
        })
    }

    /// Which attributes it has.
    pub fn tags(&self) -> Vec<Tag> {
        self.elements.keys().copied().collect()
    }

    /// The bytes of an attribute.
    pub fn value(&self, tag: Tag) -> Option<&Bytes> {
        self.elements.get(&tag)
    }

    /// An attribute as text; `None` if it is absent or empty.
    pub fn text(&self, tag: Tag) -> Option<String> {
        file::text(self.elements.get(&tag)).filter(|text| !text.is_empty())
    }

    /// An attribute as a number of 16 bits; `None` if it is shorter.
    pub fn number(&self, tag: Tag) -> Option<u16> {
        let bytes = self.elements.get(&tag)?.first_chunk()?;
        Some(u16::from_le_bytes(*bytes))
    }

    /// The values of an attribute; none if it is absent or empty.
    pub fn values(&self, tag: Tag) -> Vec<String> {
        let text = self.text(tag).unwrap_or_default();
        let values = text.split('\\').filter(|value| !value.is_empty());
        values.map(|value| value.trim().to_owned()).collect()
    }

    /// The items of a sequence.
    ///
    /// # Errors
    /// A failure if they cannot be read.
    pub fn items(&self, tag: Tag) -> Verdict<Vec<Self>> {
        let Some(bytes) = self.elements.get(&tag) else {
            return Ok(Vec::new());
        };
        let items = file::items(bytes, &self.syntax)?;
        let items = items.into_iter().map(|elements| Self {
            elements,
            syntax: self.syntax.clone(),
        });
        Ok(items.collect())
    }
}

/// The VR of the dictionary; an attribute that it does not know is text.
fn vr(tag: Tag) -> VR {
    StandardDataDictionary
        .by_tag(tag)
        .map_or(VR::LO, |entry| entry.vr().relaxed())
}
