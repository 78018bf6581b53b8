//! What C-MOVE and C-GET share: which instances, and how far it got (PS3.4 C.4.2, C.4.3).

use std::sync::Arc;

use bytes::Bytes;
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Outcome, Status, StatusClass, SubOperations};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::identifier::{self, Hierarchy};
use super::negotiate::Root;
use crate::archive::Archive;
use crate::exchange::Exchange;
use crate::moment::Syntax;
use crate::request::Scope;
use crate::store::Stored;

/// The longest value of a UI element in explicit VR (PS3.5 7.1.2), which bounds a list of failed instances.
const MAX_VALUE: usize = 65_534;

/// What an identifier asks for.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Its level.
    pub(super) level: Level,
    keys: Vec<String>,
    above: Scope,
}

impl Wanted {
    /// Reads an identifier: every level above named once (or not, if relational retrieval was negotiated), the level itself once or as a list (PS3.4 C.4.2.2.1).
    pub(super) fn read(
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
    pub(super) fn scope(&self) -> Scope {
        match &self.keys[..] {
            [one] => self.scope_of(one).unwrap_or_else(|| self.above.clone()),
            _ => self.above.clone(),
        }
    }

    /// The instances, in stable order, none twice.
    pub(super) fn select(&self, archive: &Archive, exchange: &Exchange) -> Vec<Arc<Stored>> {
        let scopes: Vec<_> = self
            .keys
            .iter()
            .filter_map(|key| self.scope_of(key))
            .collect();
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

/// The four counts and the instances that failed.
#[derive(Debug)]
pub(super) struct Progress {
    remaining: usize,
    completed: usize,
    warning: usize,
    failed: Vec<Uid>,
}

impl Progress {
    /// Nothing tried yet.
    pub(super) fn of(total: usize) -> Self {
        Self {
            remaining: total,
            completed: 0,
            warning: 0,
            failed: Vec::new(),
        }
    }

    /// Counts one sub-operation by its status.
    pub(super) fn count(&mut self, instance: &Uid, status: Status) {
        self.remaining = self.remaining.saturating_sub(1);
        match status.class() {
            StatusClass::Success => self.completed += 1,
            StatusClass::Warning => self.warning += 1,
            _ => self.failed.push(instance.clone()),
        }
    }

    /// The counts of a response that is pending or a cancel.
    pub(super) fn with_remaining(&self) -> SubOperations {
        SubOperations {
            remaining: Some(clamp(self.remaining)),
            ..self.without_remaining()
        }
    }

    /// The counts of any other final response (PS3.7 9.1.4.1.8).
    pub(super) fn without_remaining(&self) -> SubOperations {
        SubOperations {
            remaining: None,
            completed: Some(clamp(self.completed)),
            failed: Some(clamp(self.failed.len())),
            warning: Some(clamp(self.warning)),
        }
    }

    /// The status of an operation that tried everything (PS3.4 C.4.2.1.5).
    pub(super) fn status(&self) -> Status {
        match (self.completed, self.warning, self.failed.len()) {
            (_, 0, 0) => Status::SUCCESS,
            (0, 0, _) => Status::CANNOT_PERFORM_SUB_OPERATIONS,
            _ => Status::SUB_OPERATIONS_WARNING,
        }
    }

    /// The identifier of a final response with failures: Failed SOP Instance UID List (0008,0058), cut to what one element can hold.
    pub(super) fn failed_list(&self, transfer_syntax: &Uid) -> Option<Bytes> {
        if self.failed.is_empty() {
            return None;
        }
        let mut length = 0;
        let fits = |uid: &&Uid| {
            length += uid.as_str().len() + 1;
            length <= MAX_VALUE
        };
        let list: Vec<_> = self
            .failed
            .iter()
            .take_while(fits)
            .map(Uid::to_string)
            .collect();
        let mut identifier = InMemDicomObject::new_empty();
        let value = PrimitiveValue::Strs(list.into());
        identifier.put(DataElement::new(
            tags::FAILED_SOP_INSTANCE_UID_LIST,
            VR::UI,
            value,
        ));
        identifier::write(&identifier, transfer_syntax).ok()
    }
}

fn clamp(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Which of the accepted contexts an instance goes out on, and what has to be done to its bytes.
pub(super) fn route<'a>(
    exchange: &Exchange,
    stored: &Stored,
    contexts: impl Iterator<Item = &'a super::association::Agreed>,
) -> Option<(super::association::Agreed, Syntax)> {
    let identity = stored.identity();
    let usable: Vec<_> = contexts
        .filter(|context| context.abstract_syntax == identity.sop_class)
        .collect();
    let on = |syntax: &Uid| {
        usable
            .iter()
            .find(|context| context.transfer_syntax == *syntax)
    };
    let own = if on(&identity.transfer_syntax).is_some() {
        Syntax::AsStored
    } else if super::payload::is_native(&identity.transfer_syntax) {
        let native = usable
            .iter()
            .find(|context| super::payload::is_native(&context.transfer_syntax));
        native.map_or(Syntax::Unacceptable, |context| {
            Syntax::To(context.transfer_syntax.clone())
        })
    } else if super::payload::decompresses(stored) {
        let explicit = usable
            .iter()
            .find(|context| context.transfer_syntax.as_str() == uids::EXPLICIT_VR_LITTLE_ENDIAN);
        explicit.map_or(Syntax::Unacceptable, |context| {
            Syntax::To(context.transfer_syntax.clone())
        })
    } else {
        Syntax::Unacceptable
    };
    let syntax = exchange.syntax(stored, own);
    let context = match &syntax {
        Syntax::AsStored => on(&identity.transfer_syntax)?,
        Syntax::To(uid) => on(uid)?,
        Syntax::Unacceptable => return None,
    };
    Some(((*context).clone(), syntax))
}
