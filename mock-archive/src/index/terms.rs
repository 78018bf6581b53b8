//! Which studies have which value, for the attributes of patient and study that people search by.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::OnceLock;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::{Key, Matching};

use super::haystack::Haystack;
use crate::matching::Style;
use crate::matching::terms::{self, Certainty, Term, Wanted};
use crate::store::Stored;

/// The attributes that are filed. A value of a VR that is not the dictionary's would be filed wrongly: then the key is not answered from here.
const FILED: [Tag; 6] = [
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::STUDY_DATE,
    tags::ACCESSION_NUMBER,
    tags::STUDY_ID,
    tags::REFERRING_PHYSICIAN_NAME,
];

/// Studies by the terms of their attributes.
#[derive(Debug, Default)]
pub(super) struct Terms {
    filed: [Filed; FILED.len()],
}

#[derive(Debug, Default)]
struct Filed {
    studies: BTreeMap<Term, BTreeSet<u64>>,
    /// Studies whose attribute has another VR than the dictionary says.
    odd: BTreeSet<u64>,
    /// The texts among the terms; made when a pattern needs it, gone when a term comes or goes.
    texts: OnceLock<Haystack>,
}

impl Terms {
    /// Files a study under what its first instance says.
    pub(super) fn add(&mut self, study: u64, first: &Stored) {
        self.each(first, |filed, term| match term {
            Some(term) => {
                let studies = filed.studies.entry(term).or_insert_with(|| {
                    filed.texts.take();
                    BTreeSet::new()
                });
                studies.insert(study);
            }
            None => {
                filed.odd.insert(study);
            }
        });
    }

    /// Takes a study out that was filed under what this instance says.
    pub(super) fn remove(&mut self, study: u64, first: &Stored) {
        self.each(first, |filed, term| {
            let Some(term) = term else {
                filed.odd.remove(&study);
                return;
            };
            if let Some(studies) = filed.studies.get_mut(&term) {
                studies.remove(&study);
                if studies.is_empty() {
                    filed.texts.take();
                    filed.studies.remove(&term);
                }
            }
        });
    }

    /// Studies that can match one of the keys, few if possible, in order; and the number of the key that they are sure to match.
    /// `None` where all studies have to be looked at.
    pub(super) fn candidates(
        &self,
        keys: &[&Key],
        style: Style,
    ) -> Option<(Vec<u64>, Option<usize>)> {
        // A range of dates alone is decided by days; with one of times it is not.
        let is_timed = |key: &&Key| {
            key.path.tags() == [tags::STUDY_TIME] && matches!(key.matching, Matching::Range { .. })
        };
        let style = Style {
            combined: style.combined && keys.iter().any(is_timed),
            ..style
        };
        let found = keys.iter().enumerate().filter_map(|(number, key)| {
            let [tag] = key.path.tags() else { return None };
            let filed = &self.filed[FILED.iter().position(|filed| filed == tag)?];
            let (wanted, certainty) = terms::wanted(key, style)?;
            if !filed.odd.is_empty() {
                return None;
            }
            let sure = (certainty == Certainty::Sure).then_some(number);
            Some((filed.with(&wanted), sure))
        });
        let (mut studies, sure) = found.min_by_key(|(studies, _)| studies.len())?;
        studies.sort_unstable();
        studies.dedup();
        Some((studies, sure))
    }

    fn each(&mut self, first: &Stored, mut act: impl FnMut(&mut Filed, Option<Term>)) {
        for (tag, filed) in FILED.into_iter().zip(&mut self.filed) {
            let Some(element) = first.element(tag) else {
                continue;
            };
            if element.vr() != dicom_wire::query::Path::from(tag).vr() {
                act(filed, None);
                continue;
            }
            for term in terms::of(&element) {
                act(filed, Some(term));
            }
        }
    }
}

impl Filed {
    fn with(&self, wanted: &Wanted) -> Vec<u64> {
        let all =
            |sets: &mut dyn Iterator<Item = &BTreeSet<u64>>| sets.flatten().copied().collect();
        match wanted {
            Wanted::Days(days) if days.is_empty() => Vec::new(),
            Wanted::Days(days) => {
                let days = Term::Day(*days.start())..=Term::Day(*days.end());
                all(&mut self.studies.range(days).map(|(_, studies)| studies))
            }
            Wanted::Texts(texts) => {
                let text = |text: &String| self.studies.get(&Term::Text(text.clone()));
                all(&mut texts.iter().filter_map(text))
            }
            Wanted::Pattern(pattern) if pattern.starts_with(['*', '?']) => {
                let texts = self.texts.get_or_init(|| Haystack::of(self.studies.keys()));
                let fitting = texts.fitting(pattern).into_iter();
                let text = |text: &str| self.studies.get(&Term::Text(text.to_owned()));
                all(&mut fitting.filter_map(text))
            }
            Wanted::Pattern(pattern) => {
                let prefix = Wanted::prefix(pattern);
                let from = Bound::Included(Term::Text(prefix.to_owned()));
                let fits = |(term, studies): (&Term, _)| match term {
                    Term::Text(text) => Wanted::fits(pattern, text).then_some(studies),
                    Term::Day(_) => None,
                };
                let begins =
                    |term: &Term| matches!(term, Term::Text(text) if text.starts_with(prefix));
                let range = self.studies.range((from, Bound::Unbounded));
                let near = range.take_while(|(term, _)| begins(term));
                all(&mut near.filter_map(fits))
            }
        }
    }
}
