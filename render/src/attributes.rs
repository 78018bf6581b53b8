//! A data set as aligned lines of text.

use dicom_core::Tag;
use dicom_object::InMemDicomObject;

/// Which attributes to write, and how much of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    /// Only these, at the top level, with all they contain; everything where empty.
    pub only: Vec<Tag>,
    /// Whether private attributes are written, with their creator.
    pub private: Private,
    /// The most characters of a value; what is beyond is cut and said.
    pub value_length: usize,
    /// The most items of a sequence; what is beyond is cut and said.
    pub items: usize,
}

/// What becomes of private attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Private {
    /// Left out; how many is said in the last line.
    #[default]
    Counted,
    /// Written like others.
    Shown,
}

impl Default for Select {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            private: Private::Counted,
            value_length: 120,
            items: 100,
        }
    }
}

/// A text that names no attribute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an attribute keyword nor a tag such as 00100010 or (0010,0010)")]
pub struct SelectError(pub String);

/// The tag that a person means by a keyword (`PatientName`, any case) or a tag (`00100010`, `0010,0010`, `(0010,0010)`).
pub fn tag(text: &str) -> Result<Tag, SelectError> {
    Err(SelectError(text.to_owned()))
}

/// The data set as text: one line an attribute with tag, keyword, VR and value, items of sequences indented below.
///
/// Binary values are told by their length, line breaks and control characters are escaped, so a value cannot look like a line.
pub fn text(attributes: &InMemDicomObject, select: &Select) -> String {
    let _ = (attributes, select);
    String::new()
}
