//! What a run found, and the forms in which it is told.

pub mod badge;
pub mod bundle;
pub mod diff;
pub mod html;
pub mod json;
pub mod junit;
pub mod ndjson;
pub mod rejudge;
pub mod saved;
pub mod table;
pub mod text;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::catalogue;
use crate::check::{Check, Edition, Need, Profile, ProfileVerdict};
use crate::identity::Identity;
use crate::observe::Observed;
use crate::outcome::{Difference, Outcome};
use crate::run::Strict;
use crate::statement::{Product, compare};
use crate::target::Target;
use crate::transcript::Transcript;
use crate::waivers::{Objection, Waiver, Waivers, Word};

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
    /// Whether what is only interoperability, and what is offered undeclared, fails the run.
    pub strict: Strict,
    /// The profiles that were asked for by name; one that is not passed fails the run.
    pub asked: Vec<Profile>,
    /// Waivers that do not hold.
    pub objections: Vec<Objection>,
    /// Checks that are known to fail at times: how often they failed, and of how many times.
    pub rates: BTreeMap<&'static str, (usize, usize)>,
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
    /// Of a waived check: who waived it and why.
    pub waiver: Option<Waiver>,
    /// What went over the wire.
    pub transcript: Transcript,
    /// How long it took.
    pub took: Duration,
}

/// A profile and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileResult {
    /// The profile.
    pub profile: Profile,
    /// Its checks that passed.
    pub passed: usize,
    /// Its checks in the run.
    pub checks: usize,
    /// Whether these are all that it has.
    pub is_whole: bool,
    /// What that amounts to.
    pub verdict: ProfileVerdict,
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
            waiver: None,
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
        let undeclared = self.strict == Strict::Yes && !self.undeclared().is_empty();
        let closed = (self.profiles().into_iter())
            .any(|it| self.asked.contains(&it.profile) && it.verdict != ProfileVerdict::Pass);
        let failed = failed || undeclared || closed || !self.objections.is_empty();
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

    /// How each profile of the edition ended that has a check in the run.
    pub fn profiles(&self) -> Vec<ProfileResult> {
        if self.target.program.is_some() {
            // Profiles are of archives.
            return Vec::new();
        }
        let all = Profile::ALL.iter().copied();
        let of_edition = all.filter(|it| it.edition().is_none_or(|own| own == self.edition));
        of_edition
            .map(|profile| self.profile(profile))
            .filter(|result| result.checks > 0)
            .collect()
    }

    fn profile(&self, profile: Profile) -> ProfileResult {
        let members: Vec<_> = (self.checks.iter())
            .filter(|judged| profile.contains(judged.check))
            .collect();
        let passes = |judged: &&&Judged| match judged.outcome {
            Outcome::Pass => true,
            Outcome::Warn => !profile.is_strict(),
            _ => false,
        };
        let passed = members.iter().filter(passes).count();
        let whole = (catalogue::all().iter())
            .filter(|check| profile.contains(check) && check.editions.contains(self.edition))
            .count();
        let verdict = match (passed == members.len(), members.len() < whole) {
            (false, _) => ProfileVerdict::Fail,
            (true, true) => ProfileVerdict::Incomplete,
            (true, false) => ProfileVerdict::Pass,
        };
        ProfileResult {
            profile,
            passed,
            checks: members.len(),
            is_whole: members.len() == whole,
            verdict,
        }
    }

    /// What is offered and not declared; nothing without a statement.
    pub fn undeclared(&self) -> Vec<Need> {
        compare::undeclared(&self.observed)
    }

    /// What the archive is called, if a statement says so.
    pub fn product(&self) -> Option<&Product> {
        let statement = self.target.statement.as_deref()?;
        Some(statement.product())
    }

    /// Lets waivers speak, on a day such as `2026-11-21`: known failures are waived, waivers that do not hold are objected to.
    pub fn waive(&mut self, waivers: &Waivers, today: &str) {
        let product = self.product().cloned();
        for judged in &mut self.checks {
            let ended = (judged.outcome, judged.got().to_owned());
            let ended = (ended.0, ended.1.as_str());
            match waivers.word(judged.check.id, ended, product.as_ref(), today) {
                Word::Silent => {}
                Word::Waived(waiver) => {
                    judged.outcome = Outcome::Waived;
                    judged.waiver = Some(waiver);
                }
                Word::Flaky(flaky) => {
                    judged.outcome = Outcome::Waived;
                    judged.waiver = Some(flaky.into());
                }
                Word::Objection(objection) => self.objections.push(objection),
            }
        }
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
