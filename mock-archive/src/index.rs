//! What is stored, by patient, study, series and instance. (Signatures only: the owner of this file replaces it.)

use std::sync::Arc;

use dicom_object::InMemDicomObject;
use dicom_wire::query::Query;
use dicom_wire::uid::Uid;

use crate::request::Scope;
use crate::store::Stored;

/// All instances of an archive.
#[derive(Debug, Default)]
pub struct Index {
    instances: Vec<Arc<Stored>>,
}

impl Index {
    /// Adds an instance, or puts it in place of the one with the same UID.
    pub fn insert(&mut self, stored: Arc<Stored>) {
        self.instances.push(stored);
    }

    /// Adds an instance to a study of its own patient.
    pub fn insert_apart(&mut self, stored: Arc<Stored>) {
        self.insert(stored);
    }

    /// Whether an instance with this UID is there.
    pub fn contains(&self, instance: &Uid) -> bool {
        self.instances
            .iter()
            .any(|stored| stored.identity().instance == *instance)
    }

    /// Patient ID of a study that is there.
    pub fn patient_of(&self, study: &Uid) -> Option<String> {
        self.instances
            .iter()
            .find(|stored| stored.identity().study == *study)
            .map(|stored| stored.identity().patient_id.clone())
    }

    /// All matches, in stable order.
    pub fn find(&self, _query: &Query) -> Vec<InMemDicomObject> {
        Vec::new()
    }

    /// All instances in a scope, in stable order.
    pub fn select(&self, scope: &Scope) -> Vec<Arc<Stored>> {
        let fits =
            |wanted: &Option<Uid>, is: &Uid| wanted.as_ref().is_none_or(|wanted| wanted == is);
        let chosen = |stored: &&Arc<Stored>| {
            let identity = stored.identity();
            scope
                .patient
                .as_ref()
                .is_none_or(|patient| *patient == identity.patient_id)
                && fits(&scope.study, &identity.study)
                && fits(&scope.series, &identity.series)
                && fits(&scope.instance, &identity.instance)
        };
        self.instances.iter().filter(chosen).cloned().collect()
    }
}
