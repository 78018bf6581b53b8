//! The harness's own clients. Nothing here is shared with a server of this project but the message types of `dicom_wire::dimse`,
//! and the upper layer below them does without those too, so that a fault common to both ends cannot hide.

pub mod body;
pub mod commitment;
pub mod conversation;
pub mod described;
pub mod dimse;
pub mod file;
pub mod json;
pub mod kept;
pub mod media;
pub mod model;
pub mod pdu;
pub mod picture;
pub mod presence;
pub mod raw;
pub mod reference;
pub mod rendered;
pub mod sample;
pub mod scp;
pub mod search;
pub mod upload;
pub mod wadl;
pub mod web;
pub mod window;
pub mod xml;
