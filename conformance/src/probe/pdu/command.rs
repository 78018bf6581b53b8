//! Command sets as bytes (PS3.7 6.3.1): written for requests that no typed message can say, and read without leniency.

use bytes::{BufMut, Bytes, BytesMut};

use crate::outcome::{Finding, Verdict, ensure};

/// Affected SOP Class UID.
pub const AFFECTED_SOP_CLASS: u16 = 0x0002;
/// Command Field.
pub const COMMAND_FIELD: u16 = 0x0100;
/// Message ID.
pub const MESSAGE_ID: u16 = 0x0110;
/// Message ID Being Responded To.
pub const RESPONDED_TO: u16 = 0x0120;
/// Command Data Set Type.
pub const DATA_SET_TYPE: u16 = 0x0800;
/// Status.
pub const STATUS: u16 = 0x0900;
/// Affected SOP Instance UID.
pub const AFFECTED_SOP_INSTANCE: u16 = 0x1000;

/// Command Data Set Type of a message without a data set.
pub const NO_DATA_SET: u16 = 0x0101;

/// The Verification SOP class.
pub const VERIFICATION: &str = "1.2.840.10008.1.1";

/// A command set of these elements, in this order, with its group length.
pub fn set(elements: &[(u16, &[u8])]) -> Bytes {
    let mut set = BytesMut::new();
    for (number, value) in elements {
        set.put_u16_le(0);
        set.put_u16_le(*number);
        set.put_u32_le((value.len() + value.len() % 2) as u32);
        set.put_slice(value);
        set.put_bytes(0, value.len() % 2);
    }
    let mut out = BytesMut::new();
    out.put_slice(&[0, 0, 0, 0, 4, 0, 0, 0]);
    out.put_u32_le(set.len() as u32);
    out.put_slice(&set);
    out.freeze()
}

/// A C-ECHO-RQ command set (PS3.7 9.3.5.1).
pub fn echo_rq(message_id: u16) -> Bytes {
    set(&[
        (AFFECTED_SOP_CLASS, VERIFICATION.as_bytes()),
        (COMMAND_FIELD, &0x0030_u16.to_le_bytes()),
        (MESSAGE_ID, &message_id.to_le_bytes()),
        (DATA_SET_TYPE, &NO_DATA_SET.to_le_bytes()),
    ])
}

/// Judges a C-ECHO-RSP.
///
/// # Errors
/// A failure unless it is one, of success, to this message.
pub fn echo_answered(answer: &[u8], message_id: u16) -> Verdict {
    let [field, responded_to, status] =
        [COMMAND_FIELD, RESPONDED_TO, STATUS].map(|element| number(answer, element));
    ensure!(
        field == Some(0x8030),
        "command field {field:04X?} in place of C-ECHO-RSP"
    );
    ensure!(
        responded_to == Some(message_id),
        "a response to message {responded_to:?}, not {message_id}"
    );
    ensure!(status == Some(0), "status {status:04X?}");
    Ok(())
}

/// The elements of a command set in the order in which they came: number and value.
///
/// # Errors
/// A failure if one is not of group 0000 or is cut short.
pub fn elements(set: &[u8]) -> Verdict<Vec<(u16, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = set;
    while !rest.is_empty() {
        let Some(head) = rest.first_chunk::<8>() else {
            return Err(Finding::fail(format!(
                "{} bytes after the last element of a command set",
                rest.len()
            )));
        };
        let (group, number) = (
            u16::from_le_bytes([head[0], head[1]]),
            u16::from_le_bytes([head[2], head[3]]),
        );
        ensure!(
            group == 0,
            "an element ({group:04X},{number:04X}) in a command set"
        );
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let end = length.checked_add(8).filter(|&end| end <= rest.len());
        let Some(end) = end else {
            return Err(Finding::fail(format!(
                "an element (0000,{number:04X}) of length {length} with {} bytes left",
                rest.len() - 8
            )));
        };
        found.push((number, &rest[8..end]));
        rest = &rest[end..];
    }
    Ok(found)
}

/// A number of a command set, by its element.
pub fn number(set: &[u8], element: u16) -> Option<u16> {
    let found = value(set, element)?;
    Some(u16::from_le_bytes(*found.first_chunk()?))
}

/// A text of a command set, by its element; padding removed.
pub fn text(set: &[u8], element: u16) -> Option<String> {
    value(set, element).map(super::text)
}

fn value(set: &[u8], element: u16) -> Option<&[u8]> {
    let found = elements(set).ok()?;
    let found = found.into_iter().find(|(number, _)| *number == element)?;
    Some(found.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_request_can_be_read_back() {
        let set = echo_rq(0x1234);
        assert_eq!(number(&set, COMMAND_FIELD), Some(0x0030));
        assert_eq!(number(&set, MESSAGE_ID), Some(0x1234));
        assert_eq!(number(&set, STATUS), None);
        assert_eq!(
            text(&set, AFFECTED_SOP_CLASS).as_deref(),
            Some(VERIFICATION)
        );
        assert_eq!(
            u32::from_le_bytes([set[8], set[9], set[10], set[11]]) as usize,
            set.len() - 12
        );
    }

    #[test]
    fn a_set_that_is_cut_or_of_another_group_is_refused() {
        let set = echo_rq(1);
        assert!(elements(&set[..set.len() - 1]).is_err());
        assert!(elements(&[8, 0, 0, 0, 0, 0, 0, 0]).is_err());
        assert_eq!(elements(&set).unwrap().len(), 5);
    }
}
