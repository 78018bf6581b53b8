//! What travels between DICOM clients and archives: bytes to types and back, without IO.

pub mod uid;

pub mod media;
pub mod multipart;
pub mod query;
pub mod stow;

pub mod ae;
pub mod dimse;

pub mod charset;
pub mod moment;
pub mod part10;

pub mod json;
mod value;
pub mod xml;
