//! A DICOM archive for tests: right by the standard, or exactly as wrong as told.
//!
//! [`MockArchive`] runs in a test; both its protocols reach one [`archive::Archive`]. What it declares is its [`policy`], what goes wrong are its [`rule`]s
//! over the [`fault`]s at six [`moment`]s, and what happened is its [`journal`].

pub mod admin;
pub mod archive;
mod dimse;
pub mod exchange;
pub mod fault;
pub mod index;
pub mod journal;
pub mod matching;
pub mod moment;
pub mod personality;
pub mod policy;
pub mod request;
pub mod rule;
pub mod scenario;
mod serve;
pub mod server;
mod socket;
pub mod store;
mod web;

pub use server::MockArchive;
