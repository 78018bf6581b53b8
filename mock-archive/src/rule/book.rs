//! The rules in force, their counters, and the state of the scenario.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dicom_core::Tag;
use tokio::time::Instant;

use super::{Facts, Marks, Matcher, Meter, Often, Rule, RuleId, Scene, Tally, Transition};
use crate::fault::{AnyFault, Fault};
use crate::moment::Moment;

/// A rule in force, with its run-time counters.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    pub(crate) id: RuleId,
    pub(crate) rule: Rule,
    pub(crate) matcher: Matcher,
    pub(crate) often: Often,
    pub(crate) fault: AnyFault,
    /// How often its moment came and its matcher matched.
    pub(crate) matched: u64,
    /// How often it acted.
    pub(crate) fired: u64,
    /// What had happened when it came into force.
    since: Marks,
    /// The only exchange that it concerns, if it came with one.
    only: Option<u64>,
    meter: Meter,
}

/// What came of passing a scene by the rules.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// The rules that acted, in order, with their faults' names.
    pub(crate) fired: Vec<(RuleId, &'static str)>,
    /// The states that the scenario entered.
    pub(crate) entered: Vec<String>,
}

impl Mounted {
    fn new(id: RuleId, rule: Rule, since: Marks) -> Self {
        let (matcher, fault) = (rule.matcher().into_owned(), rule.then.fault());
        let often = rule.how_often();
        Self {
            id,
            rule,
            matcher,
            often,
            fault,
            matched: 0,
            fired: 0,
            since,
            only: None,
            meter: Meter::default(),
        }
    }

    /// Whether the scenario's state and what has happened let it act at all.
    fn is_awake(&self, state: &str, entered: &Marks, now: &Marks) -> bool {
        let since = match &self.rule.in_state {
            Some(wanted) if wanted != state => return false,
            Some(_) if entered.at > self.since.at => entered,
            _ => &self.since,
        };
        self.rule.after.is_over(since, now)
    }

    /// Lets the rule act on a scene, if it is its turn.
    fn act(&mut self, scene: &mut Scene<'_, '_>, seed: u64) -> bool {
        let fault = self.fault.as_fault();
        if !reacts_at(fault, scene.moment())
            || !self.matcher.matches(scene)
            || !fault.concerns(scene)
            || !fault.is_due(scene, &mut self.meter)
        {
            return false;
        }
        self.matched += 1;
        if !self.often.fires(self.matched, self.id, seed) {
            return false;
        }
        self.fired += 1;
        match scene {
            Scene::Connect(connect) => fault.connect(connect),
            Scene::Admit(admit) => fault.admit(admit),
            Scene::Negotiate(negotiate) => fault.negotiate(negotiate),
            Scene::Arrival(arrival) => fault.arrive(arrival),
            Scene::Judge(judge) => fault.judge(judge),
            Scene::Shape(shape) => fault.shape(shape),
            Scene::Send(send) => fault.send(send),
        }
        true
    }
}

fn reacts_at(fault: &dyn Fault, moment: Moment) -> bool {
    fault.moment() == moment || fault.also() == Some(moment)
}

/// The rules of one archive, highest priority first, and the state of its scenario.
#[derive(Debug, Default)]
pub(crate) struct RuleBook {
    mounted: Vec<Mounted>,
    last: u64,
    /// Mixed into the seed of each rule.
    seed: u64,
    /// Empty before a scenario gives it a name.
    state: String,
    entered: Marks,
    now: Marks,
    /// What is counted where no lock is taken.
    tally: Arc<Tally>,
    transitions: Vec<(Transition, u64)>,
}

impl RuleBook {
    pub(crate) fn new(seed: u64, tally: Arc<Tally>) -> Self {
        Self {
            seed,
            tally,
            ..Self::default()
        }
    }

    pub(crate) fn mount(&mut self, rule: Rule) -> RuleId {
        self.last += 1;
        let id = RuleId(self.last);
        let place = self
            .mounted
            .partition_point(|other| other.rule.priority >= rule.priority);
        self.look_around();
        self.mounted.insert(place, Mounted::new(id, rule, self.now));
        self.tell();
        id
    }

    /// Puts a rule into force for one exchange.
    pub(crate) fn mount_for(&mut self, exchange: u64, rule: Rule) {
        let id = self.mount(rule);
        let mounted = self.mounted.iter_mut().find(|mounted| mounted.id == id);
        mounted
            .into_iter()
            .for_each(|mounted| mounted.only = Some(exchange));
    }

    /// Takes the rules of an exchange that is over out of force.
    pub(crate) fn unmount_for(&mut self, exchange: u64) {
        self.mounted
            .retain(|mounted| mounted.only != Some(exchange));
        self.tell();
    }

    pub(crate) fn remove(&mut self, id: RuleId) -> bool {
        let before = self.mounted.len();
        self.mounted.retain(|mounted| mounted.id != id);
        self.tell();
        self.mounted.len() != before
    }

    pub(crate) fn clear(&mut self) {
        self.mounted.clear();
        self.tell();
    }

    /// Forgets the scenario: its state and the ways out of it.
    pub(crate) fn forget_scenario(&mut self) {
        self.transitions.clear();
        self.enter(String::new());
    }

    /// Whether any rule waits for this moment.
    pub(crate) fn awaits(&self, moment: Moment) -> bool {
        let mut faults = self.mounted.iter().map(|mounted| mounted.fault.as_fault());
        faults.any(|fault| reacts_at(fault, moment))
    }

    /// The attributes in which some rule compares instances with the first of their study.
    pub(crate) fn compared(&self) -> BTreeSet<Tag> {
        let faults = self.mounted.iter().map(|mounted| mounted.fault.as_fault());
        faults.flat_map(Fault::compares).collect()
    }

    pub(crate) fn all(&self) -> &[Mounted] {
        &self.mounted
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    pub(crate) fn enter(&mut self, state: String) {
        self.look_around();
        self.entered = self.now;
        self.state = state;
        for (_, matched) in &mut self.transitions {
            *matched = 0;
        }
    }

    pub(crate) fn add_transition(&mut self, transition: Transition) {
        self.transitions.push((transition, 0));
    }

    /// Passes a scene of an exchange (0 = of none) by all rules. The first to act on an instance's verdict ends the matter.
    pub(crate) fn pass(&mut self, exchange: u64, scene: &mut Scene<'_, '_>) -> Passed {
        let mut passed = Passed::default();
        if self.mounted.is_empty() && self.transitions.is_empty() {
            self.count(scene);
            return passed;
        }
        self.look_around();
        if let Some(state) = self.next_state(scene) {
            self.enter(state.clone());
            passed.entered.push(state);
        }
        let (mut entered, mut state) = (self.entered, self.state.clone());
        for mounted in &mut self.mounted {
            let concerned = mounted.only.is_none_or(|only| only == exchange);
            if concerned
                && mounted.is_awake(&state, &entered, &self.now)
                && mounted.act(scene, self.seed)
            {
                passed.fired.push((mounted.id, mounted.rule.then.name()));
                if let Some(next) = mounted
                    .rule
                    .to_state
                    .as_ref()
                    .filter(|next| **next != state)
                {
                    (entered, state) = (self.now, next.clone());
                    passed.entered.push(state.clone());
                }
                if matches!(scene, Scene::Judge(_)) {
                    break;
                }
            }
        }
        if state != self.state {
            self.enter(state);
        }
        self.count(scene);
        passed
    }

    /// The state that a transition leads to now.
    fn next_state(&mut self, scene: &Scene<'_, '_>) -> Option<String> {
        let (state, entered, now) = (&self.state, &self.entered, &self.now);
        let is_event = matches!(scene, Scene::Admit(_) | Scene::Judge(_));
        for (transition, matched) in &mut self.transitions {
            let from = transition.from.as_ref().is_none_or(|from| from == state);
            if !from || transition.to == *state {
                continue;
            }
            if transition.when.is_any() {
                // Time alone: the first thing that happens after it sees the new state.
                if !transition.after.is_nothing() && transition.after.is_over(entered, now) {
                    return Some(transition.to.clone());
                }
            } else if is_event && transition.when.matches(scene) {
                // An instance of a request that has been counted is not another one.
                let is_counted = matches!(scene, Scene::Judge(judge)
                    if transition.when.misses(&Facts::of_request(judge.request)).is_empty());
                *matched += u64::from(!is_counted);
                if *matched >= transition.times && transition.after.is_over(entered, now) {
                    return Some(transition.to.clone());
                }
            }
        }
        None
    }

    /// What time it is, and what has happened meanwhile.
    fn look_around(&mut self) {
        self.now.at = Instant::now();
        self.now.pdus = self.tally.pdus.load(Ordering::Relaxed);
        self.now.parts = self.tally.parts.load(Ordering::Relaxed);
    }

    /// Says which moments are waited for, for those who ask without a lock.
    fn tell(&self) {
        let moments = self
            .mounted
            .iter()
            .map(|mounted| mounted.fault.as_fault().moment());
        let waits = moments.into_iter().any(|moment| moment == Moment::Arrival);
        self.tally.waits_for_pieces.store(waits, Ordering::Release);
    }

    /// Counts what conditions of the kind "after so many" ask for.
    fn count(&mut self, scene: &Scene<'_, '_>) {
        match scene {
            Scene::Admit(_) => self.now.exchanges += 1,
            Scene::Judge(judge) => {
                self.now.instances += 1;
                self.now.bytes += judge.bytes;
            }
            _ => {}
        }
    }
}
