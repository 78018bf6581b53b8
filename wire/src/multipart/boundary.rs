//! The text between the parts.

use std::fmt;

use crate::media::{MULTIPART_RELATED, MediaType, MediaTypeError};

/// A boundary: RFC 2046's `bchars`, not ending in a space, at most [`Boundary::MAX_LENGTH`] of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Boundary(String);

/// Why there is no usable boundary. The message names what was given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoundaryError {
    /// The Content-Type could not be read.
    #[error(transparent)]
    MediaType(#[from] MediaTypeError),
    /// The Content-Type is of another kind.
    #[error("{0:?} is not a multipart type")]
    NotMultipart(String),
    /// The parameter is missing.
    #[error("{0:?} has no boundary parameter")]
    Missing(String),
    /// Empty or too long.
    #[error("boundary {text:?} has {length} characters where 1 to {most} are allowed", most = Boundary::MAX_LENGTH)]
    Length {
        /// The boundary, cut after 80 characters.
        text: String,
        /// Its length in bytes.
        length: usize,
    },
    /// A character that RFC 2046 does not allow, or a space at the end.
    #[error("boundary {text:?} holds {found:?}, which RFC 2046 does not allow there")]
    Character {
        /// The boundary.
        text: String,
        /// The character.
        found: char,
    },
}

impl Boundary {
    /// The longest boundary that is read, in characters. RFC 2046 (5.1.1) ends at 70, but Orthanc sends 73: two UUIDs and a dash.
    pub const MAX_LENGTH: usize = 200;

    /// Reads the value of the `boundary` parameter, without quotes.
    pub fn parse(text: &str) -> Result<Boundary, BoundaryError> {
        if text.is_empty() || text.len() > Boundary::MAX_LENGTH {
            let shown = text.chars().take(80).collect();
            return Err(BoundaryError::Length {
                text: shown,
                length: text.len(),
            });
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "'()+_,-./:=? ".contains(c);
        let bad = text
            .chars()
            .find(|c| !allowed(*c))
            .or(text.ends_with(' ').then_some(' '));
        match bad {
            Some(found) => Err(BoundaryError::Character {
                text: text.to_owned(),
                found,
            }),
            None => Ok(Boundary(text.to_owned())),
        }
    }

    /// Takes the boundary out of a Content-Type of any multipart kind.
    pub fn from_content_type(text: &str) -> Result<Boundary, BoundaryError> {
        let media = MediaType::parse(text)?;
        if !media.essence().starts_with("multipart/") {
            return Err(BoundaryError::NotMultipart(media.essence().to_owned()));
        }
        let missing = || BoundaryError::Missing(media.to_string());
        Boundary::parse(media.parameter("boundary").ok_or_else(missing)?)
    }

    /// A boundary of 128 bits that follow from a seed. Payloads do not hold it by chance; a sender
    /// of many bodies gives each its own seed.
    pub fn seeded(seed: u64) -> Boundary {
        let (high, low) = (mixed(seed), mixed(seed.wrapping_add(0x9E37_79B9_7F4A_7C15)));
        Boundary(format!("dicom.{high:016x}{low:016x}"))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `multipart/related` with this boundary and the type of its parts.
    pub fn content_type(&self, part_type: &str) -> MediaType {
        MediaType::of(MULTIPART_RELATED)
            .with("type", part_type)
            .with("boundary", self.as_str())
    }
}

impl fmt::Display for Boundary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The finalizer of splitmix64 (Steele, Lea, Flood 2014).
fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_legal_form_is_taken() {
        let seventy = "b".repeat(70);
        let of_orthanc = format!("{0}-{0}", "6acd49cd-7eb3-44fb-8e29-9a4a7eab3b5f");
        let cases = [
            ("multipart/related; boundary=token", "token"),
            ("multipart/related; boundary=\"token\"", "token"),
            (
                "Multipart/Related; Boundary=\"'()+_,-./:=?\"",
                "'()+_,-./:=?",
            ),
            (
                "multipart/related; boundary=\"in ner\"; type=\"application/dicom\"",
                "in ner",
            ),
            (&format!("multipart/mixed; boundary={seventy}"), &seventy),
            (
                &format!("multipart/mixed; boundary={of_orthanc}"),
                &of_orthanc,
            ),
        ];
        for (content_type, boundary) in cases {
            assert_eq!(
                Boundary::from_content_type(content_type).unwrap().as_str(),
                boundary
            );
        }
    }

    #[test]
    fn what_cannot_be_a_boundary_is_named() {
        let long = format!("multipart/related; boundary={}", "b".repeat(201));
        let cases = [
            (
                "multipart/related",
                "\"multipart/related\" has no boundary parameter",
            ),
            (
                "text/plain; boundary=x",
                "\"text/plain\" is not a multipart type",
            ),
            (
                "multipart/related; boundary=\"a \"",
                "boundary \"a \" holds ' '",
            ),
            (
                "multipart/related; boundary=\"a@b\"",
                "boundary \"a@b\" holds '@'",
            ),
            (&long, "201 characters where 1 to 200 are allowed"),
        ];
        for (content_type, message) in cases {
            let error = Boundary::from_content_type(content_type)
                .unwrap_err()
                .to_string();
            assert!(error.contains(message), "{error}");
        }
    }

    #[test]
    fn seeds_give_different_boundaries_that_are_legal() {
        let all: std::collections::BTreeSet<_> =
            (0..1000).map(|seed| Boundary::seeded(seed).0).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|text| Boundary::parse(text).is_ok()));
    }
}
