//! What both protocols share: the instances, the rules, the journal, behind one handle.

mod deleting;
mod evidence;
mod guest;
mod keeping;
mod lingering;
mod loading;
mod merging;
mod outcome;
mod patient;
mod scheduling;
mod searching;
mod seat;
mod storing;
mod validation;
mod waiting;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use dicom_object::InMemDicomObject;
use dicom_wire::uid::Uid;
use tokio::sync::broadcast;
use tokio::time::Instant;

pub use evidence::RuleState;
pub(crate) use guest::Guest;
pub(crate) use keeping::Judging;
pub use loading::Unloadable;
pub use outcome::{Effect, Identity, Judged, Verdict};
pub use searching::Found;
pub(crate) use seat::Seat;
pub use storing::Incoming;

use crate::exchange::Exchange;
use crate::index::Index;
use crate::journal::{Entry, Note};
use crate::moment::{Arrival, Moment, Onward, Piece};
use crate::policy::{FaultHeader, Policy};
use crate::request::{Request, Scope};
use crate::rule::{Rule, RuleBook, Scene, Tally};
use crate::store::{Spool, Storage};
use keeping::Reserved;
use lingering::Lingering;
use waiting::Waiting;

/// The archive behind both protocols. A handle: cloning it is cheap and shares everything.
///
/// Every method takes one std mutex for a short time and never waits for anything else, so edges call them from async code as they are;
/// only [`store`](Self::store) and [`delete`](Self::delete) read and write files, and belong into `tokio::task::spawn_blocking`.
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
    /// Connections that are open.
    guests: AtomicUsize,
    /// What the rules go by and is counted without the lock.
    tally: Arc<Tally>,
    state: Mutex<State>,
    /// Exchanges that ended, for whoever follows.
    ended: broadcast::Sender<Arc<Entry>>,
    /// Told whenever something reserved is free again.
    freed: Condvar,
}

#[derive(Default)]
struct State {
    index: Index,
    /// What is kept already and found later.
    waiting: Waiting,
    /// What is deleted already and still there.
    lingering: Lingering,
    /// What is on its way in or out.
    reserved: Reserved,
    worklist: Vec<Arc<InMemDicomObject>>,
    rules: RuleBook,
    /// The journal; an entry is copied only if somebody reads the journal while the exchange goes on.
    entries: VecDeque<Arc<Entry>>,
    /// Entries that the journal had no room for.
    dropped: u64,
    /// How many notes an entry has room for.
    most_notes: usize,
    /// How many exchanges the connections had that were heard of last.
    exchanges_of: BTreeMap<u64, u64>,
    /// Exchanges begun so far; not set back by a reset, so that late notes find no wrong entry.
    exchanges: u64,
}

impl Archive {
    /// An archive with what its storage holds already: nothing, or the files of a directory. Those that are no instances are named in a warning and left alone.
    ///
    /// Reads the header of every file; call it where blocking is allowed.
    pub fn new(policy: Policy, storage: Storage) -> Self {
        let tally = Arc::new(Tally::default());
        let most_notes = policy.journal_notes;
        let rules = RuleBook::new(policy.seed, tally.clone());
        let shared = Shared {
            policy,
            storage,
            started: Instant::now(),
            connections: AtomicU64::new(0),
            associations: AtomicUsize::new(0),
            guests: AtomicUsize::new(0),
            tally,
            state: Mutex::new(State {
                rules,
                most_notes,
                ..State::default()
            }),
            ended: broadcast::Sender::new(FOLLOWED),
            freed: Condvar::new(),
        };
        let archive = Self {
            shared: Arc::new(shared),
        };
        archive.rebuild();
        archive
    }

    /// What it declares.
    pub fn policy(&self) -> &Policy {
        &self.shared.policy
    }

    /// Something to put an arriving instance into.
    pub fn spool(&self) -> Spool {
        self.shared.storage.spool()
    }

    /// Begins an exchange and its entry in the journal. One for each HTTP request, each association and each DIMSE operation.
    pub fn exchange(&self, mut request: Request) -> Exchange {
        let mut state = self.state();
        request.nth = state.nth_of(request.connection);
        let mut faults = Vec::new();
        if self.policy().fault_header == FaultHeader::Allowed {
            for named in request.headers.get_all(FAULT_HEADER) {
                let text = String::from_utf8_lossy(named.as_bytes());
                match Rule::parse(text.trim()) {
                    Ok(rule) => faults.push(rule),
                    Err(why) => request.misnamed_fault = Some(why),
                }
            }
        }
        let request = Arc::new(request);
        state.exchanges += 1;
        let id = state.exchanges;
        let entry = Entry {
            id,
            number: state.dropped + state.entries.len() as u64 + 1,
            at: self.shared.started.elapsed(),
            request: request.clone(),
            notes: Vec::new(),
            left_out: 0,
            took: None,
        };
        state.begin(entry, self.policy().journal_limit);
        for rule in faults {
            state.rules.mount_for(id, rule);
        }
        drop(state);
        Exchange::open(self.clone(), id, request)
    }

    /// The SOP Instance UIDs of everything that is stored, sorted.
    pub fn stored(&self) -> Vec<Uid> {
        let state = self.state();
        let found = state.index.select(&Scope::all());
        let found = found.iter().map(|stored| &stored.identity().instance);
        let mut uids: Vec<Uid> = found.chain(state.waiting.instances()).cloned().collect();
        uids.sort();
        uids.dedup();
        uids
    }

    /// A piece of what a client sends has come: counts it, and says what happens now.
    pub(crate) fn arrived(&self, exchange: &Exchange, piece: Piece, number: u64) -> Onward {
        let tally = &self.shared.tally;
        let count = match piece {
            Piece::Pdu => &tally.pdus,
            Piece::Part => &tally.parts,
        };
        count.fetch_add(1, Ordering::Relaxed);
        // So that an archive without such a rule takes no lock for each PDU.
        if !tally.waits_for_pieces.load(Ordering::Acquire) {
            return Onward::GoOn;
        }
        let mut arrival = Arrival {
            request: exchange.request(),
            piece,
            number,
            onward: Onward::GoOn,
        };
        self.pass(exchange.number(), &mut Scene::Arrival(&mut arrival));
        arrival.onward
    }

    pub(crate) fn awaits(&self, moment: Moment) -> bool {
        self.state().rules.awaits(moment)
    }

    pub(crate) fn pass(&self, exchange: u64, scene: &mut Scene<'_, '_>) {
        self.state().pass(exchange, scene);
    }

    pub(crate) fn note(&self, exchange: u64, note: Note) {
        self.state().note(exchange, note);
    }

    pub(crate) fn end(&self, exchange: u64) {
        let now = self.shared.started.elapsed();
        let mut state = self.state();
        if self.policy().fault_header == FaultHeader::Allowed {
            state.rules.unmount_for(exchange);
        }
        if let Some(entry) = state.entry(exchange) {
            entry.took = Some(now.saturating_sub(entry.at));
        }
        if self.shared.ended.receiver_count() > 0
            && let Some(entry) = state.shared_entry(exchange)
        {
            // Whoever follows is gone: nobody has to be told.
            let _ = self.shared.ended.send(entry);
        }
    }

    /// Exchanges from now on, each when it ends.
    pub fn follow(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.shared.ended.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.find_what_is_due();
        state.lose_what_is_due();
        state
    }
}

/// The header field in which a request names faults for itself, as `--fault` takes them.
const FAULT_HEADER: &str = "mock-fault";

/// So many ended exchanges wait for a follower that is slow; then it misses some.
const FOLLOWED: usize = 1024;

/// Of so many connections it is known how many exchanges they had.
const CONNECTIONS: usize = 4096;

impl State {
    /// Which exchange of its connection the next one is.
    fn nth_of(&mut self, connection: u64) -> u64 {
        while self.exchanges_of.len() >= CONNECTIONS {
            self.exchanges_of.pop_first();
        }
        let nth = self.exchanges_of.entry(connection).or_default();
        *nth += 1;
        *nth
    }

    /// Passes a scene by the rules and notes what they did.
    fn pass(&mut self, exchange: u64, scene: &mut Scene<'_, '_>) {
        let moment = scene.moment();
        let passed = self.rules.pass(exchange, scene);
        for (rule, fault) in passed.fired {
            self.note(
                exchange,
                Note::Fired {
                    rule,
                    fault,
                    moment,
                },
            );
        }
        for state in passed.entered {
            self.note(exchange, Note::Entered { state });
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

/// What a reset forgets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reset {
    /// All rules and their counters.
    pub rules: bool,
    /// The scenario's state and transitions; its rules are among the rules.
    pub scenario: bool,
    /// The journal.
    pub journal: bool,
    /// All instances and the worklist.
    pub data: bool,
}

impl Reset {
    /// Everything.
    pub const ALL: Self = Self {
        rules: true,
        scenario: true,
        journal: true,
        data: true,
    };
}
