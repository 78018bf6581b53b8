//! The DIMSE edge, asked by a peer that can also be wrong.

mod association;
mod find;
pub(crate) mod peer;
mod receiver;
mod retrieve;
mod store;
