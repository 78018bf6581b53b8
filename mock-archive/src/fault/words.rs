//! The values that faults take, as people write them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_wire::stow::FailureReason;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Place of an index in a list: 0 the first, -1 the last; `None` if there is no such place.
pub(crate) fn position(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 {
        i64::try_from(len).ok()? + index
    } else {
        index
    };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// A failure reason as four hexadecimal digits, `A700`, or in words, `out-of-resources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(pub FailureReason);

impl Ord for Reason {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.0.cmp(&other.0.0)
    }
}

impl PartialOrd for Reason {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

const REASONS: &[(&str, FailureReason)] = &[
    ("out-of-resources", FailureReason::OUT_OF_RESOURCES),
    ("patient-conflict", FailureReason::PATIENT_CONFLICT),
    ("data-set-mismatch", FailureReason::DATA_SET_MISMATCH),
    ("study-mismatch", FailureReason::STUDY_MISMATCH),
    ("duplicate-instance", FailureReason::DUPLICATE_INSTANCE),
    ("cannot-understand", FailureReason::CANNOT_UNDERSTAND),
    ("processing-failure", FailureReason::PROCESSING_FAILURE),
    (
        "sop-class-not-supported",
        FailureReason::SOP_CLASS_NOT_SUPPORTED,
    ),
    (
        "transfer-syntax-not-supported",
        FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED,
    ),
];

impl From<FailureReason> for Reason {
    fn from(reason: FailureReason) -> Self {
        Self(reason)
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some((_, reason)) = REASONS.iter().find(|(name, _)| *name == text) {
            return Ok(Self(*reason));
        }
        let digits = text.trim_start_matches("0x").trim_end_matches(['H', 'h']);
        match u16::from_str_radix(digits, 16) {
            Ok(code) if digits.len() == 4 => Ok(Self(FailureReason(code))),
            _ => {
                let names: Vec<_> = REASONS.iter().map(|(name, _)| *name).collect();
                Err(format!(
                    "{text:?} is not a failure reason: four hexadecimal digits such as A700, or one of {}",
                    names.join(", ")
                ))
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0.0)
    }
}

/// Serde of a failure reason as a [`Reason`].
pub(crate) mod reason {
    use dicom_wire::stow::FailureReason;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Reason;

    pub(crate) fn serialize<S: Serializer>(
        reason: &FailureReason,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        Reason(*reason).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<FailureReason, D::Error> {
        Reason::deserialize(deserializer).map(|reason| reason.0)
    }
}

/// A length of time: `250ms`, `10s`, `2m`; a bare number is milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub Duration);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let number: Option<u64> = text[..at].parse().ok();
        let unit = match &text[at..] {
            "" | "ms" => Some(1),
            "s" => Some(1_000),
            "m" | "min" => Some(60_000),
            "h" => Some(3_600_000),
            _ => None,
        };
        number
            .zip(unit)
            .and_then(|(number, unit)| number.checked_mul(unit))
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or_else(|| format!("{text:?} is not a length of time such as 250ms, 10s or 2m"))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            ms if ms % 1_000 == 0 => write!(f, "{}s", ms / 1_000),
            ms => write!(f, "{ms}ms"),
        }
    }
}

/// An attribute by keyword, `PatientName`, or by tag, `00100010`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AttributeTag(pub Tag);

impl FromStr for AttributeTag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(entry) = StandardDataDictionary.by_name(text) {
            return Ok(Self(entry.tag()));
        }
        let digits: String = text
            .chars()
            .filter(|c| !matches!(c, '(' | ')' | ','))
            .collect();
        match (digits.len(), u32::from_str_radix(&digits, 16)) {
            (8, Ok(number)) => Ok(Self(Tag((number >> 16) as u16, (number & 0xFFFF) as u16))),
            _ => Err(format!(
                "{text:?} is neither the keyword of an attribute nor a tag of eight hexadecimal digits"
            )),
        }
    }
}

impl fmt::Display for AttributeTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match StandardDataDictionary.by_tag(self.0) {
            Some(entry) => f.write_str(entry.alias()),
            None => write!(f, "{:04X}{:04X}", self.0.group(), self.0.element()),
        }
    }
}

/// Serde and schema of a value that is one text.
macro_rules! as_text {
    ($($type:ident: $description:literal, $example:literal;)*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "format": $description, "examples": [$example] })
            }
        }
    )*};
}

as_text! {
    Reason: "failure reason", "A700";
    Span: "length of time", "250ms";
    AttributeTag: "keyword or tag", "PatientName";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_counts_from_either_end() {
        assert_eq!(position(0, 3), Some(0));
        assert_eq!(position(-1, 3), Some(2));
        assert_eq!(position(3, 3), None);
        assert_eq!(position(-4, 3), None);
        assert_eq!(position(-1, 0), None);
        assert_eq!(position(i64::MIN, 1), None);
    }

    #[test]
    fn values_are_read_as_people_write_them_and_wrong_ones_are_named() {
        assert_eq!("A700".parse(), Ok(Reason(FailureReason::OUT_OF_RESOURCES)));
        assert_eq!(
            "out-of-resources".parse(),
            Ok(Reason(FailureReason::OUT_OF_RESOURCES))
        );
        assert!("A70".parse::<Reason>().unwrap_err().contains("A70"));
        assert_eq!("10s".parse(), Ok(Span(Duration::from_secs(10))));
        assert_eq!("250".parse(), Ok(Span(Duration::from_millis(250))));
        assert!(
            "10 parsecs"
                .parse::<Span>()
                .unwrap_err()
                .contains("10 parsecs")
        );
        assert_eq!("PatientID".parse(), "(0010,0020)".parse::<AttributeTag>());
        assert!(
            "PatientShoe"
                .parse::<AttributeTag>()
                .unwrap_err()
                .contains("PatientShoe")
        );
        assert_eq!(
            "00100010".parse::<AttributeTag>().unwrap().to_string(),
            "PatientName"
        );
    }
}
