//! Two patients that become one while the archive is in use.

use std::collections::BTreeMap;
use std::sync::Arc;

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::Archive;
use crate::exchange::Exchange;
use crate::moment::Merge;
use crate::request::Scope;
use crate::store::{Changes, Origin};

impl Archive {
    /// Gives all instances of one patient to another. Nothing happens for a patient who is not known.
    ///
    /// Rewrites their files; other exchanges go on meanwhile.
    pub(crate) async fn merge(&self, exchange: &Exchange, merge: Box<Merge>) {
        let archive = self.clone();
        let merging = tokio::task::spawn_blocking(move || archive.merge_now(&merge));
        match merging.await {
            Ok(0) => {}
            Ok(moved) => {
                exchange.remark(format!("{moved} instances were given to another patient"))
            }
            Err(error) => exchange.remark(format!("patients were not merged: {error}")),
        }
    }

    /// How many instances were given to the other patient.
    fn merge_now(&self, merge: &Merge) -> usize {
        let mut values = BTreeMap::from([(tags::PATIENT_ID, (VR::LO, merge.into.clone()))]);
        if !merge.name.is_empty() {
            values.insert(tags::PATIENT_NAME, (VR::PN, merge.name.clone()));
        }
        let changes = Changes {
            values,
            ..Changes::default()
        };
        let origin = Origin {
            system: self.policy().ae_title.to_string(),
            source: String::new(),
            at: crate::clock::now_as_dt(),
        };
        let theirs = self.state().index.select(&Scope::patient(&merge.from));
        let mut moved = 0;
        for old in theirs {
            let uid = &old.identity().instance;
            let mut new = match old.coerced(&changes, &origin) {
                Ok(new) => new,
                Err(error) => {
                    tracing::warn!(%error, instance = %uid, "stays with its patient");
                    continue;
                }
            };
            let mut state = self.state_without(uid);
            // Somebody deleted or replaced it meanwhile.
            if !state
                .index
                .instance(uid)
                .is_some_and(|known| Arc::ptr_eq(known, &old))
            {
                continue;
            }
            match new.commit(Some(&old)) {
                Ok(()) => {
                    state.index.insert(Arc::new(new));
                    moved += 1;
                }
                Err(error) => tracing::warn!(%error, instance = %uid, "stays with its patient"),
            }
        }
        moved
    }
}
