//! What can be asked about rules and about what happened.

use std::sync::Arc;

use serde::Serialize;

use super::{Archive, State};
use crate::journal::{Entry, Journal, NearMiss, Note, Unverified};
use crate::rule::{Facts, Mounted, Rule, RuleId};
use crate::scenario::Scenario;

/// A rule in force and how often it was at work.
#[derive(Clone, Debug, Serialize)]
pub struct RuleState {
    /// Its number.
    pub id: RuleId,
    /// What the user said.
    pub rule: Rule,
    /// How often its moment came and its conditions held.
    pub matched: u64,
    /// How often it acted.
    pub fired: u64,
}

impl Archive {
    /// Puts a rule into force.
    pub fn inject(&self, rule: Rule) -> RuleId {
        self.state().rules.mount(rule)
    }

    /// Takes a rule out of force; whether it was there.
    pub fn withdraw(&self, rule: RuleId) -> bool {
        self.state().rules.remove(rule)
    }

    /// The state that the scenario is in; empty without one.
    pub fn scenario_state(&self) -> String {
        self.state().rules.state().to_owned()
    }

    /// Brings the scenario into a state.
    pub fn enter_state(&self, state: &str) {
        self.state().rules.enter(state.to_owned());
    }

    /// Puts a scenario into force: its rules come to those that are there, its transitions too, and its first state is entered.
    pub fn play(&self, scenario: Scenario) -> Vec<RuleId> {
        let mut state = self.state();
        let rules = scenario.rules.into_iter();
        let rules = rules.map(|rule| state.rules.mount(rule)).collect();
        for transition in scenario.transitions {
            state.rules.add_transition(transition);
        }
        if let Some(start) = scenario.start {
            state.rules.enter(start);
        }
        rules
    }

    /// The rules in force with their counters, highest priority first.
    pub fn rules(&self) -> Vec<RuleState> {
        let state = self.state();
        let seen = |mounted: &Mounted| RuleState {
            id: mounted.id,
            rule: mounted.rule.clone(),
            matched: mounted.matched,
            fired: mounted.fired,
        };
        state.rules.all().iter().map(seen).collect()
    }

    /// What happened so far.
    pub fn journal(&self) -> Journal {
        let state = self.state();
        Journal::new(state.entries.iter().cloned().collect(), state.dropped)
    }

    /// Whether a rule acted exactly so often.
    ///
    /// # Errors
    /// How often it did, and where it nearly did.
    pub fn verify(&self, rule: RuleId, expected: u64) -> Result<(), Unverified> {
        let acted = self
            .rules()
            .iter()
            .find(|state| state.id == rule)
            .map(|state| state.fired);
        if acted == Some(expected) {
            return Ok(());
        }
        let near = self
            .near_misses()
            .into_iter()
            .filter(|near| near.rule == rule)
            .collect();
        Err(Unverified {
            rule,
            expected,
            acted,
            near,
        })
    }

    /// The rules in force that never acted.
    pub fn unused(&self) -> Vec<RuleId> {
        self.rules()
            .iter()
            .filter(|state| state.fired == 0)
            .map(|state| state.id)
            .collect()
    }

    /// For each rule that never acted, the exchanges that it matched in all of several conditions but one, or in all.
    pub fn near_misses(&self) -> Vec<NearMiss> {
        let (unused, entries) = {
            let state = self.state();
            let rules = state.rules.all().iter();
            let unused: Vec<Mounted> = rules.filter(|rule| rule.fired == 0).cloned().collect();
            (unused, state.entries.clone())
        };
        let mut near = Vec::new();
        for mounted in &unused {
            near.extend(entries.iter().filter_map(|entry| near_miss(mounted, entry)));
        }
        near
    }
}

/// Why a rule did not act on an exchange that it nearly was meant for.
fn near_miss(mounted: &Mounted, entry: &Entry) -> Option<NearMiss> {
    let request = Facts::of_request(&entry.request);
    let instances = entry.notes.iter().filter_map(|note| match note {
        Note::Judged {
            instance: Some(identity),
            ..
        } => Some(request.with_identity(identity)),
        _ => None,
    });
    let closest = instances
        .chain([request])
        .map(|facts| mounted.matcher.misses(&facts))
        .min_by_key(Vec::len)
        .unwrap_or_default();
    let because = match closest.as_slice() {
        [] => format!("all conditions hold, but {}", idle_because(mounted)),
        [one] if mounted.matcher.conditions() > 1 => format!("all conditions hold but {one}"),
        _ => return None,
    };
    Some(NearMiss {
        rule: mounted.id,
        exchange: entry.number,
        because,
    })
}

/// Why a rule does not act where its conditions hold, as far as can be told afterwards.
fn idle_because(mounted: &Mounted) -> String {
    if mounted.matched > 0 {
        let times = mounted.matched;
        return format!("its turn had not come in {times} matches");
    }
    let mut because = Vec::new();
    if let Some(state) = &mounted.rule.in_state {
        because.push(format!("the scenario was not in state {state:?}"));
    }
    if !mounted.rule.after.is_nothing() {
        because.push("what it comes after had not happened".to_owned());
    }
    let name = mounted.rule.then.name();
    because.push(format!("{name} found nothing to change"));
    because.join(", or ")
}

impl State {
    /// Begins an entry; the oldest goes if there are too many.
    pub(super) fn begin(&mut self, entry: Entry, most: usize) {
        while self.entries.len() >= most.max(1) {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(Arc::new(entry));
    }

    /// An exchange's entry, to be written to; `None` if it is not in the journal any more.
    pub(super) fn entry(&mut self, exchange: u64) -> Option<&mut Entry> {
        let at = self
            .entries
            .binary_search_by_key(&exchange, |entry| entry.id)
            .ok()?;
        self.entries.get_mut(at).map(Arc::make_mut)
    }

    /// An exchange's entry as it is now.
    pub(super) fn shared_entry(&self, exchange: u64) -> Option<Arc<Entry>> {
        let at = self
            .entries
            .binary_search_by_key(&exchange, |entry| entry.id);
        self.entries.get(at.ok()?).cloned()
    }

    pub(super) fn note(&mut self, exchange: u64, note: Note) {
        let most = self.most_notes;
        if let Some(entry) = self.entry(exchange) {
            entry.add(note, most);
        }
    }
}
