//! Taking out: instances that were selected, or everything.

use std::io;
use std::sync::Arc;

use dicom_wire::uid::Uid;

use super::{Archive, Reset};
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::moment::{Form, Linger};
use crate::request::Scope;
use crate::store::{Forgotten, Stored};

impl Archive {
    /// Takes instances out that were selected before; series and studies without instances go as well. What was overwritten since then stays.
    ///
    /// When this returns, none of them comes back, whatever happens to the process. Whoever reads one goes on reading it.
    ///
    /// # Errors
    /// If files cannot be removed; then all are still there, or some have gone.
    pub fn delete(&self, exchange: &Exchange, selected: &[Arc<Stored>]) -> io::Result<()> {
        let mut linger = Linger::default();
        exchange.shape(Form::Deletion(&mut linger));
        if !linger.lasts.is_zero() {
            self.delete_later(exchange, selected, linger);
            return Ok(());
        }
        let uids = || selected.iter().map(|stored| &stored.identity().instance);
        let mut state = self.state_when(|state| {
            let reserved = &state.reserved.instances;
            reserved.is_empty() || !uids().any(|uid| reserved.contains(uid))
        });
        let there: Vec<Arc<Stored>> = selected
            .iter()
            .filter(|stored| {
                let known = state.index.instance(&stored.identity().instance);
                known.is_some_and(|known| Arc::ptr_eq(known, stored))
            })
            .cloned()
            .collect();
        state.reserved.instances.extend(uids().cloned());
        drop(state);
        let withdrawn = Stored::withdraw(&there);
        let mut state = self.state();
        for uid in uids() {
            state.reserved.instances.remove(uid);
        }
        if withdrawn.is_ok() {
            for stored in &there {
                state.index.remove(&stored.identity().instance);
            }
            let instances = there.len();
            state.note(exchange.number(), Note::Deleted { instances });
        }
        drop(state);
        self.shared.freed.notify_all();
        withdrawn
    }

    /// Forgets rules, journal or data, each as asked.
    pub fn reset(&self, what: Reset) {
        let mut state = self.state();
        if what.rules {
            state.rules.clear();
        }
        if what.scenario {
            state.rules.forget_scenario();
        }
        let mut entries = Default::default();
        if what.journal {
            entries = std::mem::take(&mut state.entries);
            state.dropped = 0;
        }
        let mut index = Default::default();
        let mut waiting = Vec::new();
        let mut forgotten = Forgotten::default();
        if what.data {
            state.worklist.clear();
            index = std::mem::take(&mut state.index);
            waiting = state.waiting.clear();
            state.lingering.clear();
            if self.shared.storage.is_slow() {
                // Under the lock: an instance that arrives now must not lose its file.
                let all = [index.select(&Scope::all()), std::mem::take(&mut waiting)].concat();
                let in_use = |study: &Uid| state.reserved.concerns(study);
                match self.shared.storage.forget(&all, in_use) {
                    Ok(files) => forgotten = files,
                    Err(error) => tracing::warn!(%error, "files are left behind"),
                }
            }
        }
        drop(state);
        let garbage = (index, waiting, entries, forgotten);
        if garbage.0.len() > MANY || garbage.2.len() > MANY || !garbage.3.is_empty() {
            // Giving memory and files back takes longer than all the rest; nobody has to wait for it.
            let _ = std::thread::Builder::new().spawn(move || drop(garbage));
        }
    }
}

/// So many instances or exchanges are given back within a fraction of a millisecond.
const MANY: usize = 256;
