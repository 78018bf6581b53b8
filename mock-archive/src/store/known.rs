//! UIDs that were seen lately, so that the instances of a study share their texts instead of having one each.

use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use dicom_wire::uid::Uid;

/// How many are remembered.
const SLOTS: usize = 1024;

/// The UIDs that were asked for last, by their hash; a new one takes the place of an old one.
#[derive(Debug)]
pub(super) struct Uids {
    slots: Mutex<Vec<Option<Uid>>>,
    hasher: RandomState,
}

impl Default for Uids {
    fn default() -> Self {
        Self {
            slots: Mutex::new(vec![None; SLOTS]),
            hasher: RandomState::new(),
        }
    }
}

impl Uids {
    /// Makes this one share its text with an equal one that was seen before.
    pub(super) fn share(&self, uid: &mut Uid) {
        let slot = self.hasher.hash_one(&*uid) as usize % SLOTS;
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut slots[slot] {
            Some(known) if known == uid => *uid = known.clone(),
            other => *other = Some(uid.clone()),
        }
    }
}
