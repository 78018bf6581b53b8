//! An upload client: it is given files and the address of an archive, and judged by what arrives and by how it ends.

pub mod fault;
mod stage;

pub use stage::{Ended, PATIENCE, Stage};

use crate::check::Need;

use super::Program;

/// Which way a client uploads, by the placeholders of its command.
pub fn door(program: &Program) -> (Need, &'static str) {
    match program.command.iter().any(|word| word.contains("{port}")) {
        true => (Need::DimseClient, "{port} in the command"),
        false => (Need::StowClient, "no {port} in the command"),
    }
}
