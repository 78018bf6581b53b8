//! Unique identifiers (PS3.5 section 9.1).

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest UID that the standard allows, in characters (PS3.5 9.1).
pub const MAX_LENGTH: usize = 64;

/// A DICOM unique identifier: 1 to 64 characters, digits and dots, no empty component.
///
/// Leading zeros in a component are against PS3.5 9.1 but live in real archives, so they are
/// taken; [`Uid::is_conformant`] tells. Cloning is cheap.
///
/// ```
/// use dicom_wire::uid::Uid;
///
/// let uid = Uid::parse("1.2.840.10008.1.1")?;
/// assert_eq!(uid.to_string(), "1.2.840.10008.1.1");
/// assert!(Uid::parse("1.2.abc").is_err());
/// # Ok::<(), dicom_wire::uid::UidError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(Arc<str>);

/// Why a text is not a UID. The message names the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UidError {
    /// Nothing was there.
    #[error("a UID is empty")]
    Empty,
    /// More than 64 characters.
    #[error("{value:?} is not a UID: {length} characters where at most 64 are allowed")]
    TooLong {
        /// The text, cut after 80 characters.
        value: String,
        /// Its whole length in bytes.
        length: usize,
    },
    /// Something else than a digit or a dot.
    #[error(
        "{value:?} is not a UID: {found:?} at position {position} is neither a digit nor a dot"
    )]
    BadCharacter {
        /// The text.
        value: String,
        /// The first character that may not be there.
        found: char,
        /// Its position, counted in bytes from 0.
        position: usize,
    },
    /// Two dots in a row, or a dot at an end.
    #[error("{value:?} is not a UID: a component between the dots is empty")]
    EmptyComponent {
        /// The text.
        value: String,
    },
}

impl Uid {
    /// Reads a UID that carries no padding.
    pub fn parse(text: &str) -> Result<Uid, UidError> {
        if text.is_empty() {
            return Err(UidError::Empty);
        }
        if text.len() > MAX_LENGTH {
            let value = text.chars().take(80).collect();
            return Err(UidError::TooLong {
                value,
                length: text.len(),
            });
        }
        let bad = text
            .char_indices()
            .find(|(_, c)| !c.is_ascii_digit() && *c != '.');
        if let Some((position, found)) = bad {
            return Err(UidError::BadCharacter {
                value: text.to_owned(),
                found,
                position,
            });
        }
        if text.split('.').any(str::is_empty) {
            return Err(UidError::EmptyComponent {
                value: text.to_owned(),
            });
        }
        Ok(Uid(text.into()))
    }

    /// Reads a UID from a data set's value: NUL padding (PS3.5 6.2, VR UI) and the spaces that
    /// some vendors pad with are taken off both ends first.
    pub fn from_padded(text: &str) -> Result<Uid, UidError> {
        Uid::parse(text.trim_matches(['\0', ' ']))
    }

    /// The UID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether no component has a leading zero, as PS3.5 9.1 demands.
    pub fn is_conformant(&self) -> bool {
        self.0
            .split('.')
            .all(|component| component == "0" || !component.starts_with('0'))
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({})", self.0)
    }
}

impl FromStr for Uid {
    type Err = UidError;

    fn from_str(text: &str) -> Result<Uid, UidError> {
        Uid::parse(text)
    }
}

impl Borrow<str> for Uid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Uid {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Uid {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Uid {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl PartialEq<String> for Uid {
    fn eq(&self, other: &String) -> bool {
        *self.0 == **other
    }
}

impl PartialEq<Uid> for String {
    fn eq(&self, other: &Uid) -> bool {
        **self == *other.0
    }
}

impl TryFrom<&str> for Uid {
    type Error = UidError;

    fn try_from(text: &str) -> Result<Uid, UidError> {
        Uid::parse(text)
    }
}

impl Serialize for Uid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Uid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uid::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn errors_name_the_value() {
        let cases = [
            ("", "a UID is empty"),
            (
                "1.2.x",
                "\"1.2.x\" is not a UID: 'x' at position 4 is neither a digit nor a dot",
            ),
            (
                "1..2",
                "\"1..2\" is not a UID: a component between the dots is empty",
            ),
            (
                "1.2.",
                "\"1.2.\" is not a UID: a component between the dots is empty",
            ),
            (
                "1.2 ",
                "\"1.2 \" is not a UID: ' ' at position 3 is neither a digit nor a dot",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(Uid::parse(text).unwrap_err().to_string(), message);
        }
        let long = "1".repeat(65);
        assert!(
            Uid::parse(&long)
                .unwrap_err()
                .to_string()
                .contains("65 characters")
        );
    }

    #[test]
    fn padding_of_both_kinds_is_taken_off() {
        assert_eq!(Uid::from_padded("1.2.3\0").unwrap(), "1.2.3");
        assert_eq!(Uid::from_padded(" 1.2.3 ").unwrap(), "1.2.3");
    }

    #[test]
    fn leading_zeros_are_tolerated_and_told() {
        assert!(!Uid::parse("1.02.3").unwrap().is_conformant());
        assert!(Uid::parse("1.0.3").unwrap().is_conformant());
    }

    #[test]
    fn travels_through_serde_as_a_string() {
        let uid: Uid = serde_json::from_str("\"1.2.3\"").unwrap();
        assert_eq!(serde_json::to_string(&uid).unwrap(), "\"1.2.3\"");
        assert!(serde_json::from_str::<Uid>("\"1.2.\"").is_err());
    }

    proptest! {
        #[test]
        fn what_parses_prints_the_same(text in "[0-9.]{1,70}") {
            if let Ok(uid) = Uid::parse(&text) {
                prop_assert_eq!(uid.as_str(), text);
            }
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = Uid::from_padded(&text);
        }
    }
}
