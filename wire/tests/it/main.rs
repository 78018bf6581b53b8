//! Tests of the public interface, one module a subject.
#![allow(clippy::unwrap_used)]

mod dimse;
mod query;
//! Behaviour of the crate as seen from outside.

mod multipart;
