//! A recording that answers.

mod dimse;
mod web;

use std::sync::Arc;

use super::mask::Mask;
use super::{Passed, Recording};

pub(crate) use dimse::Lines;
pub(crate) use web::Pages;

/// A recording with a finger on each line.
#[derive(Debug)]
pub(crate) struct Player {
    /// What was said over HTTP.
    pub(crate) web: Pages,
    /// What was said over DIMSE; nothing if the recording has none of it.
    pub(crate) dimse: Option<Lines>,
}

impl Player {
    /// With a mask, requests are asked by their patients' own names and found under those that stand for them.
    pub(crate) fn new(recording: Recording, mask: Option<Mask>) -> Self {
        let (mut exchanges, mut negotiations, mut operations) =
            (Vec::new(), Vec::new(), Vec::new());
        for recorded in recording.exchanges {
            match recorded.passed {
                Passed::Web(exchange) => exchanges.push(exchange),
                Passed::Association(negotiation) => negotiations.push(negotiation),
                Passed::Operation(operation) => operations.push(operation),
            }
        }
        let mask = mask.map(Arc::new);
        let has_dimse = !negotiations.is_empty();
        Self {
            web: Pages::new(exchanges, mask.clone()),
            dimse: has_dimse.then(|| Lines::new(negotiations, operations, mask)),
        }
    }
}
