//! What a run found, and the forms in which it is told.

pub mod json;
pub mod junit;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::check::{Check, Edition, Profile};
use crate::identity::Identity;
use crate::observe::Observed;
use crate::outcome::{Difference, Outcome};
use crate::target::Target;
use crate::transcript::Transcript;

/// Everything that a run found.
#[derive(Debug)]
pub struct Report {
    /// Seed and names.
    pub identity: Identity,
    /// The edition that was asked about.
    pub edition: Edition,
    /// Who was asked.
    pub target: Arc<Target>,
    /// What the smoke run saw.
    pub observed: Arc<Observed>,
    /// The checks in the order in which they ran.
    pub checks: Vec<Judged>,
    /// How long all of it took.
    pub took: Duration,
}

/// A check and how it ended.
#[derive(Debug)]
pub struct Judged {
    /// The check.
    pub check: &'static Check,
    /// How it ended.
    pub outcome: Outcome,
    /// What was wanted and what came; for outcomes without a judgement the reason is in `got`.
    pub difference: Option<Difference>,
    /// Of an untestable check: the check that judges what failed.
    pub because: Option<&'static str>,
    /// What went over the wire.
    pub transcript: Transcript,
    /// How long it took.
    pub took: Duration,
}

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// At least one check judged the archive, and none failed.
    Passed = 0,
    /// Failures.
    Failed = 1,
    /// Wrong arguments, or nothing that could be judged.
    Usage = 2,
    /// Nobody is there.
    Unreachable = 3,
    /// The harness broke.
    Broken = 4,
}

impl Judged {
    pub(crate) const fn new(check: &'static Check, transcript: Transcript, took: Duration) -> Self {
        Self {
            check,
            outcome: Outcome::Pass,
            difference: None,
            because: None,
            transcript,
            took,
        }
    }

    /// What would have been right.
    pub fn expected(&self) -> &str {
        let own = self
            .difference
            .as_ref()
            .and_then(|difference| difference.expected.as_deref());
        own.unwrap_or(self.check.accepts)
    }

    /// What came, or why there was no judgement; empty for a pass.
    pub fn got(&self) -> &str {
        self.difference
            .as_ref()
            .map_or("", |difference| difference.got.as_str())
    }
}

impl Report {
    /// How many checks ended in this way.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.checks
            .iter()
            .filter(|judged| judged.outcome == outcome)
            .count()
    }

    /// How many ended in each way, without the ways that did not occur.
    pub fn counts(&self) -> BTreeMap<Outcome, usize> {
        let counts = Outcome::ALL
            .into_iter()
            .map(|outcome| (outcome, self.count(outcome)));
        counts.filter(|&(_, count)| count > 0).collect()
    }

    /// The exit code; if several apply, the highest.
    pub fn exit(&self) -> Exit {
        let judged = self.checks.iter().any(|judged| judged.outcome.is_judged());
        let failed = self.checks.iter().any(|judged| judged.outcome.is_failure());
        let broken = self.count(Outcome::Error) > 0;
        [
            (broken, Exit::Broken),
            (!self.observed.unreachable().is_empty(), Exit::Unreachable),
            (!judged, Exit::Usage),
            (failed, Exit::Failed),
        ]
        .into_iter()
        .find_map(|(applies, exit)| applies.then_some(exit))
        .unwrap_or(Exit::Passed)
    }

    /// For each profile with a check in the run: how many of these passed, and how many there are.
    pub fn profiles(&self) -> Vec<(Profile, usize, usize)> {
        let of = |profile: Profile| {
            let members: Vec<_> = self
                .checks
                .iter()
                .filter(|judged| judged.check.profiles.contains(&profile))
                .collect();
            let passed = members
                .iter()
                .filter(|judged| judged.outcome == Outcome::Pass)
                .count();
            (profile, passed, members.len())
        };
        Profile::ALL
            .into_iter()
            .map(of)
            .filter(|&(_, _, members)| members > 0)
            .collect()
    }

    /// The groups of checks in the order in which they ran.
    pub fn groups(&self) -> Vec<(&'static str, Vec<&Judged>)> {
        let mut groups: Vec<(&str, Vec<&Judged>)> = Vec::new();
        for judged in &self.checks {
            let group = judged.check.group();
            match groups.iter_mut().find(|(name, _)| *name == group) {
                Some((_, members)) => members.push(judged),
                None => groups.push((group, vec![judged])),
            }
        }
        groups
    }

    /// The studies that the run sent to the archive, in order.
    pub fn leftovers(&self) -> Vec<String> {
        let transcripts = self
            .checks
            .iter()
            .map(|judged| &judged.transcript)
            .chain([self.observed.transcript()]);
        let mut studies: Vec<_> = transcripts.flat_map(Transcript::left).collect();
        studies.sort();
        studies.dedup();
        studies
    }
}
