//! The moments at which an exchange can go another way than the standard says, and what can be turned at each.
//!
//! An edge never asks "which fault is this?". It passes every moment, and does what the context it gets back says:
//!
//! | moment | who passes it | what can be turned |
//! |---|---|---|
//! | [`Connect`] | the socket layer, once an accepted connection | refuse, stay silent, slow down, cut, reset |
//! | [`Admit`] | an edge, before it does anything for a request or association | wait, answer something else, reject, speak a dialect |
//! | [`Negotiate`] | an edge, when it chooses a presentation context or representation | refuse or change the choice |
//! | [`Arrival`] | an edge, for each PDU of an association and each part of a store request | end it there |
//! | [`Judge`] | [`crate::archive::Archive::store`], for each instance | accept, warn, refuse, lose, not mention |
//! | [`Shape`] | the archive and the edges, for what goes out | pages, rows, data sets, the answer to a store |
//! | [`Send`] | an edge, with the answer's head in hand | status, headers, delay, cut, no answer |
//!
//! All of them are plain data and are computed under the archive's lock without waiting: an edge sleeps, cuts or closes itself, after the call.

mod admit;
mod arrival;
mod connect;
mod dialect;
mod habit;
mod judge;
mod line;
pub mod multipart;
mod negotiate;
mod send;
mod shape;
mod style;

use serde::Serialize;

pub use admit::{Admission, Admit, Answer, BodyLimit, Heard, LimitedAt, Merge, Rejection, Ruling};
pub use arrival::{Arrival, Onward, Piece};
pub use connect::{Connect, Direction, Ending, Manner};
pub use dialect::{AttributesAs, Delimiter, Dialect, Parameters, Pdvs};
pub use habit::{Habits, Operation, UpperLayer};
pub use judge::{Fate, Judge, Lag, Originals, Under};
pub use line::{Handshake, Idle, Latency, Line, Rates, Slices, Spread, Stall};
pub use negotiate::{Choice, Context, ContextAnswer, Negotiate, Syntax};
pub use send::{Chunking, Coding, Cut, Delivery, Framing, Head, PduForm, Send};
pub use shape::{Form, Linger, Listing, Next, Page, Rest, Search, SeenBy, Shape};
pub use style::{
    FileStyle, Fragments, Label, Link, Misencoded, ModelStyle, MultipartStyle, OffsetTable,
    PartForm, PictureStyle,
};

/// The name of a moment; [`Shape`] has one for each kind of thing that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// [`Connect`].
    Connect,
    /// [`Admit`].
    Admit,
    /// [`Negotiate`].
    Negotiate,
    /// [`Judge`].
    Judge,
    /// [`Form::Search`].
    Search,
    /// [`Form::Page`].
    Page,
    /// [`Form::Rows`].
    Rows,
    /// [`Form::Row`].
    Row,
    /// [`Form::Match`].
    Match,
    /// [`Form::Instances`].
    Instances,
    /// [`Form::Dataset`].
    Dataset,
    /// [`Form::Receipt`].
    Receipt,
    /// [`Form::Json`].
    Json,
    /// [`Form::Listing`].
    Listing,
    /// [`Form::SubOperation`].
    SubOperation,
    /// [`Form::Scope`].
    Scope,
    /// [`Form::Multipart`].
    Multipart,
    /// [`Form::File`].
    File,
    /// [`Form::Model`].
    Model,
    /// [`Form::Frames`].
    Frames,
    /// [`Form::Frame`].
    Frame,
    /// [`Form::Picture`].
    Picture,
    /// [`Form::Deletion`].
    Deletion,
    /// [`Arrival`].
    Arrival,
    /// [`Send`].
    Send,
}
