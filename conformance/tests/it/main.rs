//! The harness from outside: every check proven both ways, liars unmasked, reports read.

mod docs;
mod liar;
mod liars;
