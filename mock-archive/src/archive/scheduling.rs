//! The worklist: what was scheduled, and what a search of it finds.

use std::sync::Arc;

use dicom_object::InMemDicomObject;
use dicom_wire::query::Query;

use super::Archive;
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::matching::{Style, matches};
use crate::moment::Form;
use crate::request::Scope;
use crate::worklist;

impl Archive {
    /// Puts an item into the modality worklist, once for each step of its Scheduled Procedure Step Sequence (0040,0100).
    pub fn schedule(&self, item: &InMemDicomObject) {
        let items = worklist::by_step(item).into_iter().map(Arc::new);
        self.state().worklist.extend(items);
    }

    /// Puts a procedure into the worklist for each patient with pictures of CT, MR or US. What is scheduled follows from what is stored.
    pub fn schedule_follow_ups(&self) {
        let stored = self.state().index.select(&Scope::all());
        let items = worklist::follow_ups(stored.iter().map(|stored| stored.header().into_owned()));
        items.iter().for_each(|item| self.schedule(item));
    }

    /// The items of the worklist that match, in the order they were scheduled, after the moment of `shape` for rows.
    ///
    /// A range of start dates and one of start times make one interval (PS3.4 table K.6-1).
    pub(crate) fn scheduled(&self, exchange: &Exchange, query: &Query) -> Vec<InMemDicomObject> {
        let worklist = self.state().worklist.clone();
        let keys: Vec<_> = query.keys.iter().collect();
        let style = Style {
            combined: true,
            ..Style::default()
        };
        let found = worklist.iter().filter(|item| matches(item, &keys, style));
        let mut rows: Vec<_> = found.map(|item| (**item).clone()).collect();
        let total = rows.len();
        let policy = self.policy();
        let most = [policy.default_limit, policy.max_limit]
            .into_iter()
            .flatten()
            .min();
        rows.truncate(most.unwrap_or(usize::MAX));
        exchange.shape(Form::Rows(&mut rows));
        exchange.note(Note::Found {
            keys: keys.iter().map(|key| key.path.to_string()).collect(),
            returned: rows.len(),
            total,
        });
        rows
    }
}
