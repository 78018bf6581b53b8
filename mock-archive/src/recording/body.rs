//! Bytes in a recording: as text where they are text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A body, or why it is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Body {
    /// No bytes.
    #[default]
    Empty,
    /// UTF-8.
    Text(String),
    /// Anything else, in base64.
    Base64(String),
    /// It passed and was not kept.
    Withheld {
        /// How many bytes passed.
        bytes: u64,
        /// Why they were not kept.
        because: String,
    },
}

/// What a recording can give back of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    Whole(Bytes),
    /// Nothing, for this reason.
    Nothing(String),
}

impl Body {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            _ if bytes.is_empty() => Self::Empty,
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }

    /// These bytes, which are no text even where they look like one.
    pub fn packed(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Base64(STANDARD.encode(bytes))
        }
    }

    /// Whether there are no bytes.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The bytes.
    pub fn kept(&self) -> Kept {
        match self {
            Self::Empty => Kept::Whole(Bytes::new()),
            Self::Text(text) => Kept::Whole(Bytes::copy_from_slice(text.as_bytes())),
            Self::Base64(text) => STANDARD.decode(text).map_or_else(
                |error| Kept::Nothing(format!("its base64 is broken: {error}")),
                |bytes| Kept::Whole(bytes.into()),
            ),
            Self::Withheld { bytes, because } => {
                Kept::Nothing(format!("its {bytes} bytes were not kept: {because}"))
            }
        }
    }
}

/// How a body ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// At its end.
    #[default]
    Whole,
    /// Before its end.
    Cut,
}

impl Ending {
    #[allow(
        clippy::trivially_copy_pass_by_ref,
        reason = "the form that serde calls"
    )]
    pub(super) fn is_whole(&self) -> bool {
        *self == Self::Whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_come_back_from_json(bytes: Vec<u8>) {
            let line = serde_json::to_string(&Body::of(&bytes)).unwrap();
            let read: Body = serde_json::from_str(&line).unwrap();

            prop_assert_eq!(read.kept(), Kept::Whole(bytes.into()));
        }
    }
}
