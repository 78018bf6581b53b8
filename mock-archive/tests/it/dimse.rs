//! The DIMSE edge, asked by a peer that can also be wrong.

mod association;
pub(crate) mod peer;
