//! Behaviour of the whole crate.

mod attributes;
mod frames;
mod grey;
mod mutations;
mod pdf;
mod person;
mod real;
mod report;
mod support;
mod viewport;
