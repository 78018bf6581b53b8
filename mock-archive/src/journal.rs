//! The evidence: every exchange in order with its DICOM meaning.

mod aliases;
mod shown;
mod text;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dicom_wire::dimse::Status;
use serde::{Serialize, Serializer};

use crate::archive::{Effect, Identity, Verdict};
use crate::moment::{Admission, Delivery, Moment, Rejection};
use crate::request::Request;
use crate::rule::RuleId;

/// All exchanges of an archive up to one moment.
///
/// Its `Display` form is stable: UIDs go by aliases such as `study-1/instance-3` in order of appearance, and there are no times, ports or values of patients
/// in it, so that it can be a snapshot. Its JSON form has everything but the values of patients.
///
/// It has room for as many exchanges as policy says; [`Journal::dropped`] tells how many older ones there were.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Vec<Arc<Entry>>,
    dropped: u64,
}

impl Journal {
    pub(crate) fn new(entries: Vec<Arc<Entry>>, dropped: u64) -> Self {
        Self { entries, dropped }
    }

    /// The exchanges in the order in which they began.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.entries
    }

    /// How many older exchanges there was no room for.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Serialize for Journal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.entries.iter().map(|entry| &**entry))
    }
}

impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}

/// One exchange.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Names the exchange for the notes that come late; never used twice.
    #[serde(skip)]
    pub(crate) id: u64,
    /// 1 for the first exchange of the journal.
    pub number: u64,
    /// When it began, in milliseconds since the archive started.
    #[serde(rename = "at_ms", serialize_with = "shown::milliseconds")]
    pub at: Duration,
    /// What was asked.
    #[serde(serialize_with = "shown::request")]
    pub request: Arc<Request>,
    /// What happened, in order.
    pub notes: Vec<Note>,
    /// How much more happened, for which there was no room.
    #[serde(skip_serializing_if = "is_nothing")]
    pub left_out: u64,
    /// How long it took, in milliseconds; `None` while it goes on.
    #[serde(rename = "took_ms", serialize_with = "shown::maybe_milliseconds")]
    pub took: Option<Duration>,
}

fn is_nothing(number: &u64) -> bool {
    *number == 0
}

impl Entry {
    /// Adds a note as long as there is room for so many; how it ends has room always.
    pub(crate) fn add(&mut self, note: Note, most: usize) {
        match note {
            Note::Answered { .. } | Note::Responded { .. } => note.push_to(&mut self.notes),
            _ if self.notes.len() >= most => self.left_out += 1,
            note => self.notes.push(note),
        }
    }
}

/// Something that happened in an exchange.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// It was admitted, or answered at once.
    #[serde(serialize_with = "shown::admission")]
    Admitted(Admission),
    /// A rule acted.
    Fired {
        /// Which.
        rule: RuleId,
        /// Its fault's name.
        fault: &'static str,
        /// When.
        moment: Moment,
    },
    /// The scenario went into another state.
    Entered {
        /// Which.
        state: String,
    },
    /// An instance arrived and was judged.
    Judged {
        /// What it is; nothing if it could not be read.
        instance: Option<Identity>,
        /// What the client was told.
        verdict: Verdict,
        /// What was done.
        effect: Effect,
        /// What was wrong with it, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// A search was answered.
    Found {
        /// Names of the keys that were matched.
        keys: Vec<String>,
        /// Matches returned.
        returned: usize,
        /// Matches there are.
        total: usize,
    },
    /// Instances were selected for a retrieve.
    Selected {
        /// How many.
        instances: usize,
    },
    /// Instances were deleted.
    Deleted {
        /// How many.
        instances: usize,
    },
    /// An instance was sent on.
    SubOperation {
        /// Which.
        instance: Identity,
        /// What the peer said.
        #[serde(serialize_with = "shown::status")]
        status: Status,
    },
    /// An HTTP response went out.
    Answered {
        /// Status code.
        status: u16,
        /// How.
        #[serde(
            skip_serializing_if = "shown::is_plain",
            serialize_with = "shown::delivery"
        )]
        delivery: Delivery,
    },
    /// DIMSE responses went out.
    Responded {
        /// Status.
        #[serde(serialize_with = "shown::status")]
        status: Status,
        /// How many of them, one after the other.
        times: u64,
        /// How.
        #[serde(
            skip_serializing_if = "shown::is_plain",
            serialize_with = "shown::delivery"
        )]
        delivery: Delivery,
    },
    /// Something else, in words.
    Remark(String),
}

/// A rule that matched an exchange in all but one condition, and never acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NearMiss {
    /// The rule.
    pub rule: RuleId,
    /// Number of the exchange.
    pub exchange: u64,
    /// The condition that did not hold, or why the rule did not act although all hold.
    pub because: String,
}

impl fmt::Display for NearMiss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rule {} did not act on exchange {}: {}",
            self.rule, self.exchange, self.because
        )
    }
}

/// A rule acted more or less often than expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified {
    /// The rule.
    pub rule: RuleId,
    /// How often it should have acted.
    pub expected: u64,
    /// How often it did; `None` if there is no such rule.
    pub acted: Option<u64>,
    /// Where it nearly did.
    pub near: Vec<NearMiss>,
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.acted {
            None => return write!(f, "there is no rule {}", self.rule),
            Some(acted) => write!(
                f,
                "rule {} acted {acted} times where {} were expected",
                self.rule, self.expected
            )?,
        }
        self.near.iter().try_for_each(|near| write!(f, "; {near}"))
    }
}

impl std::error::Error for Unverified {}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "result {} source {} reason {}",
            self.result, self.source, self.reason
        )
    }
}

impl Note {
    /// Adds this note, or counts it with the one before if both are the same plain DIMSE response.
    pub(crate) fn push_to(self, notes: &mut Vec<Note>) {
        if let (
            Note::Responded {
                status, delivery, ..
            },
            Some(Note::Responded {
                status: last,
                times,
                delivery: before,
            }),
        ) = (&self, notes.last_mut())
            && status == last
            && delivery == before
        {
            *times += 1;
            return;
        }
        notes.push(self);
    }
}
