//! Declared against observed, for a reader.

use std::fmt::Write;

use crate::check::{Known, Need};
use crate::observe::Observed;

/// The needs that are declared and not offered.
pub fn broken(observed: &Observed) -> Vec<Need> {
    with(observed, Some(true), false)
}

/// The needs that are offered and not declared; empty without a statement.
pub fn undeclared(observed: &Observed) -> Vec<Need> {
    with(observed, Some(false), true)
}

fn with(observed: &Observed, declared: Option<bool>, offered: bool) -> Vec<Need> {
    let all = observed.all().iter();
    all.filter(|(_, seen)| seen.declared == declared && seen.offered == offered)
        .map(|(need, _)| *need)
        .collect()
}

/// A line for each capability that is declared or offered, the disagreements with their source.
pub fn table(observed: &Observed) -> String {
    let mut out = format!(
        "{:<18} {:<9} {:<9} source\n",
        "capability", "declared", "observed"
    );
    for (need, seen) in observed.all() {
        let declared = match seen.declared {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        let offered = match (need.known(), seen.offered) {
            // What cannot be seen is taken at its word.
            (Known::Claimed, true) => "believed",
            (_, true) => "yes",
            (_, false) => "no",
        };
        if seen.declared != Some(true) && !seen.offered {
            continue;
        }
        let note = match (seen.declared, seen.offered) {
            (Some(true), false) => "  <- declared, not offered",
            (Some(false), true) => "  <- undeclared",
            _ => "",
        };
        let source: String = (seen.source.chars())
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(out, "{need:<18} {declared:<9} {offered:<9} {source}{note}");
    }
    out
}
