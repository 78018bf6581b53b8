//! What can be wrong with a file.

use dicom_core::Tag;

use crate::uid::UidError;

/// Why bytes are not a DICOM file. The message tells the byte offset.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// No byte at all.
    #[error("the input is empty")]
    Empty,
    /// Neither a preamble nor anything else that a file may start with.
    #[error("not a DICOM file: neither DICM at offset 128 nor a data set at offset 0")]
    NotDicom,
    /// A Transfer Syntax UID (0002,0010) that is none.
    #[error("the Transfer Syntax UID at offset {offset} cannot be read: {source}")]
    BadTransferSyntax {
        /// Where the value starts.
        offset: u64,
        /// What is wrong with it.
        source: UidError,
    },
    /// The bytes end inside a header.
    #[error("the data ends inside the header at offset {offset}: {found} of its bytes are there")]
    TruncatedHeader {
        /// Where the header starts.
        offset: u64,
        /// How many bytes of it are there.
        found: usize,
    },
    /// The bytes end inside a value, a sequence or an item.
    #[error("the data ends inside {tag} at offset {offset}: {length} bytes claimed, {left} left")]
    Truncated {
        /// Where the value starts.
        offset: u64,
        /// Whose value it is.
        tag: Tag,
        /// How long it claims to be.
        length: u64,
        /// How many bytes there are.
        left: u64,
    },
    /// Fragments without the delimiter that ends them.
    #[error("the data ends at offset {end} inside the fragments of {tag} at offset {offset}")]
    NoDelimiter {
        /// Where the element starts.
        offset: u64,
        /// The element.
        tag: Tag,
        /// Where the data ends.
        end: u64,
    },
    /// A value claims more bytes than the item or sequence around it has.
    #[error(
        "{tag} at offset {offset} claims {length} bytes, the item or sequence around it has {left} left"
    )]
    Overrun {
        /// Where the value starts.
        offset: u64,
        /// Whose value it is.
        tag: Tag,
        /// How long it claims to be.
        length: u64,
        /// How many bytes there are.
        left: u64,
    },
    /// A value representation that is not two capital letters.
    #[error("{tag} at offset {offset} has the value representation \"{vr}\"")]
    BadVr {
        /// Where the header starts.
        offset: u64,
        /// The element.
        tag: Tag,
        /// The two bytes, escaped.
        vr: String,
    },
    /// An undefined length where there can be none.
    #[error(
        "{tag} at offset {offset} has undefined length, which its value representation {vr} cannot have"
    )]
    UndefinedLength {
        /// Where the header starts.
        offset: u64,
        /// The element.
        tag: Tag,
        /// Its value representation.
        vr: &'static str,
    },
    /// An item or a delimiter where an element must be, or the other way round.
    #[error("{tag} at offset {offset} where {wanted} must be")]
    Unexpected {
        /// Where its header starts.
        offset: u64,
        /// What is there.
        tag: Tag,
        /// What must be there.
        wanted: &'static str,
    },
    /// More sequences in each other than [`Limits::depth`](super::Limits::depth).
    #[error("{tag} at offset {offset} is nested deeper than {limit} sequences")]
    TooDeep {
        /// Where the header starts.
        offset: u64,
        /// The sequence.
        tag: Tag,
        /// The limit.
        limit: usize,
    },
    /// More than [`Limits::elements`](super::Limits::elements).
    #[error("more than {limit} elements, items and fragments at offset {offset}")]
    TooManyElements {
        /// Where the first one too many starts.
        offset: u64,
        /// The limit.
        limit: usize,
    },
    /// More than [`Limits::header`](super::Limits::header).
    #[error("the values that are not bulk data exceed {limit} bytes with {tag} at offset {offset}")]
    HeaderTooBig {
        /// Where the value starts.
        offset: u64,
        /// The element.
        tag: Tag,
        /// The limit.
        limit: u64,
    },
    /// More than [`Limits::inflated`](super::Limits::inflated).
    #[error("the deflated data set inflates to more than {limit} bytes")]
    InflatesTooMuch {
        /// The limit.
        limit: u64,
    },
    /// The deflate stream is damaged.
    #[error("the deflated data set is damaged after {offset} inflated bytes")]
    BadDeflate {
        /// How many bytes could be inflated.
        offset: u64,
    },
    /// The deflate stream ends early.
    #[error("the deflated data set ends early, after {offset} inflated bytes")]
    TruncatedDeflate {
        /// How many bytes could be inflated.
        offset: u64,
    },
    /// The reader failed.
    #[error("reading failed at offset {offset}: {source}")]
    Io {
        /// Where, in bytes.
        offset: u64,
        /// The reader's word.
        source: std::io::Error,
    },
}
