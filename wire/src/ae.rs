//! Application entity titles (PS3.5 6.2, VR AE; PS3.8 7.1.1.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name under which an application takes part in associations: 1 to 16 printable ASCII characters
/// without backslash. Spaces around it do not count and are not kept.
///
/// ```
/// use dicom_wire::ae::AeTitle;
///
/// let title = AeTitle::parse("  STORE SCP  ")?;
/// assert_eq!(title.as_str(), "STORE SCP");
/// assert_eq!(&title.padded(), b"STORE SCP       ");
/// assert!(AeTitle::parse("A TITLE THAT IS TOO LONG").is_err());
/// # Ok::<(), dicom_wire::ae::AeTitleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AeTitle(String);

impl AeTitle {
    /// Longest title, in characters.
    pub const MAX_LEN: usize = 16;

    /// Reads a title, trimming spaces and the NULs some senders pad with.
    ///
    /// # Errors
    /// Nothing left after trimming, more than 16 characters, or a character outside printable ASCII or a backslash.
    pub fn parse(text: &str) -> Result<Self, AeTitleError> {
        let title = text.trim_matches([' ', '\0']);
        if title.is_empty() {
            return Err(AeTitleError::Empty);
        }
        let allowed = |c: char| (c == ' ' || c.is_ascii_graphic()) && c != '\\';
        if let Some(character) = title.chars().find(|&c| !allowed(c)) {
            let title = title.to_owned();
            return Err(AeTitleError::Character { title, character });
        }
        if title.len() > Self::MAX_LEN {
            return Err(AeTitleError::TooLong(title.to_owned()));
        }
        Ok(Self(title.to_owned()))
    }

    /// The title without padding.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The title as an association request carries it: 16 bytes, filled up with spaces.
    pub fn padded(&self) -> [u8; 16] {
        let mut field = [b' '; Self::MAX_LEN];
        field[..self.0.len()].copy_from_slice(self.0.as_bytes());
        field
    }
}

impl fmt::Display for AeTitle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for AeTitle {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for AeTitle {
    type Err = AeTitleError;

    fn from_str(text: &str) -> Result<Self, AeTitleError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for AeTitle {
    type Error = AeTitleError;

    fn try_from(text: String) -> Result<Self, AeTitleError> {
        Self::parse(&text)
    }
}

impl From<AeTitle> for String {
    fn from(title: AeTitle) -> Self {
        title.0
    }
}

/// Why a text is not an application entity title.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AeTitleError {
    /// Nothing but spaces.
    #[error("AE title is empty or only spaces")]
    Empty,
    /// More than 16 characters without the padding.
    #[error("AE title {0:?} has {len} characters, at most 16 are allowed", len = .0.len())]
    TooLong(String),
    /// A control character, a backslash, or something outside ASCII.
    #[error(
        "AE title {title:?} has the character {character:?}, only printable ASCII without backslash is allowed"
    )]
    Character {
        /// The title as given, trimmed.
        title: String,
        /// Its first character that is not allowed.
        character: char,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_around_a_title_do_not_count() {
        assert_eq!(AeTitle::parse(" MOCK ").unwrap().as_str(), "MOCK");
        assert_eq!(
            AeTitle::parse("  SIXTEEN CHARS 16  ")
                .unwrap()
                .as_str()
                .len(),
            16
        );
    }

    #[test]
    fn a_wrong_title_is_named_in_the_error() {
        assert_eq!(AeTitle::parse("   "), Err(AeTitleError::Empty));
        let long = AeTitle::parse("SEVENTEEN CHARS 1").unwrap_err();
        assert_eq!(
            long.to_string(),
            "AE title \"SEVENTEEN CHARS 1\" has 17 characters, at most 16 are allowed"
        );
        assert!(
            AeTitle::parse("A\\B")
                .unwrap_err()
                .to_string()
                .contains("'\\\\'")
        );
        assert!(AeTitle::parse("ÄRCHIV").is_err());
    }

    #[test]
    fn serde_reads_only_valid_titles() {
        assert_eq!(
            serde_json::from_str::<AeTitle>("\"MOCK\"").unwrap(),
            AeTitle::parse("MOCK").unwrap()
        );
        assert!(serde_json::from_str::<AeTitle>("\"\"").is_err());
    }
}
