//! Behaviour of the whole crate.

#![allow(
    clippy::unwrap_used,
    reason = "in helpers of tests, too, a panic is the failure"
)]

mod attributes;
mod compound;
mod docs;
mod frames;
mod fuzz;
mod grey;
mod matrix;
mod mutations;
mod over;
mod pdf;
mod person;
mod real;
mod report;
mod states;
mod summary;
mod support;
mod viewport;
