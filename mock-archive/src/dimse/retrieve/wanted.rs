//! Which instances an identifier asks for (PS3.4 C.4.2.2, C.4.3.2).

use std::sync::Arc;

use dicom_core::Tag;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Outcome, Status};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::super::identifier::{self, Hierarchy};
use super::super::negotiate::Root;
use crate::archive::Archive;
use crate::exchange::Exchange;
use crate::moment::{Habits, Operation};
use crate::request::Scope;
use crate::store::Stored;

/// What an identifier asks for.
#[derive(Debug)]
pub(in crate::dimse) struct Wanted {
    /// Its level.
    pub(in crate::dimse) level: Level,
    keys: Vec<String>,
    above: Scope,
}

impl Wanted {
    /// Reads an identifier as an archive of these habits does: one may take it for all there is if it has no unique key.
    pub(in crate::dimse) fn read_as(
        identifier: &InMemDicomObject,
        root: Root,
        hierarchy: Hierarchy,
        habits: Habits<Operation>,
    ) -> Result<Self, Outcome> {
        let level = identifier::level(identifier, root)?;
        let has_key = identifier::text(identifier, identifier::unique_key(level)).is_some();
        if has_key || !habits.has(Operation::NoKeyIsAll) {
            return Self::read(identifier, root, hierarchy);
        }
        let above = Scope::all();
        Ok(Self {
            level,
            keys: Vec::new(),
            above,
        })
    }

    /// Reads an identifier: every level above named once (or not, if relational retrieval was negotiated), the level itself once or as a list (PS3.4 C.4.2.2.1).
    fn read(
        identifier: &InMemDicomObject,
        root: Root,
        hierarchy: Hierarchy,
    ) -> Result<Self, Outcome> {
        let level = identifier::level(identifier, root)?;
        identifier::check_hierarchy(identifier, level, root, hierarchy)?;
        let tag = identifier::unique_key(level);
        let Some(value) = identifier::text(identifier, tag) else {
            return Err(wrong(tag, format!("level {level} needs its unique key")));
        };
        let keys: Vec<_> = match level {
            Level::Patient => vec![value],
            _ => value.split('\\').map(|key| key.trim().to_owned()).collect(),
        };
        if level != Level::Patient {
            for key in &keys {
                Uid::parse(key).map_err(|error| wrong(tag, error.to_string()))?;
            }
        }
        let above = |of| -> Result<Option<Uid>, Outcome> {
            let tag = identifier::unique_key(of);
            let named = identifier::text(identifier, tag).filter(|_| of < level);
            named
                .map(|text| Uid::parse(&text).map_err(|error| wrong(tag, error.to_string())))
                .transpose()
        };
        let above = Scope {
            study: above(Level::Study)?,
            series: above(Level::Series)?,
            ..Scope::all()
        };
        Ok(Self { level, keys, above })
    }

    /// What rules can match and the journal shows: the levels above, and the key itself where it is one.
    pub(in crate::dimse) fn scope(&self) -> Scope {
        match &self.keys[..] {
            [one] => self.scope_of(one).unwrap_or_else(|| self.above.clone()),
            _ => self.above.clone(),
        }
    }

    /// The instances, in stable order, none twice.
    pub(in crate::dimse) fn select(
        &self,
        archive: &Archive,
        exchange: &Exchange,
    ) -> Vec<Arc<Stored>> {
        let scopes: Vec<_> = match &self.keys[..] {
            [] => vec![self.above.clone()],
            keys => keys.iter().filter_map(|key| self.scope_of(key)).collect(),
        };
        archive.select_all(exchange, &scopes)
    }

    fn scope_of(&self, key: &str) -> Option<Scope> {
        let uid = || Uid::parse(key).ok();
        Some(match self.level {
            Level::Patient => Scope {
                patient: Some(key.to_owned()),
                ..Scope::all()
            },
            Level::Study => Scope::study(uid()?),
            Level::Series => self.above.clone().and_series(uid()?),
            Level::Instance => self.above.clone().and_instance(uid()?),
        })
    }
}

fn wrong(tag: Tag, why: String) -> Outcome {
    Outcome::from(Status::DOES_NOT_MATCH_CLASS)
        .with_comment(why)
        .with_offending([(tag.0, tag.1)])
}
