//! DIMSE answers from a recording.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{CommandSet, element};
use dicom_wire::uid::Uid;

use crate::moment::{Context, ContextAnswer};
use crate::recording::dimse::{Negotiation, Opened, Operation};
use crate::recording::mask::Mask;
use crate::recording::masked;

/// The associations and operations of a recording, with a finger on each line.
#[derive(Debug)]
pub(crate) struct Lines {
    negotiations: Vec<Negotiation>,
    operations: Vec<Operation>,
    by_question: BTreeMap<Question, Vec<usize>>,
    turns: Mutex<Turns>,
    mask: Option<Arc<Mask>>,
}

#[derive(Debug, Default)]
struct Turns {
    opened: BTreeMap<(String, String), usize>,
    asked: BTreeMap<Question, usize>,
}

/// What makes two requests the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    /// (0000,0100).
    field: u16,
    /// Of the presentation context.
    abstract_syntax: String,
    /// UID of an instance, action or event, and where a C-MOVE goes to.
    command: Vec<String>,
    /// The identifier, however it was encoded.
    identifier: Option<String>,
}

impl Lines {
    pub(super) fn new(
        negotiations: Vec<Negotiation>,
        operations: Vec<Operation>,
        mask: Option<Arc<Mask>>,
    ) -> Self {
        let mut by_question = BTreeMap::<Question, Vec<usize>>::new();
        for (index, operation) in operations.iter().enumerate() {
            let syntax = operation.transfer_syntax.parse::<Uid>();
            let (Some(set), Ok(syntax)) = (operation.request.command(), syntax) else {
                continue;
            };
            let data = operation.request.data();
            // What is in the file has its other patients already.
            let question = Question::new(
                &set,
                &operation.abstract_syntax,
                &syntax,
                data.as_deref(),
                None,
            );
            by_question.entry(question).or_default().push(index);
        }
        Self {
            negotiations,
            operations,
            by_question,
            turns: Mutex::default(),
            mask,
        }
    }

    /// How the archive met this client: each time it came, the last one again and again. Nothing if it never came.
    pub(crate) fn opening(&self, calling: &AeTitle, called: &AeTitle) -> Option<&Negotiation> {
        let same: Vec<_> = (self.negotiations.iter())
            .filter(|known| known.calling == calling.as_str() && known.called == called.as_str())
            .collect();
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let titles = (calling.as_str().to_owned(), called.as_str().to_owned());
        let turn = next(turns.opened.entry(titles).or_insert(0));
        same.get(turn.min(same.len().checked_sub(1)?)).copied()
    }

    /// What was said to this request, as [`Self::opening`] takes turns. Nothing if it was not asked.
    pub(crate) fn operation(
        &self,
        set: &CommandSet,
        abstract_syntax: &Uid,
        transfer_syntax: &Uid,
        data: Option<&[u8]>,
    ) -> Option<&Operation> {
        let mask = self.mask.as_deref();
        let question = Question::new(set, abstract_syntax.as_str(), transfer_syntax, data, mask);
        let same = self.by_question.get(&question)?;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = next(turns.asked.entry(question).or_insert(0));
        let index = same.get(turn.min(same.len().checked_sub(1)?))?;
        self.operations.get(*index)
    }
}

fn next(turn: &mut usize) -> usize {
    *turn += 1;
    *turn - 1
}

impl Negotiation {
    /// Answers presentation contexts as this archive did; those that it was not asked about stay as they are.
    pub(crate) fn answer(&self, contexts: &mut [Context]) {
        let Opened::Accepted(answered) = &self.outcome else {
            return;
        };
        for context in contexts {
            let proposed = self.proposed.iter().find(|known| {
                known.abstract_syntax == context.abstract_syntax.as_str()
                    && known
                        .transfer_syntaxes
                        .iter()
                        .eq(context.offered.iter().map(Uid::as_str))
            });
            let proposed = proposed.or_else(|| {
                (self.proposed.iter())
                    .find(|known| known.abstract_syntax == context.abstract_syntax.as_str())
            });
            let known =
                proposed.and_then(|known| answered.iter().find(|answer| answer.id == known.id));
            match known.map(|known| (known.result, &known.transfer_syntax)) {
                Some((0, Some(syntax))) => {
                    let offered = context
                        .offered
                        .iter()
                        .find(|offered| offered.as_str() == syntax);
                    if let Some(offered) = offered {
                        context.answer = ContextAnswer::Accepted(offered.clone());
                    }
                }
                Some((result, _)) if result != 0 => context.answer = ContextAnswer::Refused(result),
                _ => {}
            }
        }
    }
}

impl Question {
    fn new(
        set: &CommandSet,
        abstract_syntax: &str,
        transfer_syntax: &Uid,
        data: Option<&[u8]>,
        mask: Option<&Mask>,
    ) -> Self {
        let uids = [
            element::AFFECTED_SOP_INSTANCE,
            element::REQUESTED_SOP_INSTANCE,
        ];
        let uids = uids
            .into_iter()
            .filter_map(|field| set.uid(field).ok().flatten());
        let uids =
            uids.map(|uid| mask.map_or_else(|| uid.to_string(), |mask| mask.url(uid.as_str())));
        let types = [element::ACTION_TYPE, element::EVENT_TYPE];
        let types = types
            .into_iter()
            .filter_map(|field| set.number(field).ok().flatten());
        let destination = set.ae_title(element::MOVE_DESTINATION).ok().flatten();
        let destination = destination.map(|title| title.to_string());
        let field = set.number(element::COMMAND_FIELD).ok().flatten();
        let is_store = field == Some(STORE);
        Self {
            field: field.unwrap_or_default(),
            abstract_syntax: abstract_syntax.to_owned(),
            command: uids
                .chain(types.map(|number| number.to_string()))
                .chain(destination)
                .collect(),
            // An instance is known by its UID.
            identifier: data
                .filter(|_| !is_store)
                .and_then(|bytes| masked::canonical(mask, transfer_syntax, bytes)),
        }
    }
}

/// Command Field of C-STORE-RQ (PS3.7 E.1).
const STORE: u16 = 0x0001;
