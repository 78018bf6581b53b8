//! Coded entries (PS3.3 section 8).

use std::fmt;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::escape;
use crate::groups;
use crate::image::text;

/// A code with its scheme and meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Code {
    /// Code Value (0008,0100), Long Code Value or URN Code Value.
    pub value: String,
    /// Coding Scheme Designator (0008,0102) as DCM, SCT or UCUM, with the version in brackets where it is given.
    pub scheme: String,
    /// Code Meaning (0008,0104).
    pub meaning: String,
}

impl Code {
    /// The code in the first item of a code sequence.
    pub(crate) fn of(item: &InMemDicomObject, sequence: Tag) -> Option<Self> {
        let item = groups::item(item, sequence, 0)?;
        Some(Self::read(item)).filter(|code| *code != Self::default())
    }

    /// The code that is this item.
    pub(crate) fn read(item: &InMemDicomObject) -> Self {
        let value = [
            tags::CODE_VALUE,
            tags::LONG_CODE_VALUE,
            tags::URN_CODE_VALUE,
        ]
        .into_iter()
        .find_map(|tag| text(item, tag));
        let mut scheme = text(item, tags::CODING_SCHEME_DESIGNATOR).unwrap_or_default();
        if let Some(version) = text(item, tags::CODING_SCHEME_VERSION) {
            scheme = format!("{scheme} [{version}]");
        }
        // A meaning may hold a backslash: it is one value.
        let meaning = item
            .get(tags::CODE_MEANING)
            .and_then(|element| element.to_str().ok())
            .unwrap_or_default();
        Self {
            value: value.unwrap_or_default(),
            scheme,
            meaning: meaning.trim_matches(['\0', ' ']).to_owned(),
        }
    }

    /// The code as escaped Markdown.
    pub(crate) fn markdown(&self) -> String {
        escape::inline(&self.to_string())
    }
}

/// `meaning (value, scheme)`.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code: Vec<&str> = [self.value.as_str(), &self.scheme]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        match (self.meaning.is_empty(), code.is_empty()) {
            (true, _) => write!(f, "{}", code.join(", ")),
            (false, true) => write!(f, "{}", self.meaning),
            (false, false) => write!(f, "{} ({})", self.meaning, code.join(", ")),
        }
    }
}
