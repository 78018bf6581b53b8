//! The upper layer byte by byte (PS3.8 9.3): an association whose every PDU the check writes itself.

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;
use crate::transcript::{Transcript, WAIT, excerpt};

/// The PDU types (PS3.8 9.3.1).
pub mod kind {
    /// A-ASSOCIATE-RQ.
    pub const ASSOCIATE_RQ: u8 = 0x01;
    /// A-ASSOCIATE-AC.
    pub const ASSOCIATE_AC: u8 = 0x02;
    /// A-ASSOCIATE-RJ.
    pub const ASSOCIATE_RJ: u8 = 0x03;
    /// P-DATA-TF.
    pub const DATA: u8 = 0x04;
    /// A-RELEASE-RQ.
    pub const RELEASE_RQ: u8 = 0x05;
    /// A-RELEASE-RP.
    pub const RELEASE_RP: u8 = 0x06;
    /// A-ABORT.
    pub const ABORT: u8 = 0x07;
}

/// The longest PDU that is read: we offer 16 KiB, and there is no reason to wait for more than this.
const PDU_LIMIT: u32 = 1024 * 1024;
const MAX_PDU_OFFERED: u32 = 16 * 1024;
const APPLICATION_CONTEXT: &str = "1.2.840.10008.3.1.1.1";
const IMPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2";
const IMPLEMENTATION: &str = "2.25.289154610527482319274916301527480263157";

/// A connection on which PDUs are written and read as bytes.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    transcript: Transcript,
}

/// A PDU as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPdu {
    /// Its type.
    pub kind: u8,
    /// What follows the length.
    pub body: Bytes,
}

impl Wire {
    /// A TCP connection, nothing sent.
    ///
    /// # Errors
    /// A failure if nobody listens.
    pub async fn connect(target: &DimseTarget, transcript: &Transcript) -> Verdict<Self> {
        let failed = |error: std::io::Error| Finding::fail(format!("no connection: {error}"));
        let socket = TcpStream::connect(&target.address).await.map_err(failed)?;
        socket.set_nodelay(true).map_err(failed)?;
        Ok(Self {
            socket,
            transcript: transcript.clone(),
        })
    }

    /// An association with context 1 for the abstract syntax in implicit little endian.
    ///
    /// # Errors
    /// A failure if it is not accepted.
    pub async fn associate(
        target: &DimseTarget,
        abstract_syntax: &str,
        transcript: &Transcript,
    ) -> Verdict<Self> {
        let mut wire = Self::connect(target, transcript).await?;
        let request = associate_rq(&target.called, &target.calling, abstract_syntax);
        wire.write(&pdu(kind::ASSOCIATE_RQ, &request), "A-ASSOCIATE-RQ")
            .await?;
        let answer = wire.read().await?;
        if answer.kind != kind::ASSOCIATE_AC {
            return Err(Finding::fail(format!(
                "{} to the association request",
                answer.name()
            )));
        }
        match context_result(&answer.body) {
            Some(0) => Ok(wire),
            result => Err(Finding::fail(format!(
                "presentation context result {result:?} for {abstract_syntax}"
            ))),
        }
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// A failure if the connection has ended.
    pub async fn write(&mut self, bytes: &[u8], line: &str) -> Verdict {
        self.transcript.sent(line, excerpt(bytes));
        let written = self.socket.write_all(bytes).await;
        written.map_err(|error| Finding::fail(format!("the connection ended: {error}")))
    }

    /// Reads the next PDU.
    ///
    /// # Errors
    /// A failure if the connection ends before, or the length is beyond reason.
    pub async fn read(&mut self) -> Verdict<RawPdu> {
        let ended = |error: std::io::Error| Finding::fail(format!("the connection ended: {error}"));
        let ticket = self.transcript.sent(WAIT, "");
        let mut head = [0; 6];
        self.socket.read_exact(&mut head).await.map_err(ended)?;
        let length = u32::from_be_bytes([head[2], head[3], head[4], head[5]]);
        if length > PDU_LIMIT {
            return Err(Finding::fail(format!(
                "a PDU of type {:02X}H and length {length}",
                head[0]
            )));
        }
        let mut body = vec![0; length as usize];
        self.socket.read_exact(&mut body).await.map_err(ended)?;
        let pdu = RawPdu {
            kind: head[0],
            body: body.into(),
        };
        self.transcript.got(ticket, pdu.name(), &excerpt(&pdu.body));
        Ok(pdu)
    }

    /// Releases the association.
    ///
    /// # Errors
    /// A failure if the answer is anything but A-RELEASE-RP.
    pub async fn release(mut self) -> Verdict {
        self.write(&pdu(kind::RELEASE_RQ, &[0; 4]), "A-RELEASE-RQ")
            .await?;
        let answer = self.read().await?;
        match answer.kind {
            kind::RELEASE_RP => Ok(()),
            _ => Err(Finding::fail(format!(
                "{} to the release request",
                answer.name()
            ))),
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

/// A PDU of this type around the body.
pub fn pdu(kind: u8, body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[kind, 0]);
    out.put_u32(body.len() as u32);
    out.put_slice(body);
    out.freeze()
}

/// A presentation data value: to be put into a P-DATA-TF, alone or with others.
pub fn data_value(context: u8, control: u8, fragment: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_u32(fragment.len() as u32 + 2);
    out.put_slice(&[context, control]);
    out.put_slice(fragment);
    out.freeze()
}

/// A C-ECHO-RQ command set (PS3.7 9.3.5.1), implicit little endian, with its group length.
pub fn echo_rq(message_id: u16) -> Bytes {
    let mut set = BytesMut::new();
    let mut element = |number: u16, value: &[u8]| {
        set.put_u16_le(0);
        set.put_u16_le(number);
        set.put_u32_le(value.len() as u32);
        set.put_slice(value);
    };
    element(0x0002, b"1.2.840.10008.1.1\0");
    element(0x0100, &0x0030_u16.to_le_bytes());
    element(0x0110, &message_id.to_le_bytes());
    element(0x0800, &0x0101_u16.to_le_bytes());
    let mut out = BytesMut::new();
    out.put_slice(&[0, 0, 0, 0, 4, 0, 0, 0]);
    out.put_u32_le(set.len() as u32);
    out.put_slice(&set);
    out.freeze()
}

/// A number of a command set, by its element: `0x0900` for the status.
pub fn command_number(set: &[u8], element: u16) -> Option<u16> {
    let mut rest = set;
    while rest.len() >= 8 {
        let number = u16::from_le_bytes([rest[2], rest[3]]);
        let length = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        let value = rest.get(8..8_usize.checked_add(length)?)?;
        if number == element {
            return Some(u16::from_le_bytes([*value.first()?, *value.get(1)?]));
        }
        rest = &rest[8 + length..];
    }
    None
}

fn associate_rq(called: &str, calling: &str, abstract_syntax: &str) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[0, 1, 0, 0]);
    out.put_slice(format!("{called:<16.16}{calling:<16.16}").as_bytes());
    out.put_slice(&[0; 32]);
    out.put_slice(&item(0x10, APPLICATION_CONTEXT.as_bytes()));
    let mut context = BytesMut::from(&[1, 0, 0, 0][..]);
    context.put_slice(&item(0x30, abstract_syntax.as_bytes()));
    context.put_slice(&item(0x40, IMPLICIT_LITTLE_ENDIAN.as_bytes()));
    out.put_slice(&item(0x20, &context));
    let mut user = BytesMut::from(&item(0x51, &MAX_PDU_OFFERED.to_be_bytes())[..]);
    user.put_slice(&item(0x52, IMPLEMENTATION.as_bytes()));
    out.put_slice(&item(0x50, &user));
    out.freeze()
}

fn item(kind: u8, content: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[kind, 0]);
    out.put_u16(content.len() as u16);
    out.put_slice(content);
    out.freeze()
}

/// The result of the first presentation context item of an A-ASSOCIATE-AC.
fn context_result(body: &[u8]) -> Option<u8> {
    let mut rest = body.get(68..)?;
    while rest.len() >= 4 {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let content = rest.get(4..4 + length)?;
        if rest[0] == 0x21 {
            return content.get(2).copied();
        }
        rest = &rest[4 + length..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_request_can_be_read_back() {
        let set = echo_rq(0x1234);
        assert_eq!(command_number(&set, 0x0100), Some(0x0030));
        assert_eq!(command_number(&set, 0x0110), Some(0x1234));
        assert_eq!(command_number(&set, 0x0900), None);
        assert_eq!(
            u32::from_le_bytes([set[8], set[9], set[10], set[11]]) as usize,
            set.len() - 12
        );
    }

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
