//! How a retrieve's answer is made, as data that rules can change: the edge asks for it, and does what it says. The defaults change nothing.

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the parts of a multipart answer are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MultipartStyle {
    /// The form of the answer whatever the client accepts; a single one holds the first part alone.
    pub form: Option<PartForm>,
    /// This text between the parts, in place of one of its own for each answer.
    pub boundary: Option<String>,
    /// This boundary in the answer's Content-Type, whatever is between the parts.
    pub announced: Option<String>,
    /// Whether the close delimiter is left out.
    pub open_end: bool,
    /// Header fields of parts that are left out, in lower case.
    pub without: Vec<String>,
    /// Header fields that each part has besides.
    pub with: Vec<(String, String)>,
    /// Whether each part says how long it is, if that is no more than 64 MiB.
    pub lengths: bool,
    /// How a part names its transfer syntax.
    pub label: Label,
    /// The part that is left out, counted from 0.
    pub skipped: Option<usize>,
}

/// Whether there is multipart around an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartForm {
    /// One part, bare.
    Single,
    /// multipart/related.
    Multipart,
}

/// How a part names its transfer syntax.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// As it is.
    #[default]
    True,
    /// Not at all.
    Missing,
    /// As `*`.
    Star,
    /// Within the quotes of a type parameter.
    InsideType,
    /// Within the quotes of a type parameter, and in the part too.
    AlsoInsideType,
    /// As this one.
    Other(String),
}

/// What becomes of a stored file on its way out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileStyle {
    /// Whether preamble and prefix are left out.
    pub no_preamble: bool,
    /// Whether the preamble is zero, whatever was stored.
    pub blank_preamble: bool,
    /// The transfer syntax that the file meta information names, whatever the data set is in.
    pub claimed: Option<String>,
    /// An element at the top level that is left out of files that go out as they are stored.
    pub without: Option<dicom_core::Tag>,
    /// How compressed pixels that go out as they are stored are cut into fragments.
    pub fragments: Option<Fragments>,
    /// What is added to the first sample of each frame that is decoded.
    pub off_by: u8,
    /// Whether private elements at the top level are left out.
    pub without_private: bool,
    /// Whether an uncompressed file goes out in implicit VR with words of pixels in big endian; over HTTP only.
    pub big_endian_pixels: bool,
    /// Elements at the top level that are under UN in explicit VR, of an instance that came in implicit VR; with an empty list all that can be.
    pub unknown: Option<Vec<dicom_core::Tag>>,
    /// So many of the low bits of each uncompressed byte or word are lost.
    pub lost_bits: u8,
    /// Whether an instance with lost bits says that it lost some (PS3.3 C.7.6.1.1.5).
    pub declared: bool,
    /// The SOP Instance UID of an instance with lost bits, if it is a new one.
    pub new_uid: Option<dicom_wire::uid::Uid>,
    /// Elements at the top level that are encoded otherwise, of files that go out as they are stored.
    pub misencoded: Option<Misencoded>,
}

/// A way to encode a data set that PS3.5 does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Misencoded {
    /// A text of an odd number of bytes.
    #[default]
    OddLength,
    /// UIDs that are padded with a blank.
    UidBlank,
    /// UIDs with a leading zero in their last component.
    UidZero,
    /// A text under the VR of a number.
    WrongVr,
    /// Zeros after the data set.
    Tail,
    /// A sequence under the VR UN, of undefined length; PS3.5 6.2.2 has it, and few readers do.
    UndefinedLength,
    /// A sequence of undefined length whose delimiter has a length.
    DelimiterLength,
}

/// How compressed pixels are cut into fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragments {
    /// The Basic Offset Table.
    pub table: OffsetTable,
    /// Bytes of each fragment, an even number; what is shorter stays as it is.
    pub length: usize,
}

/// What a Basic Offset Table says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OffsetTable {
    /// Where the frames begin.
    #[default]
    True,
    /// Nothing.
    Empty,
    /// Two bytes too much for each frame.
    Wrong,
}

/// How metadata refers to what it does not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelStyle {
    /// The references.
    pub link: Link,
    /// Attributes that get a reference in place of their value, as eight hexadecimal digits.
    pub linked_too: Vec<String>,
    /// Whether the file meta information is among the attributes.
    pub file_meta: bool,
}

/// A BulkDataURI as it goes out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// An absolute URL that leads to the value.
    #[default]
    Absolute,
    /// Relative to the service's base, which readers take as relative to the metadata.
    Relative,
    /// An absolute URL of another server.
    OtherHost(String),
    /// Left out; the attribute has only its VR.
    Omitted,
    /// Left out with the attribute.
    Dropped,
    /// An absolute URL that leads nowhere any more.
    Expired,
    /// The value itself, as InlineBinary.
    Inline,
}

/// How a picture is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PictureStyle {
    /// The media type that the answer's head names, whatever the picture is.
    pub labelled: Option<String>,
    /// The media type that the picture really has, whatever the head says.
    pub really: Option<String>,
    /// Whether the windows and VOI LUTs of the data set are ignored.
    pub ignores_voi: bool,
    /// Whether MONOCHROME1 is taken for MONOCHROME2.
    pub ignores_polarity: bool,
    /// Whether red and blue change places.
    pub swaps_red_and_blue: bool,
    /// Whether the picture fills its viewport whatever its shape.
    pub stretches: bool,
    /// Whether a single picture is wrapped into multipart.
    pub wrapped: bool,
    /// This in place of a picture, under the status of success.
    pub instead: Option<&'static str>,
    /// Refused with this status.
    pub refused: Option<StatusCode>,
}
