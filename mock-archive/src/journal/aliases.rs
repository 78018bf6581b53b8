//! Short names for UIDs, given in order of appearance.

use std::collections::HashMap;
use std::sync::Arc;

use dicom_wire::uid::Uid;

use super::{Entry, Note};
use crate::archive::Identity;
use crate::request::Scope;

/// The short names of all UIDs in a journal.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    names: HashMap<Uid, String>,
    studies: usize,
    /// UIDs that only searches name.
    loose: usize,
    /// Number of series and instances named so far, by study.
    within: HashMap<Option<Uid>, (usize, usize)>,
}

impl Aliases {
    /// Names everything in these entries. Instances that were judged come first, since they say which study a UID belongs to.
    pub(super) fn of(entries: &[Arc<Entry>]) -> Self {
        let mut aliases = Self::default();
        for entry in entries {
            aliases.name_study(entry.request.scope.study.as_ref());
            for note in &entry.notes {
                if let Note::Judged {
                    instance: Some(identity),
                    ..
                }
                | Note::SubOperation {
                    instance: identity, ..
                } = note
                {
                    aliases.name_identity(identity);
                }
            }
        }
        for entry in entries {
            aliases.name_scope(&entry.request.scope);
        }
        for entry in entries {
            let parameters = entry.request.query.split('&');
            let values = parameters.filter_map(|parameter| parameter.split_once('='));
            for uid in values.flat_map(|(_, value)| value.split(',')) {
                aliases.name_loose(uid);
            }
        }
        aliases
    }

    /// The short name of a UID within its study; the UID's place is kept if it is unknown.
    pub(super) fn short(&self, uid: &str) -> Option<&str> {
        self.names.get(uid).map(String::as_str)
    }

    /// `study-1/instance-3`.
    pub(super) fn instance(&self, identity: &Identity) -> String {
        let name = |uid: &Uid| self.short(uid.as_str()).unwrap_or("?").to_owned();
        format!("{}/{}", name(&identity.study), name(&identity.instance))
    }

    /// `study-1/series-1/instance-3`, as far as the scope goes.
    pub(super) fn scope(&self, scope: &Scope) -> String {
        let uids = [&scope.study, &scope.series, &scope.instance];
        let names: Vec<_> = uids
            .into_iter()
            .flatten()
            .filter_map(|uid| self.short(uid.as_str()))
            .collect();
        names.join("/")
    }

    fn name_identity(&mut self, identity: &Identity) {
        self.name_study(Some(&identity.study));
        self.name_within(
            Some(&identity.study),
            Some(&identity.series),
            Some(&identity.instance),
        );
    }

    fn name_scope(&mut self, scope: &Scope) {
        self.name_study(scope.study.as_ref());
        self.name_within(
            scope.study.as_ref(),
            scope.series.as_ref(),
            scope.instance.as_ref(),
        );
    }

    /// A UID that only a search names: whose it is, nobody said.
    fn name_loose(&mut self, uid: &str) {
        if !uid.contains('.') || self.names.contains_key(uid) {
            return;
        }
        if let Ok(uid) = Uid::parse(uid) {
            self.loose += 1;
            self.names.insert(uid, format!("uid-{}", self.loose));
        }
    }

    fn name_study(&mut self, study: Option<&Uid>) {
        let Some(study) = study.filter(|study| !self.names.contains_key(*study)) else {
            return;
        };
        self.studies += 1;
        self.names
            .insert(study.clone(), format!("study-{}", self.studies));
    }

    fn name_within(&mut self, study: Option<&Uid>, series: Option<&Uid>, instance: Option<&Uid>) {
        let (series_named, instances_named) = self.within.entry(study.cloned()).or_default();
        if let Some(series) = series.filter(|series| !self.names.contains_key(*series)) {
            *series_named += 1;
            self.names
                .insert(series.clone(), format!("series-{series_named}"));
        }
        if let Some(instance) = instance.filter(|instance| !self.names.contains_key(*instance)) {
            *instances_named += 1;
            self.names
                .insert(instance.clone(), format!("instance-{instances_named}"));
        }
    }
}
