//! What is deleted already and still there for a while: because a rule says so.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use dicom_wire::uid::Uid;
use tokio::time::Instant;

use super::{Archive, State};
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::moment::{Linger, SeenBy};
use crate::request::Protocol;
use crate::store::Stored;

/// What was deleted and is seen still.
#[derive(Default)]
pub(super) struct Lingering {
    /// By when it goes, and in which order it was deleted.
    queue: BTreeMap<(Instant, u64), Vec<Arc<Stored>>>,
    deleted: u64,
    /// Who sees the instances still.
    seen_by: HashMap<Uid, SeenBy>,
}

impl Lingering {
    /// Whether nothing lingers.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether searches over this protocol find an instance.
    pub(super) fn is_found(&self, instance: &Uid, protocol: Protocol) -> bool {
        match self.seen_by.get(instance) {
            Some(SeenBy::Dimse) => protocol == Protocol::Dimse,
            Some(SeenBy::Everyone | SeenBy::Searches) | None => true,
        }
    }

    /// Whether an instance can be had over this protocol.
    pub(super) fn is_had(&self, instance: &Uid, protocol: Protocol) -> bool {
        self.seen_by.get(instance) != Some(&SeenBy::Searches) && self.is_found(instance, protocol)
    }

    /// Forgets them: nothing is there any more.
    pub(super) fn clear(&mut self) {
        (self.queue, self.seen_by) = Default::default();
    }
}

impl Archive {
    /// Says that instances are deleted, and has them go later.
    pub(super) fn delete_later(
        &self,
        exchange: &Exchange,
        selected: &[Arc<Stored>],
        linger: Linger,
    ) {
        let mut state = self.state();
        let lingering = &mut state.lingering;
        lingering.deleted += 1;
        let due = (Instant::now() + linger.lasts, lingering.deleted);
        for stored in selected {
            let instance = stored.identity().instance.clone();
            lingering.seen_by.insert(instance, linger.seen_by);
        }
        lingering.queue.insert(due, selected.to_vec());
        let instances = selected.len();
        state.note(exchange.number(), Note::Deleted { instances });
    }
}

impl State {
    /// Takes out what was deleted and whose time is over. What took its place meanwhile stays.
    pub(super) fn lose_what_is_due(&mut self) {
        while let Some(first) = self.lingering.queue.first_entry() {
            if first.key().0 > Instant::now() {
                return;
            }
            let due = first.remove();
            for stored in &due {
                let uid = &stored.identity().instance;
                self.lingering.seen_by.remove(uid);
                let known = self.index.instance(uid);
                if known.is_some_and(|known| Arc::ptr_eq(known, stored)) {
                    self.index.remove(uid);
                }
            }
            // Removing files takes a while, and the lock is held here.
            let _ = std::thread::Builder::new().spawn(move || {
                if let Err(error) = Stored::withdraw(&due) {
                    tracing::warn!(%error, "files are left behind");
                }
            });
        }
    }
}
