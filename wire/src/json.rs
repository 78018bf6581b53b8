//! The DICOM JSON Model (PS3.18 annex F), both ways.
//!
//! [`write()`] streams one data set; [`parse`] reads what an archive answered and keeps what it can,
//! telling every departure from the model.

mod read;
mod write;

pub use read::{Fault, JsonError, Link, MAX_DEPTH, Parsed, WhatIsWrong, from_value, parse};
pub use write::{Links, inline, to_value, to_vec, write};
