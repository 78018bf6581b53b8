//! What both protocols share: the instances, the rules, the journal, behind one handle.

mod scheduling;
mod seat;
mod storing;

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dicom_object::InMemDicomObject;
use dicom_wire::query::{Level, Query};
use dicom_wire::stow::{FailureReason, WarningReason};
use dicom_wire::uid::Uid;
use serde::{Serialize, Serializer};
use tokio::time::Instant;

pub(crate) use seat::Seat;
pub use storing::{Incoming, Judged, Unloadable};

use crate::exchange::Exchange;
use crate::index::Index;
use crate::journal::{Entry, Journal, NearMiss, Note, Unverified};
use crate::moment::{Connect, Form, Line, Page};
use crate::policy::Policy;
use crate::request::{Protocol, Request, Scope};
use crate::rule::{Facts, Rule, RuleBook, RuleId, Scene};
use crate::store::{Spool, Storage, Stored};

/// The archive behind both protocols. A handle: cloning it is cheap and shares everything.
///
/// Every method takes one std mutex for a short time and never waits for anything else, so edges call them from async code as they are;
/// only [`store`](Self::store) reads the instance's bytes first and belongs into `tokio::task::spawn_blocking` (or `block_in_place`) when those are in a file.
///
/// What an edge does with a request:
///
/// ```text
/// let exchange = archive.exchange(Request::web(Service::Search, &method, &uri, headers).on_connection(connection));
/// let admission = exchange.admit();
/// tokio::time::sleep(admission.delay).await;          // only if it is not zero
/// match admission.ruling { Ruling::Proceed => {}, Ruling::Answer(answer) => return send(answer), .. }
/// let found = archive.find(&exchange, &query);
/// let mut status = if found.rows.is_empty() { 204 } else { 200 };
/// let delivery = exchange.answer(&mut status, &mut headers);  // then obey the delivery
/// ```
#[derive(Clone)]
pub struct Archive {
    shared: Arc<Shared>,
}

struct Shared {
    policy: Policy,
    storage: Storage,
    started: Instant,
    connections: AtomicU64,
    associations: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    index: Index,
    worklist: Vec<Arc<InMemDicomObject>>,
    rules: RuleBook,
    entries: Vec<Entry>,
    /// Exchanges begun so far; not set back by a reset, so that late notes find no wrong entry.
    exchanges: u64,
}

impl Archive {
    /// An empty archive.
    pub fn new(policy: Policy, storage: Storage) -> Self {
        let rules = RuleBook::seeded(policy.seed);
        let shared = Shared {
            policy,
            storage,
            started: Instant::now(),
            connections: AtomicU64::new(0),
            associations: AtomicUsize::new(0),
            state: Mutex::new(State {
                rules,
                ..State::default()
            }),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// What it declares.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    /// Something to put an arriving instance into.
    pub fn spool(&self) -> Spool {
        self.shared.storage.spool()
    }

    /// A connection was accepted: its number, and what the socket layer shall do to it.
    pub fn connect(&self, protocol: Protocol) -> Connect {
        let number = self.shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let mut connect = Connect {
            protocol,
            number,
            line: Line::default(),
        };
        self.state().rules.pass(&mut Scene::Connect(&mut connect));
        connect
    }

    /// Begins an exchange and its entry in the journal. One for each HTTP request, each association and each DIMSE operation.
    pub fn exchange(&self, request: Request) -> Exchange {
        let request = Arc::new(request);
        let mut state = self.state();
        state.exchanges += 1;
        let id = state.exchanges;
        let number = state.entries.len() as u64 + 1;
        let at = self.shared.started.elapsed();
        state.entries.push(Entry {
            id,
            number,
            at,
            request: request.clone(),
            notes: Vec::new(),
            took: None,
        });
        drop(state);
        Exchange::open(self.clone(), id, request)
    }

    /// Answers a search: the same for QIDO-RS and C-FIND. Limits of policy are applied, and the moments of `shape` are passed.
    ///
    /// Rows hold the attributes of the level, the keys and what was asked to be included; Retrieve URL and Retrieve AE Title are the edge's to add.
    pub fn find(&self, exchange: &Exchange, query: &Query) -> Found {
        let policy = self.policy();
        let hits = self.state().index.matches(query);
        let total = hits.len();
        let asked = query
            .limit
            .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let limit = match (asked.or(policy.default_limit), policy.max_limit) {
            (Some(limit), Some(most)) => Some(limit.min(most)),
            (one, other) => one.or(other),
        };
        let mut page = Page {
            offset: usize::try_from(query.offset).unwrap_or(usize::MAX),
            limit,
            total,
        };
        exchange.shape(Form::Page(&mut page));
        let mut rows: Vec<InMemDicomObject> = {
            let state = self.state();
            let page = hits
                .iter()
                .skip(page.offset)
                .take(page.limit.unwrap_or(usize::MAX));
            page.map(|hit| state.index.row(query, hit)).collect()
        };
        let remaining = total.saturating_sub(page.offset.saturating_add(rows.len()));
        exchange.shape(Form::Rows(&mut rows));
        for row in &mut rows {
            exchange.shape(Form::Row {
                level: query.level,
                row,
            });
        }
        let keys = query.keys.iter().map(|key| key.path.to_string()).collect();
        exchange.note(Note::Found {
            keys,
            returned: rows.len(),
            total,
        });
        Found {
            level: query.level,
            rows,
            total,
            remaining,
        }
    }

    /// The instances a retrieve asks for, in stable order (study, series, instance number, UID), after the moment of `shape` for them.
    pub fn select(&self, exchange: &Exchange, scope: &Scope) -> Vec<Arc<Stored>> {
        self.select_all(exchange, std::slice::from_ref(scope))
    }

    /// The instances of several scopes (a list of UIDs in C-MOVE), one scope after the other and none twice; otherwise as [`select`](Self::select).
    pub fn select_all(&self, exchange: &Exchange, scopes: &[Scope]) -> Vec<Arc<Stored>> {
        let mut instances: Vec<Arc<Stored>> = Vec::new();
        let mut seen = HashSet::new();
        {
            let state = self.state();
            for stored in scopes.iter().flat_map(|scope| state.index.select(scope)) {
                if scopes.len() == 1 || seen.insert(stored.identity().instance.clone()) {
                    instances.push(stored);
                }
            }
        }
        exchange.shape(Form::Instances(&mut instances));
        exchange.note(Note::Selected {
            instances: instances.len(),
        });
        instances
    }

    /// An instance as it is there, without a moment: for what depends on its kind before it is selected.
    pub(crate) fn known(&self, instance: &Uid) -> Option<Arc<Stored>> {
        self.state().index.instance(instance).cloned()
    }

    /// Takes instances out that were selected before; series and studies without instances go as well. What was overwritten since then stays.
    pub fn delete(&self, exchange: &Exchange, selected: &[Arc<Stored>]) {
        let mut state = self.state();
        let mut deleted = 0;
        for stored in selected {
            let instance = &stored.identity().instance;
            let is_same = |known: &Arc<Stored>| Arc::ptr_eq(known, stored);
            if state.index.instance(instance).is_some_and(is_same) {
                state.index.remove(instance);
                stored.forget();
                deleted += 1;
            }
        }
        state.note(exchange.number(), Note::Deleted { instances: deleted });
    }

    /// The SOP Instance UIDs of everything that is stored, sorted.
    pub fn stored(&self) -> Vec<Uid> {
        let mut uids: Vec<_> = self
            .state()
            .index
            .select(&Scope::all())
            .iter()
            .map(|stored| stored.identity().instance.clone())
            .collect();
        uids.sort();
        uids
    }

    /// Puts a rule into force.
    pub fn inject(&self, rule: Rule) -> RuleId {
        self.state().rules.mount(rule)
    }

    /// Takes a rule out of force; whether it was there.
    pub fn withdraw(&self, rule: RuleId) -> bool {
        self.state().rules.remove(rule)
    }

    /// The rules in force with their counters, highest priority first.
    pub fn rules(&self) -> Vec<RuleState> {
        let state = self.state();
        let seen = |mounted: &crate::rule::Mounted| RuleState {
            id: mounted.id,
            rule: mounted.rule.clone(),
            matched: mounted.matched,
            fired: mounted.fired,
        };
        state.rules.all().iter().map(seen).collect()
    }

    /// What happened so far.
    pub fn journal(&self) -> Journal {
        Journal::new(self.state().entries.clone())
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
        let state = self.state();
        let unused = state
            .rules
            .all()
            .iter()
            .filter(|mounted| mounted.fired == 0);
        let mut near = Vec::new();
        for mounted in unused {
            for entry in &state.entries {
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
                    [] => format!(
                        "all conditions hold, but {} found nothing to change",
                        mounted.rule.then.name()
                    ),
                    [one] if mounted.matcher.conditions() > 1 => {
                        format!("all conditions hold but {one}")
                    }
                    _ => continue,
                };
                near.push(NearMiss {
                    rule: mounted.id,
                    exchange: entry.number,
                    because,
                });
            }
        }
        near
    }

    /// Forgets rules, journal or data, each as asked.
    pub fn reset(&self, what: Reset) {
        let mut state = self.state();
        if what.rules {
            state.rules.clear();
        }
        if what.journal {
            state.entries.clear();
        }
        if what.data {
            for stored in std::mem::take(&mut state.index).select(&Scope::all()) {
                stored.forget();
            }
            state.worklist.clear();
        }
    }

    pub(crate) fn pass(&self, exchange: u64, scene: &mut Scene<'_, '_>) {
        let moment = scene.moment();
        let mut state = self.state();
        let fired = state.rules.pass(scene);
        for (rule, fault) in fired {
            state.note(
                exchange,
                Note::Fired {
                    rule,
                    fault,
                    moment,
                },
            );
        }
    }

    pub(crate) fn note(&self, exchange: u64, note: Note) {
        self.state().note(exchange, note);
    }

    pub(crate) fn end(&self, exchange: u64) {
        let now = self.shared.started.elapsed();
        if let Some(entry) = self.state().entry(exchange) {
            entry.took = Some(now.saturating_sub(entry.at));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn entry(&mut self, exchange: u64) -> Option<&mut Entry> {
        let at = self
            .entries
            .binary_search_by_key(&exchange, |entry| entry.id)
            .ok()?;
        self.entries.get_mut(at)
    }

    fn note(&mut self, exchange: u64, note: Note) {
        if let Some(entry) = self.entry(exchange) {
            note.push_to(&mut entry.notes);
        }
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("policy", self.policy())
            .finish_non_exhaustive()
    }
}

/// What the client is told about an instance; the same over both protocols.
///
/// Over STOW-RS it is an item of Referenced SOP Sequence (`Stored`, `Warned`), of Failed SOP Sequence (`Refused`, or Other Failures Sequence where the instance could
/// not be identified), or no item (`Unlisted`). Over C-STORE it is [`Verdict::dimse_status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Stored,
    /// It is stored, but something was changed or is odd (PS3.18 I.2.1).
    Warned(WarningReason),
    /// It is not stored (PS3.18 I.2.2).
    Refused(FailureReason),
    /// The client is told nothing; over C-STORE, where there must be a response, that it is stored.
    Unlisted,
}

impl Verdict {
    /// Status of the C-STORE response (PS3.4 B.2.3); the reasons of PS3.18 I.2 are such statuses already.
    pub fn dimse_status(self) -> dicom_wire::dimse::Status {
        dicom_wire::dimse::Status(match self {
            Self::Stored | Self::Unlisted => 0x0000,
            Self::Warned(reason) => reason.0,
            Self::Refused(reason) => reason.0,
        })
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stored => serializer.serialize_str("stored"),
            Self::Warned(reason) => {
                serializer.collect_str(&format_args!("warned {:04X}", reason.0))
            }
            Self::Refused(reason) => {
                serializer.collect_str(&format_args!("refused {:04X}", reason.0))
            }
            Self::Unlisted => serializer.serialize_str("unlisted"),
        }
    }
}

/// What became of an instance, whatever the client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is in the archive now.
    Added,
    /// It took the place of one with the same UID.
    Replaced,
    /// One with the same UID was there and stays.
    AlreadyThere,
    /// It is not in the archive.
    Nothing,
}

/// What an instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID.
    pub series: Uid,
    /// SOP Class UID.
    pub sop_class: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
    /// Transfer Syntax UID.
    pub transfer_syntax: Uid,
    /// Patient ID without padding; empty if there is none. Not in the journal.
    #[serde(skip)]
    pub patient_id: String,
}

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct Found {
    /// Level of the rows.
    pub level: Level,
    /// One row a match, in stable order.
    pub rows: Vec<InMemDicomObject>,
    /// Matches there are, whatever the page.
    pub total: usize,
    /// Matches after this page; more than zero asks for Warning 299 in QIDO-RS (PS3.18 8.3.4.4).
    pub remaining: usize,
}

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

/// What a reset forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reset {
    /// All rules and their counters.
    pub rules: bool,
    /// The journal.
    pub journal: bool,
    /// All instances and the worklist.
    pub data: bool,
}

impl Reset {
    /// Everything.
    pub const ALL: Self = Self {
        rules: true,
        journal: true,
        data: true,
    };
}
