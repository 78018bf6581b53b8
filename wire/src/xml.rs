//! The Native DICOM Model (PS3.19 annex A), both ways.

mod read;
mod write;

pub use crate::json::{Link, Links, inline};
pub use read::{MAX_DEPTH, Parsed, XmlError, parse};
pub use write::{to_vec, write};

/// The namespace of the model (PS3.19 A.1.6).
pub const NAMESPACE: &str = "http://dicom.nema.org/PS3.19/models/NativeDICOM";
