//! What is stored, by patient, study, series and instance: one index for QIDO-RS, C-FIND and every retrieve.
//!
//! A search that names a study, series, instance or patient exactly looks it up; any other goes through the studies. Order is stable: studies and series as
//! they first came, instances by Instance Number and UID.

mod haystack;
mod level;
mod row;
mod search;
mod terms;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::query::Query;
use dicom_wire::uid::Uid;

use crate::request::Scope;
use crate::store::Stored;
pub use search::{Hit, Matches};

/// All instances of an archive.
#[derive(Debug, Default)]
pub struct Index {
    studies: BTreeMap<u64, Study>,
    /// More than one study has a UID only where patients in conflict are kept apart.
    by_study: HashMap<Uid, Vec<u64>>,
    by_series: HashMap<Uid, BTreeSet<(u64, u64)>>,
    by_instance: HashMap<Uid, Place>,
    by_patient: HashMap<String, BTreeSet<u64>>,
    terms: terms::Terms,
    /// The number that the next study or series gets.
    next: u64,
    bytes: u64,
}

/// Where an instance is: numbers of study and series, and its place in the series.
#[derive(Clone, Debug)]
struct Place {
    study: u64,
    series: u64,
    order: Order,
}

/// Instance Number, and the UID where that is the same or missing.
type Order = (i64, Uid);

#[derive(Debug)]
struct Study {
    uid: Uid,
    patient_id: String,
    /// The instance that speaks for patient and study: the first that came.
    first: Arc<Stored>,
    series: BTreeMap<u64, Series>,
    /// How many instances all series have.
    instances: usize,
}

#[derive(Debug)]
struct Series {
    uid: Uid,
    /// The instance that speaks for the series: the first that came.
    first: Arc<Stored>,
    instances: BTreeMap<Order, Arc<Stored>>,
    /// How many instances there are of each SOP class.
    classes: BTreeMap<Uid, usize>,
}

impl Index {
    /// Adds an instance to its study, whatever its Patient ID; gives the one with the same UID, which it replaces.
    pub fn insert(&mut self, stored: Arc<Stored>) -> Option<Arc<Stored>> {
        let study = self
            .by_study
            .get(&stored.identity().study)
            .and_then(|all| all.first().copied());
        self.put(study, stored)
    }

    /// Adds an instance to the study of its UID and its Patient ID, so that a study under two patients is two studies.
    pub fn insert_apart(&mut self, stored: Arc<Stored>) -> Option<Arc<Stored>> {
        let identity = stored.identity();
        let same_uid = self.by_study.get(&identity.study);
        let fits = |number: &&u64| {
            self.studies
                .get(number)
                .is_some_and(|s| s.patient_id == identity.patient_id)
        };
        let study = same_uid.and_then(|all| all.iter().find(fits).copied());
        self.put(study, stored)
    }

    /// Adds an instance to its study and lets it speak for patient and study from then on.
    pub fn insert_latest(&mut self, stored: Arc<Stored>) -> Option<Arc<Stored>> {
        let before = self.insert(stored.clone());
        let identity = stored.identity();
        let number = self.by_instance.get(&identity.instance)?.study;
        let study = self.studies.get_mut(&number)?;
        let spoke = std::mem::replace(&mut study.first, stored.clone());
        self.terms.remove(number, &spoke);
        self.terms.add(number, &stored);
        if study.patient_id != identity.patient_id {
            let id = std::mem::replace(&mut study.patient_id, identity.patient_id.clone());
            forget(&mut self.by_patient, &id, &number);
            let theirs = self.by_patient.entry(identity.patient_id.clone());
            theirs.or_default().insert(number);
        }
        before
    }

    /// Takes an instance out; series and studies without instances go as well.
    pub fn remove(&mut self, instance: &Uid) -> Option<Arc<Stored>> {
        let place = self.by_instance.remove(instance)?;
        let study = self.studies.get_mut(&place.study)?;
        let series = study.series.get_mut(&place.series)?;
        let stored = series.instances.remove(&place.order)?;
        study.instances -= 1;
        self.bytes -= stored.len();
        if let Some(count) = series.classes.get_mut(&stored.identity().sop_class) {
            *count -= 1;
            if *count == 0 {
                series.classes.remove(&stored.identity().sop_class);
            }
        }
        if let Some(other) = series.instances.values().next() {
            if Arc::ptr_eq(&series.first, &stored) {
                series.first = other.clone();
            }
        } else {
            forget(
                &mut self.by_series,
                &series.uid,
                &(place.study, place.series),
            );
            study.series.remove(&place.series);
        }
        if let Some(other) = study.series.values().next() {
            if Arc::ptr_eq(&study.first, &stored) {
                study.first = other.first.clone();
                self.terms.remove(place.study, &stored);
                self.terms.add(place.study, &study.first);
            }
            return Some(stored);
        }
        if let Some(gone) = self.studies.remove(&place.study) {
            self.terms.remove(place.study, &stored);
            forget(&mut self.by_patient, &gone.patient_id, &place.study);
            if let Some(all) = self.by_study.get_mut(&gone.uid) {
                all.retain(|number| *number != place.study);
                if all.is_empty() {
                    self.by_study.remove(&gone.uid);
                }
            }
        }
        Some(stored)
    }

    /// The instance with this UID.
    pub fn instance(&self, instance: &Uid) -> Option<&Arc<Stored>> {
        let place = self.by_instance.get(instance)?;
        self.studies
            .get(&place.study)?
            .series
            .get(&place.series)?
            .instances
            .get(&place.order)
    }

    /// Whether an instance with this UID is there.
    pub fn contains(&self, instance: &Uid) -> bool {
        self.by_instance.contains_key(instance)
    }

    /// How many instances there are.
    pub fn len(&self) -> usize {
        self.by_instance.len()
    }

    /// How many bytes all of them have.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether nothing is there.
    pub fn is_empty(&self) -> bool {
        self.by_instance.is_empty()
    }

    /// The instance that speaks for a study that is there: the first that came.
    pub fn first_of(&self, study: &Uid) -> Option<&Arc<Stored>> {
        self.study(study).map(|study| &study.first)
    }

    /// Patient ID of a study that is there: of the instance that came first.
    pub fn patient_of(&self, study: &Uid) -> Option<String> {
        self.study(study).map(|study| study.patient_id.clone())
    }

    /// Patient's Name of a study that is there, as text.
    pub fn patient_name_of(&self, study: &Uid) -> Option<String> {
        let name = self.study(study)?.first.element(tags::PATIENT_NAME)?;
        name.to_str().ok().map(|name| name.into_owned())
    }

    /// All matches, in stable order. `limit` and `offset` of the query are not applied.
    pub fn find(&self, query: &Query) -> Vec<InMemDicomObject> {
        let all = self.matches(query).page(0, usize::MAX);
        all.iter().map(|hit| self.row(query, hit)).collect()
    }

    /// All instances in a scope, in stable order.
    pub fn select(&self, scope: &Scope) -> Vec<Arc<Stored>> {
        if let Some(instance) = &scope.instance {
            let found = self.by_instance.get(instance).and_then(|place| {
                let study = self.studies.get(&place.study)?;
                let series = study.series.get(&place.series)?;
                let fits = within(scope, study)
                    && scope.series.as_ref().is_none_or(|uid| *uid == series.uid);
                fits.then(|| series.instances.get(&place.order).cloned())
                    .flatten()
            });
            return found.into_iter().collect();
        }
        let studies: Box<dyn Iterator<Item = &u64>> = match (&scope.study, &scope.patient) {
            (Some(uid), _) => Box::new(self.by_study.get(uid).into_iter().flatten()),
            (None, Some(id)) => Box::new(self.by_patient.get(id).into_iter().flatten()),
            (None, None) => Box::new(self.studies.keys()),
        };
        studies
            .filter_map(|number| self.studies.get(number))
            .filter(|study| within(scope, study))
            .flat_map(|study| study.series.values())
            .filter(|series| scope.series.as_ref().is_none_or(|uid| *uid == series.uid))
            .flat_map(|series| series.instances.values().cloned())
            .collect()
    }

    fn study(&self, uid: &Uid) -> Option<&Study> {
        self.studies.get(self.by_study.get(uid)?.first()?)
    }

    fn put(&mut self, study: Option<u64>, mut stored: Arc<Stored>) -> Option<Arc<Stored>> {
        // The study is still there afterwards if it has another instance; else it gets a new number.
        let replaced = self.remove(&stored.identity().instance);
        self.bytes += stored.len();
        let identity = stored.identity().clone();
        let study = study
            .filter(|number| self.studies.contains_key(number))
            .unwrap_or_else(|| self.new_study(&stored));
        let known = self.by_series.get(&identity.series);
        let series = known.and_then(|all| {
            all.range((study, 0)..=(study, u64::MAX))
                .next()
                .map(|(_, series)| *series)
        });
        let series = series.unwrap_or_else(|| self.new_series(study, &stored));
        let order = (
            stored.number().unwrap_or(i64::MAX),
            identity.instance.clone(),
        );
        let entry = self.studies.get_mut(&study).and_then(|study| {
            study.instances += 1;
            study.series.get_mut(&series)
        });
        if let Some(entry) = entry {
            if let Some(alone) = Arc::get_mut(&mut stored) {
                alone.share(&entry.first);
            }
            let class = identity.sop_class;
            *entry.classes.entry(class).or_default() += 1;
            entry.instances.insert(order.clone(), stored);
            self.by_instance.insert(
                identity.instance,
                Place {
                    study,
                    series,
                    order,
                },
            );
        }
        replaced
    }

    fn new_study(&mut self, stored: &Arc<Stored>) -> u64 {
        let identity = stored.identity();
        let number = self.number();
        let study = Study {
            uid: identity.study.clone(),
            patient_id: identity.patient_id.clone(),
            first: stored.clone(),
            series: BTreeMap::new(),
            instances: 0,
        };
        self.terms.add(number, stored);
        self.studies.insert(number, study);
        self.by_study
            .entry(identity.study.clone())
            .or_default()
            .push(number);
        self.by_patient
            .entry(identity.patient_id.clone())
            .or_default()
            .insert(number);
        number
    }

    fn new_series(&mut self, study: u64, stored: &Arc<Stored>) -> u64 {
        let number = self.number();
        let uid = stored.identity().series.clone();
        self.by_series
            .entry(uid.clone())
            .or_default()
            .insert((study, number));
        let series = Series {
            uid,
            first: stored.clone(),
            instances: BTreeMap::new(),
            classes: BTreeMap::new(),
        };
        if let Some(study) = self.studies.get_mut(&study) {
            study.series.insert(number, series);
        }
        number
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// Whether a study is the one, and under the patient, that a scope names.
fn within(scope: &Scope, study: &Study) -> bool {
    scope.study.as_ref().is_none_or(|uid| *uid == study.uid)
        && scope
            .patient
            .as_ref()
            .is_none_or(|id| *id == study.patient_id)
}

fn forget<K: std::hash::Hash + Eq, V: Ord>(map: &mut HashMap<K, BTreeSet<V>>, key: &K, value: &V) {
    if let Some(set) = map.get_mut(key) {
        set.remove(value);
        if set.is_empty() {
            map.remove(key);
        }
    }
}
