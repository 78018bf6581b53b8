//! The harness from outside: every check proven both ways, liars unmasked, reports read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod binary;
mod declared;
mod docs;
mod editions;
mod liar;
mod liars;
mod mutant;
mod mutants;
mod parallel;
mod proof;
mod reports;
mod runner;
