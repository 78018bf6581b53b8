//! What a client sees, against archives that behave, misbehave, or are none.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod arguments;
mod both_protocols;
mod cancelled;
mod client;
mod docs;
mod judged;
mod killed;
mod odd_answers;
mod peers;
mod personalities;
mod phi;
mod process;
mod promises;
mod protocol;
mod storing;
mod tools;
mod truth;
mod ways;
