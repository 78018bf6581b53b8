//! Bodies of several parts: multipart/related (PS3.18 8.6.1.2, RFC 2046 5.1.1, RFC 2387).
//!
//! [`Decoder`] is pushed bytes as they arrive and gives events; however the input is split, the
//! events say the same. [`Writer`] makes the bytes between the parts.
//!
//! Decisions where the RFC leaves room:
//! - Lines end in CRLF. A bare LF after a boundary or in a part's headers is an error that says
//!   so; `LF--boundary` inside a part is data, because pixels may hold it.
//! - A line that begins with the boundary and goes on with other text is data of the part, so a
//!   boundary that is the beginning of another one does no harm.
//! - The blank line before a part's data may serve as the line break of the next delimiter: an
//!   empty part.

mod boundary;
mod decoder;
mod headers;
mod writer;

pub use boundary::{Boundary, BoundaryError};
pub use decoder::{Decoder, Error, ErrorKind, Event, MAX_HEADER_BYTES, MAX_PADDING_BYTES};
pub use headers::Headers;
pub use writer::Writer;
