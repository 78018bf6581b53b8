//! What is kept already and found later: because policy or a rule says so.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use dicom_wire::uid::Uid;
use tokio::time::Instant;

use crate::moment::Under;
use crate::request::Scope;
use crate::store::Stored;

/// What is kept, and found only after a delay.
#[derive(Default)]
pub(super) struct Waiting {
    /// By when it is due, and in which order it came.
    pub(super) queue: BTreeMap<(Instant, u64), Late>,
    came: u64,
    pub(super) instances: HashMap<Uid, Arc<Stored>>,
    /// The first of each study.
    pub(super) studies: HashMap<Uid, Arc<Stored>>,
    /// Until when the metadata of an instance is missed.
    pub(super) metadata: HashMap<Uid, Instant>,
}

/// One instance that waits.
pub(super) struct Late {
    pub(super) stored: Arc<Stored>,
    pub(super) under: Under,
    /// From when on it can be retrieved, found or not.
    pub(super) retrieved_from: Instant,
}

impl Waiting {
    pub(super) fn add(&mut self, due: Instant, late: Late) {
        let identity = late.stored.identity();
        self.instances
            .insert(identity.instance.clone(), late.stored.clone());
        self.studies
            .entry(identity.study.clone())
            .or_insert_with(|| late.stored.clone());
        self.came += 1;
        self.queue.insert((due, self.came), late);
    }

    pub(super) fn next_due(&mut self) -> Option<Late> {
        let first = self.queue.first_entry()?;
        if first.key().0 > Instant::now() {
            return None;
        }
        let late = first.remove();
        let identity = late.stored.identity();
        let is_same = |other: &Arc<Stored>| Arc::ptr_eq(other, &late.stored);
        if self.instances.get(&identity.instance).is_some_and(is_same) {
            self.instances.remove(&identity.instance);
        }
        if self.studies.get(&identity.study).is_some_and(is_same) {
            self.studies.remove(&identity.study);
        }
        Some(late)
    }

    /// The instances that wait.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Uid> {
        self.instances.keys()
    }

    /// Those of a scope that can be retrieved though no search finds them yet.
    pub(super) fn retrievable(&self, scope: &Scope) -> Vec<Arc<Stored>> {
        if self.queue.is_empty() {
            return Vec::new();
        }
        let now = Instant::now();
        let there = self
            .queue
            .values()
            .filter(|late| late.retrieved_from <= now);
        let there = there.map(|late| &late.stored).filter(|stored| {
            let identity = stored.identity();
            let is = |wanted: &Option<Uid>, uid| wanted.as_ref().is_none_or(|wanted| wanted == uid);
            let patient = scope.patient.as_ref();
            patient.is_none_or(|id| *id == identity.patient_id)
                && is(&scope.study, &identity.study)
                && is(&scope.series, &identity.series)
                && is(&scope.instance, &identity.instance)
        });
        there.cloned().collect()
    }

    /// Whether the metadata of an instance is missed still.
    pub(super) fn misses_metadata(&mut self, instance: &Uid) -> bool {
        match self.metadata.get(instance) {
            Some(due) if *due > Instant::now() => true,
            Some(_) => {
                self.metadata.remove(instance);
                false
            }
            None => false,
        }
    }

    /// Forgets them; what they were.
    pub(super) fn clear(&mut self) -> Vec<Arc<Stored>> {
        let waiting = std::mem::take(self);
        waiting
            .queue
            .into_values()
            .map(|late| late.stored)
            .collect()
    }
}
