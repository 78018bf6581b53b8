//! Tests of the public interface, one module a subject.
#![allow(clippy::unwrap_used)]

mod charset;
mod dimse;
mod models;
mod multipart;
mod part10;
mod query;
mod stow;
