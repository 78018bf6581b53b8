//! The moment at which an answer's head is ready.

use std::time::Duration;

use bytes::Bytes;
use dicom_wire::dimse::CommandSet;
use http::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Manner;
use crate::request::Request;

/// An answer is about to go out: its head is known, no byte of it has been written.
#[derive(Debug)]
pub struct Send<'a> {
    /// What it answers.
    pub request: &'a Request,
    /// Its head.
    pub head: Head<'a>,
    /// How the bytes go out.
    pub delivery: Delivery,
}

/// The head of an answer.
#[derive(Debug)]
pub enum Head<'a> {
    /// Status line and header fields of an HTTP response.
    Web {
        /// Status code.
        status: &'a mut u16,
        /// Header fields.
        headers: &'a mut HeaderMap,
    },
    /// A DIMSE response; for pending responses this is passed once for each.
    Dimse {
        /// Its command set; (0000,0800) is put in afterwards.
        set: &'a mut CommandSet,
        /// Its data set.
        data_set: &'a mut Option<Bytes>,
        /// How many pending responses went out before.
        pending: u64,
    },
}

/// How the bytes of an answer go out. The default: at once, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Sleep this long before the first byte (tokio time).
    pub delay: Duration,
    /// Stop before the end. HTTP: counted in body bytes; DIMSE: in data set bytes of the whole exchange.
    pub cut: Option<Cut>,
    /// HTTP: this body instead of the real one.
    pub instead: Option<Bytes>,
    /// HTTP: every occurrence of the first text in a body of up to 1 MiB becomes the second.
    pub replace: Option<(String, String)>,
    /// At most this many body bytes a second.
    pub bytes_per_second: Option<u64>,
    /// HTTP: the body in a content coding that was not agreed to.
    pub coding: Option<Coding>,
    /// HTTP: how the bytes on the wire are framed, where that is not as RFC 9112 says.
    pub framing: Framing,
    /// HTTP: the body goes out in pieces of so many bytes, each a chunk, with this time between two.
    pub dribble: Option<(usize, Duration)>,
    /// HTTP: the version of the answer is 1.0, and its end is that of the connection.
    pub version_1_0: bool,
    /// DIMSE: how the response is cut into PDUs.
    pub pdus: PduForm,
    /// DIMSE: leave this response out.
    pub withheld: bool,
    /// DIMSE: send no other response of the operation after this one.
    pub last: bool,
    /// DIMSE: send A-ABORT (source, reason) instead.
    pub abort: Option<(u8, u8)>,
    /// DIMSE: so much is added to the group length (0000,0000).
    pub group_length_off_by: i32,
}

/// A content coding that a client did not ask for, or that is not the one that is named (RFC 9110 8.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// gzip, whatever the client accepts.
    #[default]
    Always,
    /// The head says gzip, and the body is plain.
    Claimed,
    /// gzip within gzip, named once.
    Twice,
    /// gzip, and the head does not say so.
    Unnamed,
}

/// How an answer over HTTP is framed on the wire. The default is as RFC 9112 6 says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Framing {
    /// Is added to Content-Length.
    pub length_by: i64,
    /// What becomes of chunks.
    pub chunks: Chunking,
}

/// How chunks are framed (RFC 9112 7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Chunking {
    /// As they should be.
    #[default]
    Sound,
    /// The last one, of no bytes, is missing, and the connection ends.
    NoLast,
    /// The size of the first one is no number.
    BadSize,
}

impl Framing {
    /// Whether the bytes go out as they are.
    pub fn is_sound(self) -> bool {
        self == Self::default()
    }
}

/// How a DIMSE response is cut into P-DATA-TF PDUs (PS3.8 9.3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PduForm {
    /// As long as the peer takes, command and data set apart.
    #[default]
    Usual,
    /// Many PDUs, each with a few bytes; PS3.8 allows that.
    Split,
    /// All values in one PDU, command and data set; PS3.8 allows that.
    Coalesced,
    /// Values of an odd number of bytes.
    Odd,
    /// Values name a presentation context that was not negotiated.
    WrongContext,
    /// The length of the last PDU is more than follows, and the connection ends.
    Truncated,
    /// One PDU, longer than the peer takes.
    Oversize,
}

/// Where and how an answer stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Body bytes that still go out.
    pub after: u64,
    /// What happens then.
    pub manner: Manner,
}
