//! What comes on a connection, as it came.

use std::time::Duration;

use bytes::Bytes;

use super::kind;
use crate::outcome::{Finding, Verdict};

/// A PDU as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPdu {
    /// Its type.
    pub kind: u8,
    /// What follows the length.
    pub body: Bytes,
}

/// What comes when one waits for a PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A PDU.
    Pdu(RawPdu),
    /// The end of the connection, in order.
    Closed,
    /// The end of the connection by a reset, or inside a PDU.
    Broken(String),
    /// Nothing in this time.
    Nothing(Duration),
}

/// A message as it came: its command set and data set put together, and nothing of them read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawMessage {
    /// Presentation context ID.
    pub context: u8,
    /// The command set.
    pub command: Bytes,
    /// The data set, if its command set says that there is one.
    pub data_set: Option<Bytes>,
}

impl Heard {
    /// In words: "A-ABORT 2/1", "the connection was closed".
    pub fn words(&self) -> String {
        match self {
            Self::Pdu(pdu) => pdu.name(),
            Self::Closed => "the connection was closed".into(),
            Self::Broken(error) => format!("the connection broke: {error}"),
            Self::Nothing(limit) => format!("nothing within {} s", limit.as_secs_f32()),
        }
    }

    /// The PDU.
    ///
    /// # Errors
    /// A failure if it is something else.
    pub fn pdu(self, to: &str) -> Verdict<RawPdu> {
        match self {
            Self::Pdu(pdu) => Ok(pdu),
            other => Err(Finding::fail(format!("{} after {to}", other.words()))),
        }
    }
}

impl RawPdu {
    /// Its name in PS3.8, with the reason of a rejection or an abort.
    pub fn name(&self) -> String {
        let bytes = |range: std::ops::Range<usize>| {
            self.body.get(range).map(|bytes| {
                bytes
                    .iter()
                    .map(u8::to_string)
                    .collect::<Vec<_>>()
                    .join("/")
            })
        };
        match self.kind {
            kind::ASSOCIATE_RQ => "A-ASSOCIATE-RQ".into(),
            kind::ASSOCIATE_AC => "A-ASSOCIATE-AC".into(),
            kind::ASSOCIATE_RJ => format!("A-ASSOCIATE-RJ {}", bytes(1..4).unwrap_or_default()),
            kind::DATA => "P-DATA-TF".into(),
            kind::RELEASE_RQ => "A-RELEASE-RQ".into(),
            kind::RELEASE_RP => "A-RELEASE-RP".into(),
            kind::ABORT => format!("A-ABORT {}", bytes(2..4).unwrap_or_default()),
            other => format!("a PDU of type {other:02X}H"),
        }
    }

    /// Source of an A-ABORT: 0 is the user, 2 the provider (PS3.8 9.3.8).
    pub fn abort_source(&self) -> Option<u8> {
        (self.kind == kind::ABORT)
            .then(|| self.body.get(2).copied())
            .flatten()
    }

    /// Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 9.3.4).
    pub fn rejection(&self) -> Option<[u8; 3]> {
        if self.kind != kind::ASSOCIATE_RJ {
            return None;
        }
        self.body.get(1..4)?.try_into().ok()
    }

    /// The presentation data values of a P-DATA-TF: context ID, message control header, fragment.
    ///
    /// # Errors
    /// A failure if it is another PDU or an item does not fit.
    pub fn values(&self) -> Verdict<Vec<(u8, u8, Bytes)>> {
        if self.kind != kind::DATA {
            return Err(Finding::fail(format!(
                "{} in place of P-DATA-TF",
                self.name()
            )));
        }
        let mut rest = self.body.clone();
        let mut values = Vec::new();
        while !rest.is_empty() {
            let length = rest
                .get(..4)
                .map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize);
            let Some(length) = length.filter(|&length| length >= 2 && length <= rest.len() - 4)
            else {
                return Err(Finding::fail(format!(
                    "a presentation data value of length {length:?}"
                )));
            };
            let item = rest.split_to(4 + length);
            values.push((item[4], item[5], item.slice(6..)));
        }
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::super::data_value;
    use super::*;

    #[test]
    fn values_that_do_not_fit_are_named() {
        let both = [data_value(1, 3, b"ab"), data_value(1, 2, b"")].concat();
        let read = RawPdu {
            kind: kind::DATA,
            body: both.into(),
        }
        .values()
        .unwrap();
        assert_eq!(
            read,
            [(1, 3, Bytes::from_static(b"ab")), (1, 2, Bytes::new())]
        );
        let lying = RawPdu {
            kind: kind::DATA,
            body: Bytes::from_static(&[0, 0, 0, 9, 1, 3]),
        };
        assert!(lying.values().is_err());
        assert!(
            RawPdu {
                kind: kind::ABORT,
                body: Bytes::from_static(&[0, 0, 2, 1])
            }
            .values()
            .is_err()
        );
    }
}
