//! The one way to search and to select, of QIDO-RS and C-FIND, WADO-RS, C-GET and C-MOVE.

use std::collections::HashSet;
use std::sync::Arc;

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::query::{Level, Query};
use dicom_wire::uid::Uid;

use super::Archive;
use crate::exchange::Exchange;
use crate::index::Matches;
use crate::journal::Note;
use crate::moment::{Form, Page, Rest, Search};
use crate::request::{Scope, Service};
use crate::store::Stored;

/// The answer to a search.
#[derive(Clone, Debug)]
pub struct Found {
    /// Level of the rows.
    pub level: Level,
    /// One row a match, in stable order.
    pub rows: Vec<InMemDicomObject>,
    /// Matches there are, whatever the page.
    pub total: usize,
    /// Matches after this page; more than zero asks for Warning 299 in QIDO-RS (PS3.18 8.3.4.4).
    pub remaining: usize,
    /// What was asked and not done; Warning 299 in QIDO-RS.
    pub warnings: Vec<String>,
    /// QIDO-RS: the status to answer in place of the rows.
    pub refused: Option<u16>,
}

impl Archive {
    /// Answers a search: the same for QIDO-RS and C-FIND. Limits of policy are applied, and the moments of `shape` are passed.
    ///
    /// Rows hold the attributes of the level, the keys and what was asked to be included; Retrieve URL and Retrieve AE Title are the edge's to add.
    pub fn find(&self, exchange: &Exchange, query: &Query) -> Found {
        self.search(exchange, Search::of(query.clone()), |_| {})
    }

    /// The same with what the edge adds to each row, before the moments of `shape` for rows.
    pub fn search(
        &self,
        exchange: &Exchange,
        mut search: Search,
        add: impl Fn(&mut InMemDicomObject),
    ) -> Found {
        let policy = self.policy();
        exchange.shape(Form::Search(&mut search));
        let query = &search.query;
        let matches = match search.refused {
            None => Some(self.state().index.matches_with(query, search.quirks)),
            Some(_) => None,
        };
        let total = matches.as_ref().map_or(0, Matches::len);
        let asked = query
            .limit
            .map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let limit = match (asked.or(policy.default_limit), policy.max_limit) {
            (Some(limit), Some(most)) => Some(limit.min(most)),
            (one, other) => one.or(other),
        };
        let mut page = Page {
            offset: usize::try_from(query.offset).unwrap_or(usize::MAX),
            limit,
            total,
            rest: Rest::Told,
            refused: search.refused,
        };
        exchange.shape(Form::Page(&mut page));
        let limit = page.limit.unwrap_or(usize::MAX);
        let hits = matches.map(|matches| matches.page(page.offset, limit));
        let mut rows: Vec<InMemDicomObject> = {
            let state = self.state();
            let hits = hits.iter().flatten();
            hits.map(|hit| state.index.row(query, hit)).collect()
        };
        let remaining = match page.rest {
            Rest::Told => total.saturating_sub(page.offset.saturating_add(rows.len())),
            Rest::Hidden => 0,
        };
        if query.level == Level::Instance {
            self.hide_deleted(exchange, &mut rows);
        }
        rows.iter_mut().for_each(add);
        exchange.shape(Form::Rows(&mut rows));
        for row in &mut rows {
            exchange.shape(Form::Row {
                level: query.level,
                row,
            });
        }
        let keys = query.keys.iter().map(|key| key.path.to_string()).collect();
        exchange.note(Note::Found {
            keys,
            returned: rows.len(),
            total,
        });
        Found {
            level: query.level,
            rows,
            total,
            remaining,
            warnings: search.warnings,
            refused: page.refused,
        }
    }

    /// Leaves out what is deleted for this protocol and lingers for the other.
    fn hide_deleted(&self, exchange: &Exchange, rows: &mut Vec<InMemDicomObject>) {
        let state = self.state();
        if state.lingering.is_empty() {
            return;
        }
        let protocol = exchange.request().protocol;
        rows.retain(|row| {
            let uid = row.get(tags::SOP_INSTANCE_UID);
            let uid = uid
                .and_then(|element| Uid::parse(element.to_str().ok()?.trim_end_matches('\0')).ok());
            uid.is_none_or(|uid| state.lingering.is_found(&uid, protocol))
        });
    }

    /// The instances a retrieve asks for, in stable order (study, series, instance number, UID), after the moment of `shape` for them.
    pub fn select(&self, exchange: &Exchange, scope: &Scope) -> Vec<Arc<Stored>> {
        self.select_all(exchange, std::slice::from_ref(scope))
    }

    /// The instances of several scopes (a list of UIDs in C-MOVE), one scope after the other and none twice; otherwise as [`select`](Self::select).
    pub fn select_all(&self, exchange: &Exchange, scopes: &[Scope]) -> Vec<Arc<Stored>> {
        let mut instances: Vec<Arc<Stored>> = Vec::new();
        let mut seen = HashSet::new();
        let mut scopes = scopes.to_vec();
        for scope in &mut scopes {
            exchange.shape(Form::Scope(scope));
        }
        {
            let mut state = self.state();
            let metadata = exchange.request().service == Service::Metadata;
            for scope in &scopes {
                let late = state.waiting.retrievable(scope);
                for stored in state.index.select(scope).into_iter().chain(late) {
                    let instance = &stored.identity().instance;
                    if !state
                        .lingering
                        .is_had(instance, exchange.request().protocol)
                    {
                        continue;
                    }
                    if metadata && state.waiting.misses_metadata(instance) {
                        continue;
                    }
                    if scopes.len() == 1 || seen.insert(instance.clone()) {
                        instances.push(stored);
                    }
                }
            }
        }
        exchange.shape(Form::Instances(&mut instances));
        exchange.note(Note::Selected {
            instances: instances.len(),
        });
        instances
    }

    /// An instance as it is there, without a moment: for what depends on its kind before it is selected.
    pub(crate) fn known(&self, instance: &Uid) -> Option<Arc<Stored>> {
        let state = self.state();
        let scope = Scope::all().and_instance(instance.clone());
        let late = || state.waiting.retrievable(&scope).pop();
        state.index.instance(instance).cloned().or_else(late)
    }
}
