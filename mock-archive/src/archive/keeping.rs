//! The second half of storing: an instance that was accepted is changed if need be, put where it stays, and found from then on.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::{Arc, MutexGuard, PoisonError};

use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use tokio::time::Instant;

use super::outcome::Judged;
use super::patient::Patient;
use super::storing::Decided;
use super::waiting::Late;
use super::{Archive, Effect, State, Verdict};
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::moment::{Lag, Under};
use crate::request::Protocol;
use crate::store::{Changes, Origin, Spooled, Stored, Unchangeable};

/// An instance about which was decided.
#[must_use = "an instance is not kept before it is settled"]
pub(crate) enum Judging {
    /// Nothing is left to do.
    Done(Judged),
    /// It has to be kept, which takes a while.
    Keeping(Box<Keeping>),
}

/// An instance that was accepted and is not kept yet. Dropped, it never came.
pub(crate) struct Keeping {
    stored: Stored,
    origin: Origin,
    changes: Changes,
    kept: Kept,
}

/// What becomes of it once it is where it stays.
struct Kept {
    reservation: Reservation,
    exchange: u64,
    under: Under,
    lag: Lag,
    instead_of: Option<Arc<Stored>>,
    judged: Judged,
}

impl Judging {
    /// Does what was decided. When this returns, what the client is told is true. Call it where blocking is allowed.
    pub(crate) fn settle(self) -> Judged {
        match self {
            Self::Done(judged) => judged,
            Self::Keeping(keeping) => {
                let Keeping {
                    stored,
                    origin,
                    changes,
                    kept,
                } = *keeping;
                let stored = changed(stored, &changes, &origin).and_then(|mut stored| {
                    stored.commit(kept.instead_of.as_deref())?;
                    Ok(stored)
                });
                kept.found(stored)
            }
        }
    }

    /// The same for several, in this order; faster than one by one where they become files.
    pub(crate) fn settle_all(all: Vec<Self>) -> Vec<Judged> {
        let mut settled = Vec::new();
        let mut together = Vec::new();
        for judging in all {
            match judging {
                Self::Keeping(keeping) if keeping.kept.instead_of.is_none() => {
                    together.push(*keeping);
                }
                // What came before has its turn before.
                other => {
                    settled.extend(Keeping::settle_all(std::mem::take(&mut together)));
                    settled.push(other.settle());
                }
            }
        }
        settled.extend(Keeping::settle_all(together));
        settled
    }
}

/// An instance of so many bytes is scanned in the time that a change of threads takes.
const SHORT: u64 = 1024 * 1024;

impl Archive {
    /// Whether an instance of so many bytes can be stored in passing, from async code: nothing waits for a disk, and there is little to read.
    pub(crate) fn stores_at_once(&self, bytes: u64) -> bool {
        bytes <= SHORT && !self.shared.storage.is_slow()
    }

    /// Whether an instance of so many bytes can be judged in passing, and kept together with others of its kind.
    pub(crate) fn judges_at_once(&self, bytes: u64) -> bool {
        bytes <= SHORT && self.shared.storage.is_slow()
    }

    /// Whether these bytes can be: they are where they belong already but for their name, or nothing waits for a disk.
    pub(crate) fn stores_spooled_at_once(&self, bytes: &Spooled) -> bool {
        self.stores_at_once(bytes.len()) || bytes.len() <= SHORT && bytes.only_wants_a_name()
    }

    /// Keeps an instance at once if that is a matter of memory; otherwise reserves its place.
    pub(super) fn keep(
        &self,
        mut state: MutexGuard<'_, State>,
        exchange: &Exchange,
        mut stored: Stored,
        decided: Decided,
        judged: Judged,
    ) -> Judging {
        let identity = stored.identity();
        let instead_of = state.known(&identity.instance);
        if decided.changes.is_empty() && !self.shared.storage.is_slow() {
            return match stored.commit(None) {
                Ok(()) => {
                    state.insert(Arc::new(stored), decided.under, decided.lag, self);
                    Judging::Done(judged)
                }
                Err(error) => Judging::Done(state.fail(exchange.number(), judged, error.into())),
            };
        }
        let turn = exchange.instances_so_far();
        let patient = match decided.under {
            Under::StudyOfItsOwn => None,
            Under::AsSent | Under::PatientOfTheStudy | Under::NewPatientOfTheStudy => {
                Some(Patient::of(&stored, state.rules.compared()))
            }
        };
        state
            .reserved
            .add(exchange.number(), turn, &stored, patient);
        let reservation = Reservation {
            archive: self.clone(),
            instance: identity.instance.clone(),
            study: identity.study.clone(),
            bytes: stored.len(),
            turn: (exchange.number(), turn),
        };
        Judging::Keeping(Box::new(Keeping {
            stored,
            origin: self.origin(exchange),
            changes: decided.changes,
            kept: Kept {
                reservation,
                exchange: exchange.number(),
                under: decided.under,
                lag: decided.lag,
                instead_of,
                judged,
            },
        }))
    }

    /// The state, once nothing is done about an instance any more.
    pub(super) fn state_without(&self, instance: &Uid) -> MutexGuard<'_, State> {
        self.state_when(|state| !state.reserved.instances.contains(instance))
    }

    /// The state, once a condition holds that a reservation stands against.
    pub(super) fn state_when(&self, holds: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let freed = &self.shared.freed;
        let state = freed.wait_while(self.state(), |state| !holds(state));
        state.unwrap_or_else(PoisonError::into_inner)
    }

    fn origin(&self, exchange: &Exchange) -> Origin {
        let request = exchange.request();
        let source = match request.protocol {
            Protocol::Web => String::new(),
            Protocol::Dimse => request
                .calling
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        };
        Origin {
            system: self.policy().ae_title.to_string(),
            source,
            at: crate::clock::now_as_dt(),
        }
    }
}

impl Keeping {
    /// Keeps instances that replace none.
    fn settle_all(all: Vec<Self>) -> Vec<Judged> {
        let (mut all, kept): (Vec<_>, Vec<_>) = all
            .into_iter()
            .map(|keeping| {
                (
                    changed(keeping.stored, &keeping.changes, &keeping.origin),
                    keeping.kept,
                )
            })
            .unzip();
        let good = all.iter_mut().filter_map(|stored| stored.as_mut().ok());
        let mut committed = Stored::commit_all(good.collect()).into_iter();
        let stored = all.into_iter().map(|stored| {
            let stored = stored?;
            // One without a result was not kept.
            committed
                .next()
                .unwrap_or_else(|| Err(io::Error::other("nothing is known of its file")))?;
            Ok(stored)
        });
        kept.into_iter()
            .zip(stored)
            .map(|(kept, stored)| kept.found(stored))
            .collect()
    }
}

impl Kept {
    /// Has an instance found that is where it stays, or takes back what was said of it.
    fn found(self, stored: Result<Stored, Unchangeable>) -> Judged {
        let Self {
            reservation,
            exchange,
            under,
            lag,
            instead_of: _,
            judged,
        } = self;
        let archive = reservation.archive.clone();
        // What came in one exchange is found in the order in which it came.
        let mut state = archive.state_when(|state| state.reserved.is_next(reservation.turn));
        match stored {
            Ok(stored) => {
                state.insert(Arc::new(stored), under, lag, &archive);
                judged
            }
            Err(error) => state.fail(exchange, judged, error),
        }
        // The reservation goes after the state's lock.
    }
}

fn changed(stored: Stored, changes: &Changes, origin: &Origin) -> Result<Stored, Unchangeable> {
    match changes.is_empty() {
        true => Ok(stored),
        false => stored.coerced(changes, origin),
    }
}

impl State {
    /// Has an instance found, now or when policy or a rule says.
    pub(super) fn insert(
        &mut self,
        stored: Arc<Stored>,
        under: Under,
        lag: Lag,
        archive: &Archive,
    ) {
        let now = Instant::now();
        if !lag.metadata.is_zero() {
            let instance = stored.identity().instance.clone();
            self.waiting.metadata.insert(instance, now + lag.metadata);
        }
        let missed = lag.everything.max(archive.policy().index_delay);
        let delay = missed.max(lag.search);
        if delay.is_zero() {
            self.put(stored, under);
        } else {
            let late = Late {
                stored,
                under,
                retrieved_from: now + missed,
            };
            self.waiting.add(now + delay, late);
        }
    }

    pub(super) fn put(&mut self, stored: Arc<Stored>, under: Under) {
        match under {
            Under::StudyOfItsOwn => self.index.insert_apart(stored),
            Under::AsSent | Under::PatientOfTheStudy => self.index.insert(stored),
            Under::NewPatientOfTheStudy => self.index.insert_latest(stored),
        };
    }

    /// Has found what policy delayed until now.
    pub(super) fn find_what_is_due(&mut self) {
        while let Some(late) = self.waiting.next_due() {
            self.put(late.stored, late.under);
        }
    }

    /// The instance with this UID, found already or not yet.
    pub(super) fn known(&self, instance: &Uid) -> Option<Arc<Stored>> {
        let waiting = self.waiting.instances.get(instance);
        waiting.or_else(|| self.index.instance(instance)).cloned()
    }

    /// Whose study it is, from the instance that came first.
    pub(super) fn patient_of(&self, study: &Uid) -> Option<Patient> {
        let stored = self.index.first_of(study);
        let stored = stored.or_else(|| self.waiting.studies.get(study));
        match stored {
            Some(stored) => Some(Patient::of(stored, self.rules.compared())),
            None => self
                .reserved
                .studies
                .get(study)
                .map(|(patient, _)| patient.clone()),
        }
    }

    /// Bytes of all instances, those on their way too.
    pub(super) fn bytes(&self) -> u64 {
        let waiting = self.waiting.queue.values().map(|late| late.stored.len());
        self.index.bytes() + waiting.sum::<u64>() + self.reserved.bytes
    }

    /// Takes back what was said about an instance that could not be kept.
    fn fail(&mut self, exchange: u64, mut judged: Judged, error: Unchangeable) -> Judged {
        tracing::warn!(%error, instance = ?judged.instance.as_ref().map(|identity| &identity.instance), "cannot be kept");
        let reason = match &error {
            Unchangeable::Charset { .. } => FailureReason::PROCESSING_FAILURE,
            Unchangeable::Unreadable(_) => FailureReason::OUT_OF_RESOURCES,
        };
        judged.verdict = Verdict::Refused(reason);
        judged.because = Some(format!("it cannot be kept: {error}"));
        let notes = self
            .entry(exchange)
            .map(|entry| entry.notes.iter_mut().rev());
        for note in notes.into_iter().flatten() {
            if let Note::Judged {
                instance,
                verdict,
                effect,
                because,
            } = note
                && *instance == judged.instance
            {
                *verdict = judged.verdict;
                *effect = Effect::Nothing;
                because.clone_from(&judged.because);
                break;
            }
        }
        judged
    }
}

/// What is on its way in or out: nobody else may do anything about it meanwhile.
#[derive(Default)]
pub(super) struct Reserved {
    pub(super) instances: HashSet<Uid>,
    /// Studies that come with these instances, whose they will be, and how many instances of each are on their way.
    studies: HashMap<Uid, (Patient, usize)>,
    /// How large all of them are.
    bytes: u64,
    /// By exchange, which of its instances are not settled.
    turns: HashMap<u64, BTreeSet<usize>>,
}

impl Reserved {
    fn add(&mut self, exchange: u64, turn: usize, stored: &Stored, patient: Option<Patient>) {
        let identity = stored.identity();
        self.instances.insert(identity.instance.clone());
        self.bytes += stored.len();
        self.turns.entry(exchange).or_default().insert(turn);
        if let Some((_, number)) = self.studies.get_mut(&identity.study) {
            *number += 1;
        } else if let Some(patient) = patient {
            self.studies.insert(identity.study.clone(), (patient, 1));
        }
    }

    /// Whether an instance of a study is on its way.
    pub(super) fn concerns(&self, study: &Uid) -> bool {
        self.studies.contains_key(study)
    }

    /// Whether all that came before in the same exchange is settled.
    fn is_next(&self, (exchange, turn): (u64, usize)) -> bool {
        let first = self.turns.get(&exchange).and_then(BTreeSet::first);
        first.is_none_or(|first| *first >= turn)
    }
}

/// Ends what was reserved for an instance.
struct Reservation {
    archive: Archive,
    instance: Uid,
    study: Uid,
    bytes: u64,
    turn: (u64, usize),
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut state = self.archive.state();
        let reserved = &mut state.reserved;
        reserved.instances.remove(&self.instance);
        reserved.bytes -= self.bytes;
        if let Some((_, number)) = reserved.studies.get_mut(&self.study) {
            *number -= 1;
            if *number == 0 {
                reserved.studies.remove(&self.study);
            }
        }
        let (exchange, turn) = self.turn;
        if let Some(turns) = reserved.turns.get_mut(&exchange) {
            turns.remove(&turn);
            if turns.is_empty() {
                reserved.turns.remove(&exchange);
            }
        }
        drop(state);
        self.archive.shared.freed.notify_all();
    }
}
