//! Which patients, studies, series or instances match a query.

use std::collections::HashSet;
use std::sync::Arc;

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::query::{Key, Level, Matching, Query};
use dicom_wire::uid::Uid;

use super::{Index, Series, Study, level};
use crate::matching::{Quirks, Style, matches};
use crate::store::Stored;

/// One match, down to the level of the query.
#[derive(Clone, Debug)]
pub struct Hit {
    pub(super) study: u64,
    pub(super) series: Option<u64>,
    pub(super) instance: Option<Arc<Stored>>,
}

/// All matches of a query, in stable order.
#[derive(Clone, Debug)]
pub struct Matches(Found);

#[derive(Clone, Debug)]
enum Found {
    /// Studies, by their numbers.
    Studies(Vec<u64>),
    Hits(Vec<Hit>),
}

impl Matches {
    /// How many there are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Found::Studies(numbers) => numbers.len(),
            Found::Hits(hits) => hits.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// At most so many, after so many.
    pub fn page(&self, offset: usize, limit: usize) -> Vec<Hit> {
        let study = |&study: &u64| Hit {
            study,
            series: None,
            instance: None,
        };
        match &self.0 {
            Found::Studies(numbers) => {
                let page = numbers.iter().skip(offset).take(limit);
                page.map(study).collect()
            }
            Found::Hits(hits) => hits.iter().skip(offset).take(limit).cloned().collect(),
        }
    }
}

/// The keys of a query by the level of their attributes.
struct Keys<'a> {
    /// Of patient and study, counted ones included.
    study: Vec<&'a Key>,
    series: Vec<&'a Key>,
    instance: Vec<&'a Key>,
    /// Whether a key asks for something that has to be counted.
    counted: bool,
    style: Style,
    /// The attributes that the keys of study, series and instance are about.
    tags: [Vec<Tag>; 3],
}

impl<'a> Keys<'a> {
    fn of(query: &'a Query, quirks: Quirks) -> Self {
        let mut keys = Self {
            study: Vec::new(),
            series: Vec::new(),
            instance: Vec::new(),
            counted: false,
            tags: Default::default(),
            style: Style {
                fuzzy: query.fuzzy,
                combined: query.combined,
                quirks,
            },
        };
        for key in query
            .keys
            .iter()
            .filter(|key| key.matching != Matching::Universal)
        {
            let tag = key.path.tags()[0];
            keys.counted |= level::OF_STUDY.contains(&tag)
                || level::OF_PATIENT.contains(&tag)
                || tag == tags::NUMBER_OF_SERIES_RELATED_INSTANCES;
            match level::of(tag) {
                Level::Patient | Level::Study => keys.study.push(key),
                Level::Series => keys.series.push(key),
                Level::Instance => keys.instance.push(key),
            }
        }
        keys.name_tags();
        keys
    }

    fn name_tags(&mut self) {
        let style = self.style;
        let of = |keys: &[&Key]| {
            let tags = keys.iter().map(|key| key.path.tags()[0]);
            tags.flat_map(|tag| style.needed(tag)).collect()
        };
        self.tags = [of(&self.study), of(&self.series), of(&self.instance)];
    }

    fn fit(&self, stored: &Stored) -> bool {
        let attributes = || stored.only(self.tags[2].iter().copied());
        self.instance.is_empty() || matches(&attributes(), &self.instance, self.style)
    }

    /// Whether nothing below a study has to be looked at to know that the study matches.
    fn end_at_study(&self, query: &Query) -> bool {
        query.level <= Level::Study
            && query.series.is_none()
            && self.series.is_empty()
            && self.instance.is_empty()
    }
}

impl Index {
    /// What matches, in stable order. `limit` and `offset` of the query are not applied.
    ///
    /// Keys of a level below the query's match what has something below that matches.
    pub fn matches(&self, query: &Query) -> Matches {
        self.matches_with(query, Quirks::NONE)
    }

    /// The same as an archive with quirks finds it.
    pub fn matches_with(&self, query: &Query, quirks: Quirks) -> Matches {
        let mut keys = Keys::of(query, quirks);
        let candidates = self.candidates(query, &mut keys);
        let is_decided =
            keys.study.is_empty() && query.study.is_none() && query.level == Level::Study;
        if is_decided && keys.end_at_study(query) {
            return Matches(Found::Studies(candidates));
        }
        let mut hits = Vec::new();
        let mut patients: HashSet<&str> = HashSet::new();
        for number in candidates {
            let Some(study) = self.studies.get(&number) else {
                continue;
            };
            let named = query.study.as_ref().is_none_or(|uid| *uid == study.uid);
            if !named
                || (query.level == Level::Patient && patients.contains(study.patient_id.as_str()))
            {
                continue;
            }
            if !self.study_matches(study, &keys) {
                continue;
            }
            let before = hits.len();
            self.collect(query, &keys, number, study, &mut hits);
            if hits.len() > before && query.level == Level::Patient {
                patients.insert(&study.patient_id);
            }
        }
        Matches(Found::Hits(hits))
    }

    /// Adds the matches of one study that itself matches.
    fn collect(
        &self,
        query: &Query,
        keys: &Keys<'_>,
        number: u64,
        study: &Study,
        hits: &mut Vec<Hit>,
    ) {
        if keys.end_at_study(query) {
            hits.push(Hit {
                study: number,
                series: None,
                instance: None,
            });
            return;
        }
        for (&series_number, series) in &study.series {
            let named = query.series.as_ref().is_none_or(|uid| *uid == series.uid);
            if !named || !series_matches(series, keys) {
                continue;
            }
            let fits = |stored: &&Arc<Stored>| keys.fit(stored);
            let mut hit = Hit {
                study: number,
                series: None,
                instance: None,
            };
            match query.level {
                Level::Patient | Level::Study => {
                    if series.instances.values().any(|stored| fits(&stored)) {
                        hits.push(hit);
                        return;
                    }
                }
                Level::Series => {
                    if series.instances.values().any(|stored| fits(&stored)) {
                        hit.series = Some(series_number);
                        hits.push(hit);
                    }
                }
                Level::Instance => {
                    hit.series = Some(series_number);
                    let found = series.instances.values().filter(fits);
                    hits.extend(found.map(|stored| Hit {
                        instance: Some(stored.clone()),
                        ..hit.clone()
                    }));
                }
            }
        }
    }

    /// The studies that can match: few where the query names some, all where it does not. A key that they are sure to match is taken out.
    fn candidates(&self, query: &Query, keys: &mut Keys<'_>) -> Vec<u64> {
        if !keys.style.quirks.is_none() {
            return self.studies.keys().copied().collect();
        }
        let mut found: Vec<u64> = if let Some(uids) = query.values(tags::SOP_INSTANCE_UID) {
            let places = uids.iter().filter_map(|uid| self.by_instance.get(*uid));
            places.map(|place| place.study).collect()
        } else if let Some(uids) = query.values(tags::SERIES_INSTANCE_UID) {
            let places = uids.iter().filter_map(|uid| self.by_series.get(*uid));
            places.flatten().map(|(study, _)| *study).collect()
        } else if let Some(uids) = query.values(tags::STUDY_INSTANCE_UID) {
            uids.iter()
                .filter_map(|uid| self.by_study.get(*uid))
                .flatten()
                .copied()
                .collect()
        } else if let Some((found, sure)) = self.terms.candidates(&keys.study, keys.style) {
            if let Some(sure) = sure {
                keys.study.remove(sure);
                keys.name_tags();
            }
            return found;
        } else {
            return self.studies.keys().copied().collect();
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    fn study_matches(&self, study: &Study, keys: &Keys<'_>) -> bool {
        let (counted, stored): (Vec<&Key>, Vec<&Key>) = keys
            .study
            .iter()
            .copied()
            .partition(|key| is_counted(key.path.tags()[0]));
        let attributes = || study.first.only(keys.tags[0].iter().copied());
        (stored.is_empty() || matches(&attributes(), &stored, keys.style))
            && (!keys.counted
                || counted.is_empty()
                || matches(&self.counts(study), &counted, keys.style))
    }

    /// What is counted and collected over a study, and over all studies of its patient.
    pub(super) fn counts(&self, study: &Study) -> InMemDicomObject {
        let mut modalities: Vec<String> = Vec::new();
        let mut classes: Vec<&str> = Vec::new();
        for series in study.series.values() {
            modalities.extend(text(&series.first, tags::MODALITY));
            classes.extend(series.classes.keys().map(Uid::as_str));
        }
        modalities.sort_unstable();
        modalities.dedup();
        classes.sort_unstable();
        classes.dedup();
        let strings = |values: Vec<String>| match values.is_empty() {
            true => PrimitiveValue::Empty,
            false => PrimitiveValue::Strs(values.into()),
        };
        let mut counts = InMemDicomObject::new_empty();
        counts.put(DataElement::new(
            tags::MODALITIES_IN_STUDY,
            VR::CS,
            strings(modalities),
        ));
        let classes = classes.into_iter().map(str::to_owned).collect();
        counts.put(DataElement::new(
            tags::SOP_CLASSES_IN_STUDY,
            VR::UI,
            strings(classes),
        ));
        counts.put(number(
            tags::NUMBER_OF_STUDY_RELATED_SERIES,
            study.series.len(),
        ));
        counts.put(number(
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
            study.instances,
        ));
        counts
    }

    /// What is counted over all studies of a patient.
    pub(super) fn patient_counts(&self, patient_id: &str) -> InMemDicomObject {
        let numbers = self.by_patient.get(patient_id).into_iter().flatten();
        let studies: Vec<&Study> = numbers
            .filter_map(|number| self.studies.get(number))
            .collect();
        let mut counts = InMemDicomObject::new_empty();
        counts.put(number(
            tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
            studies.len(),
        ));
        let series = studies.iter().map(|study| study.series.len()).sum();
        counts.put(number(tags::NUMBER_OF_PATIENT_RELATED_SERIES, series));
        let instances = studies.iter().map(|study| study.instances).sum();
        counts.put(number(tags::NUMBER_OF_PATIENT_RELATED_INSTANCES, instances));
        counts
    }
}

fn series_matches(series: &Series, keys: &Keys<'_>) -> bool {
    let (counted, stored): (Vec<&Key>, Vec<&Key>) = keys
        .series
        .iter()
        .copied()
        .partition(|key| is_counted(key.path.tags()[0]));
    let attributes = || series.first.only(keys.tags[1].iter().copied());
    (stored.is_empty() || matches(&attributes(), &stored, keys.style))
        && (counted.is_empty() || {
            let count = number(
                tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
                series.instances.len(),
            );
            matches(
                &InMemDicomObject::from_element_iter([count]),
                &counted,
                keys.style,
            )
        })
}

/// Whether an attribute is counted or collected instead of stored.
pub(super) fn is_counted(tag: Tag) -> bool {
    level::OF_STUDY.contains(&tag)
        || level::OF_PATIENT.contains(&tag)
        || tag == tags::NUMBER_OF_SERIES_RELATED_INSTANCES
}

/// A count, as IS has it.
pub(super) fn number(tag: Tag, count: usize) -> dicom_object::mem::InMemElement {
    DataElement::new(tag, VR::IS, PrimitiveValue::from(count.to_string()))
}

fn text(stored: &Stored, tag: Tag) -> Option<String> {
    let element = stored.element(tag)?;
    let text = element.to_str().ok()?;
    let text = text.trim_matches([' ', '\0']);
    (!text.is_empty()).then(|| text.to_owned())
}
