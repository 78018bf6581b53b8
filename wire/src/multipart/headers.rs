//! The header fields of a part.

use crate::media::{MediaType, MediaTypeError};

/// Header fields in their order; names are compared without case (RFC 2045 1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No fields.
    pub fn new() -> Headers {
        Headers::default()
    }

    /// The same fields and one more.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Headers {
        self.push(name, value);
        self
    }

    /// Adds a field. Line breaks in either text become spaces: they would end the field.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let unbroken = |text: String| text.replace(['\r', '\n'], " ");
        self.0.push((unbroken(name.into()), unbroken(value.into())));
    }

    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        let same = |(known, _): &&(String, String)| known.eq_ignore_ascii_case(name);
        self.0.iter().find(same).map(|(_, value)| value.as_str())
    }

    /// The Content-Type, if there is one, read.
    pub fn content_type(&self) -> Option<Result<MediaType, MediaTypeError>> {
        self.field("content-type").map(MediaType::parse)
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Headers {
        fields
            .into_iter()
            .fold(Headers::new(), |headers, (name, value)| {
                headers.with(name, value)
            })
    }
}
