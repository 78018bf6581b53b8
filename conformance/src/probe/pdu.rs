//! The upper layer byte by byte (PS3.8 9.3): associations whose every PDU the harness writes and reads itself.

mod acceptance;
pub mod command;
mod heard;
mod proposal;
mod wire;

use bytes::{BufMut, Bytes, BytesMut};

use crate::outcome::{Finding, Verdict};

pub use acceptance::{Acceptance, ContextResult};
pub use heard::{Heard, RawMessage, RawPdu};
pub use proposal::{Proposal, ProposedContext};
pub use wire::Wire;

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

/// Items and sub-items of the association PDUs (PS3.8 9.3.2, PS3.7 D.3.3).
pub mod item {
    /// Application context.
    pub const APPLICATION_CONTEXT: u8 = 0x10;
    /// Presentation context of a request.
    pub const PROPOSED_CONTEXT: u8 = 0x20;
    /// Presentation context of an acceptance.
    pub const CONTEXT_RESULT: u8 = 0x21;
    /// Abstract syntax.
    pub const ABSTRACT_SYNTAX: u8 = 0x30;
    /// Transfer syntax.
    pub const TRANSFER_SYNTAX: u8 = 0x40;
    /// User information.
    pub const USER_INFORMATION: u8 = 0x50;
    /// Maximum length.
    pub const MAXIMUM_LENGTH: u8 = 0x51;
    /// Implementation class UID.
    pub const IMPLEMENTATION_CLASS: u8 = 0x52;
    /// Asynchronous operations window.
    pub const ASYNCHRONOUS_WINDOW: u8 = 0x53;
    /// SCP/SCU role selection.
    pub const ROLE_SELECTION: u8 = 0x54;
    /// Implementation version name.
    pub const IMPLEMENTATION_VERSION: u8 = 0x55;
    /// SOP class extended negotiation.
    pub const EXTENDED_NEGOTIATION: u8 = 0x56;
    /// User identity.
    pub const USER_IDENTITY: u8 = 0x58;
    /// User identity, the server's answer.
    pub const USER_IDENTITY_ANSWER: u8 = 0x59;
}

/// Message control header: a fragment of a command (PS3.8 E.2).
pub const COMMAND: u8 = 0x01;
/// Message control header: the last fragment (PS3.8 E.2).
pub const LAST: u8 = 0x02;

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

/// The P-DATA-TF PDUs of a message for a peer that takes PDUs of this length (0 = any).
pub fn message_pdus(context: u8, command: &[u8], data_set: Option<&[u8]>, limit: u32) -> Bytes {
    let room = match limit as usize {
        0 => 16 * 1024,
        limit => limit.clamp(16, 64 * 1024) - 6,
    };
    let mut out = BytesMut::new();
    let mut put = |bytes: &[u8], control: u8| {
        let count = bytes.len().div_ceil(room).max(1);
        for n in 0..count {
            let end = bytes.len().min((n + 1) * room);
            let last = if n + 1 == count { LAST } else { 0 };
            let value = data_value(context, control | last, &bytes[n * room..end]);
            out.put_slice(&pdu(kind::DATA, &value));
        }
    };
    put(command, COMMAND);
    if let Some(data_set) = data_set {
        put(data_set, 0);
    }
    out.freeze()
}

/// An item or sub-item: type, reserved byte, length, content.
fn item_of(kind: u8, reserved: u8, content: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(&[kind, reserved]);
    out.put_u16(content.len() as u16);
    out.put_slice(content);
    out.freeze()
}

/// The items in a piece of an association PDU.
fn items(mut rest: Bytes) -> Verdict<Vec<(u8, Bytes)>> {
    let mut found = Vec::new();
    while !rest.is_empty() {
        let length = rest
            .get(2..4)
            .map(|bytes| usize::from(u16::from_be_bytes([bytes[0], bytes[1]])));
        let Some(length) = length.filter(|length| 4 + length <= rest.len()) else {
            return Err(Finding::fail(format!(
                "an item of type {:02X}H and length {length:?} in {} bytes",
                rest[0],
                rest.len()
            )));
        };
        let item = rest.split_to(4 + length);
        found.push((item[0], item.slice(4..)));
    }
    Ok(found)
}

/// Text of an item, padding removed.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes)
        .trim_end_matches(['\0', ' '])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_to_the_limit_of_the_peer() {
        let pdus = message_pdus(3, &[1; 10], Some(&[2; 100]), 46);
        let lengths: Vec<_> = std::iter::successors(Some(&pdus[..]), |rest| {
            let length = u32::from_be_bytes([rest[2], rest[3], rest[4], rest[5]]) as usize;
            rest.get(6 + length..).filter(|rest| !rest.is_empty())
        })
        .map(|pdu| (pdu[5], pdu[11]))
        .collect();
        assert_eq!(
            lengths,
            [(16, COMMAND | LAST), (46, 0), (46, 0), (26, LAST)]
        );
    }
}
