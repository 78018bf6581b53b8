//! What is in the archive from the start.

use std::sync::Arc;

use bytes::Bytes;

use super::{Archive, Identity};
use crate::moment::Under;
use crate::policy::PatientConflict;
use crate::store::Stored;

/// How many instances are put into files at once.
const AT_ONCE: usize = 16;

/// Why something cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Unloadable {
    /// The file, or the number of the instance.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl Archive {
    /// Puts an instance into the archive as if it had always been there: no rule is asked and nothing is noted. One with the same UID that is there stays.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load(&self, bytes: Bytes) -> Result<Identity, Unloadable> {
        let stored = self.spooled(bytes).and_then(|stored| self.shelve(stored))?;
        let identity = stored.identity().clone();
        self.settle_in(stored);
        Ok(identity)
    }

    /// Puts many instances into the archive in the same way, in this order; faster than one by one where they become files.
    ///
    /// # Errors
    /// If one of them cannot be read; those before it are there.
    pub fn load_all(&self, all: impl IntoIterator<Item = Bytes>) -> Result<(), Unloadable> {
        let mut all = all.into_iter();
        if !self.shared.storage.is_slow() {
            return all.try_for_each(|bytes| self.load(bytes).map(drop));
        }
        loop {
            let some: Vec<Bytes> = all.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return Ok(());
            }
            let shelved: Vec<Result<Stored, Unloadable>> = std::thread::scope(|scope| {
                let one = |bytes| {
                    scope.spawn(|| self.spooled(bytes).and_then(|stored| self.shelve(stored)))
                };
                let threads: Vec<_> = some.into_iter().map(one).collect();
                let joined = threads.into_iter().map(|thread| thread.join());
                joined
                    .map(|result| result.unwrap_or_else(|_| Err(unloadable("reading it failed"))))
                    .collect()
            });
            for stored in shelved {
                self.settle_in(stored?);
            }
        }
    }

    /// Takes in what the storage holds from an earlier run.
    pub(super) fn rebuild(&self) {
        let (stored, left) = match self.shared.storage.rebuild() {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(storage = ?self.shared.storage, %error, "cannot be read");
                return;
            }
        };
        for left in &left {
            tracing::warn!(path = %left.path.display(), why = left.why, "left alone: it is no instance of this archive");
        }
        let apart = self.policy().patient_conflict == PatientConflict::Split;
        let mut replaced = Vec::new();
        let mut state = self.state();
        for stored in stored.into_iter().map(Arc::new) {
            replaced.extend(match apart {
                true => state.index.insert_apart(stored),
                false => state.index.insert(stored),
            });
        }
        drop(state);
        if let Err(error) = Stored::withdraw(&replaced) {
            tracing::warn!(%error, "an instance that was replaced is still there");
        }
    }

    fn spooled(&self, bytes: Bytes) -> Result<Stored, Unloadable> {
        let mut spool = self.spool();
        spool.write(bytes).map_err(unloadable)?;
        let spooled = spool.finish().map_err(unloadable)?;
        Stored::read(spooled).map_err(unloadable)
    }

    /// Puts the bytes where they stay, unless the instance is there already.
    fn shelve(&self, mut stored: Stored) -> Result<Stored, Unloadable> {
        if !self.state().index.contains(&stored.identity().instance) {
            stored.commit(None).map_err(unloadable)?;
        }
        Ok(stored)
    }

    fn settle_in(&self, stored: Stored) {
        let mut state = self.state();
        if !state.index.contains(&stored.identity().instance) {
            state.put(Arc::new(stored), Under::AsSent);
        }
    }
}

fn unloadable(why: impl ToString) -> Unloadable {
    Unloadable {
        what: "instance".to_owned(),
        why: why.to_string(),
    }
}
