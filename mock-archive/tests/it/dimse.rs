//! The DIMSE edge, asked by a peer that can also be wrong.

mod association;
mod broken_off;
mod commitment;
mod faults;
mod find;
pub(crate) mod peer;
mod receiver;
mod recording;
mod retrieve;
mod store;
mod transcoding;
mod worklist;
