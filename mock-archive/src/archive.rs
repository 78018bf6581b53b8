//! What both protocols share: the instances, the rules, the journal, behind one handle.

mod deleting;
mod evidence;
mod guest;
mod keeping;
mod loading;
mod outcome;
mod scheduling;
mod searching;
mod seat;
mod storing;
mod validation;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use dicom_object::InMemDicomObject;
use dicom_wire::uid::Uid;
use tokio::time::Instant;

pub use evidence::RuleState;
pub(crate) use guest::Guest;
pub use loading::Unloadable;
pub use outcome::{Effect, Identity, Judged, Verdict};
pub use searching::Found;
pub(crate) use seat::Seat;
pub use storing::Incoming;

use crate::exchange::Exchange;
use crate::index::Index;
use crate::journal::{Entry, Note};
use crate::policy::Policy;
use crate::request::{Request, Scope};
use crate::rule::{RuleBook, Scene};
use crate::store::{Spool, Storage};
use keeping::{Reserved, Waiting};

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
    state: Mutex<State>,
    /// Told whenever something reserved is free again.
    freed: Condvar,
}

#[derive(Default)]
struct State {
    index: Index,
    /// What is kept already and found later.
    waiting: Waiting,
    /// What is on its way in or out.
    reserved: Reserved,
    worklist: Vec<Arc<InMemDicomObject>>,
    rules: RuleBook,
    /// The journal; an entry is copied only if somebody reads the journal while the exchange goes on.
    entries: VecDeque<Arc<Entry>>,
    /// Entries that the journal had no room for.
    dropped: u64,
    /// Exchanges begun so far; not set back by a reset, so that late notes find no wrong entry.
    exchanges: u64,
}

impl Archive {
    /// An archive with what its storage holds already: nothing, or the files of a directory. Those that are no instances are named in a warning and left alone.
    ///
    /// Reads the header of every file; call it where blocking is allowed.
    pub fn new(policy: Policy, storage: Storage) -> Self {
        let rules = RuleBook::seeded(policy.seed);
        let shared = Shared {
            policy,
            storage,
            started: Instant::now(),
            connections: AtomicU64::new(0),
            associations: AtomicUsize::new(0),
            guests: AtomicUsize::new(0),
            state: Mutex::new(State {
                rules,
                ..State::default()
            }),
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
    pub fn exchange(&self, request: Request) -> Exchange {
        let request = Arc::new(request);
        let mut state = self.state();
        state.exchanges += 1;
        let id = state.exchanges;
        let entry = Entry {
            id,
            number: state.dropped + state.entries.len() as u64 + 1,
            at: self.shared.started.elapsed(),
            request: request.clone(),
            notes: Vec::new(),
            took: None,
        };
        state.begin(entry, self.policy().journal_limit);
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
        let state = self.shared.state.lock();
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        state.find_what_is_due();
        state
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
