//! What travels between DICOM clients and archives: bytes to types and back, without IO.

pub mod ae;
pub mod dimse;
pub mod moment;
pub mod part10;
pub mod query;
pub mod uid;
pub mod media;
pub mod multipart;
