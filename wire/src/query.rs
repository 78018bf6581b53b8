//! What a search asks: the query string of QIDO-RS (PS3.18 8.3.4) and the identifier of C-FIND
//! (PS3.4 C.4.1) as one value, so that one matcher can serve both.

mod identifier;
mod path;
mod url;
mod value;

use std::fmt;

use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::uid::{Uid, UidError};
pub use path::Path;

/// The level of the information model that a search returns (PS3.4 C.6, PS3.18 10.6.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Patients; DIMSE only.
    Patient,
    /// Studies.
    Study,
    /// Series.
    Series,
    /// Instances, IMAGE on the DIMSE wire.
    Instance,
}

/// One attribute that is matched, or only wanted back when its matching is universal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Where the attribute lies.
    pub path: Path,
    /// Its value representation by the data dictionary; UN for a private attribute.
    pub vr: VR,
    /// What its value has to look like.
    pub matching: Matching,
}

/// How a key matches (PS3.4 C.2.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matching {
    /// Everything matches; the attribute is wanted back (C.2.2.2.3).
    Universal,
    /// Exactly this value (C.2.2.2.1).
    Value(String),
    /// Any of these values: UIDs (C.2.2.2.2), or multiple value matching.
    List(Vec<String>),
    /// `*` is any run of characters, `?` any one (C.2.2.2.4).
    Wildcard(String),
    /// A range of dates, times or date-times, both ends included, at least one given (C.2.2.2.5).
    Range {
        /// The earliest value, as it was written.
        from: Option<String>,
        /// The latest value, as it was written.
        to: Option<String>,
    },
    /// Only an attribute that is absent or has no value (empty value matching, PS3.18 8.3.4.5).
    Empty,
}

/// Which attributes come back besides those of the level and those that were matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Include {
    /// These, perhaps none.
    Fields(Vec<Path>),
    /// All that the archive has at this level (`includefield=all`).
    All,
}

/// A whole search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What is searched for.
    pub level: Level,
    /// The study that the URL names.
    pub study: Option<Uid>,
    /// The series that the URL names.
    pub series: Option<Uid>,
    /// What has to match, in the order of the request; no path twice.
    pub keys: Vec<Key>,
    /// What comes back in addition.
    pub include: Include,
    /// How many results at most.
    pub limit: Option<u64>,
    /// How many results to leave out first.
    pub offset: u64,
    /// Whether fuzzy semantic matching of names is asked for (PS3.18 8.3.4.2).
    pub fuzzy: bool,
    /// Whether `""` asks for attributes without value (PS3.18 8.3.4.5).
    pub empty_values: bool,
    /// Whether a list of values is allowed for attributes other than UIDs (PS3.18 8.3.4.6).
    pub multiple_values: bool,
    /// Whether a range of dates and a range of times, of the same event, make one interval
    /// (PS3.4 C.2.2.2.5): always over HTTP, by extended negotiation over DIMSE.
    pub combined: bool,
    /// Names in the request that mean nothing here; they do not filter (PS3.18 8.3).
    pub ignored: Vec<String>,
}

/// Why a request is not a search. The message names the parameter and its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The query string is longer than [`MAX_QUERY_STRING`].
    #[error("the query string has {length} bytes, at most {MAX_QUERY_STRING} are read")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// `%` without two hexadecimal digits behind it.
    #[error("{text:?} is not percent-encoded: {escape:?} at position {position} is no escape")]
    BadEscape {
        /// The name or value as it came.
        text: String,
        /// The faulty escape.
        escape: String,
        /// Where it starts, in bytes.
        position: usize,
    },
    /// The decoded bytes are not UTF-8.
    #[error("{text:?} does not decode to UTF-8")]
    NotUtf8 {
        /// The name or value as it came.
        text: String,
    },
    /// `limit` or `offset` is not a non-negative integer.
    #[error("{parameter}={value} is not a non-negative integer")]
    BadNumber {
        /// The parameter's name.
        parameter: &'static str,
        /// Its value.
        value: String,
    },
    /// A switch is neither `true` nor `false`.
    #[error("{parameter}={value} is neither true nor false")]
    BadSwitch {
        /// The parameter's name.
        parameter: &'static str,
        /// Its value.
        value: String,
    },
    /// A parameter or an attribute that may stand once stands twice.
    #[error("{parameter} is given more than once")]
    Repeated {
        /// The parameter's name or the attribute's path.
        parameter: String,
    },
    /// A date, time or date-time, or a range of them, that cannot be read.
    #[error("{path}={value} is not a {vr} value or a range of them")]
    BadMoment {
        /// The attribute.
        path: Path,
        /// DA, TM or DT.
        vr: &'static str,
        /// The value.
        value: String,
    },
    /// A UID that is none.
    #[error("{path}: {source}")]
    BadUid {
        /// The attribute.
        path: Path,
        /// What is wrong with it.
        source: UidError,
    },
    /// An identifier without Query/Retrieve Level (0008,0052).
    #[error("the identifier has no QueryRetrieveLevel (0008,0052)")]
    NoLevel,
    /// A Query/Retrieve Level that does not exist.
    #[error("QueryRetrieveLevel {value:?} is none of PATIENT, STUDY, SERIES and IMAGE")]
    BadLevel {
        /// The value.
        value: String,
    },
    /// A sequence key with more than the one item that PS3.4 C.2.2.2.6 allows.
    #[error("{path} has {items} items where a key has one")]
    SeveralItems {
        /// The sequence.
        path: Path,
        /// How many it has.
        items: usize,
    },
    /// More sequences in each other than [`MAX_DEPTH`].
    #[error("{path} is nested deeper than {MAX_DEPTH} sequences")]
    TooDeep {
        /// The path so far.
        path: Path,
    },
    /// More than [`MAX_KEYS`] keys.
    #[error("more than {MAX_KEYS} keys")]
    TooManyKeys,
}

/// The longest query string that is read, in bytes.
pub const MAX_QUERY_STRING: usize = 64 * 1024;
/// How many sequences a key may lie in.
pub const MAX_DEPTH: usize = 16;
/// How many keys and included fields a search may have.
pub const MAX_KEYS: usize = 1024;

impl Level {
    /// The defined term of Query/Retrieve Level (0008,0052).
    pub fn term(self) -> &'static str {
        match self {
            Level::Patient => "PATIENT",
            Level::Study => "STUDY",
            Level::Series => "SERIES",
            Level::Instance => "IMAGE",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.term())
    }
}

impl Query {
    /// A search for everything at a level.
    pub fn all(level: Level) -> Query {
        Query {
            level,
            study: None,
            series: None,
            keys: Vec::new(),
            include: Include::Fields(Vec::new()),
            limit: None,
            offset: 0,
            fuzzy: false,
            empty_values: false,
            multiple_values: false,
            combined: false,
            ignored: Vec::new(),
        }
    }

    /// Reads the query string of a search, as it stands in the URL after `?`.
    ///
    /// `study` and `series` are those of the URL's path. Names and values are percent-decoded once,
    /// `+` stays `+`. Names that mean nothing at all are collected in [`Query::ignored`];
    /// `accept` and `charset` (PS3.18 8.3.3) belong to the media types and are passed over.
    ///
    /// ```
    /// use dicom_wire::query::{Level, Matching, Query};
    ///
    /// let query = Query::from_url(Level::Study, None, None, "PatientName=DOE*&limit=10")?;
    /// assert_eq!(query.keys[0].matching, Matching::Wildcard("DOE*".into()));
    /// assert_eq!(query.limit, Some(10));
    /// # Ok::<(), dicom_wire::query::QueryError>(())
    /// ```
    pub fn from_url(
        level: Level,
        study: Option<Uid>,
        series: Option<Uid>,
        raw_query: &str,
    ) -> Result<Query, QueryError> {
        let query = Query {
            study,
            series,
            combined: true,
            ..Query::all(level)
        };
        url::parse(query, raw_query)
    }

    /// Writes the query string, without `?`; empty when everything is asked for.
    ///
    /// What the URL's path says (`study`, `series`) is not in it, nor what was ignored.
    pub fn to_url(&self) -> String {
        url::print(self)
    }

    /// Reads the identifier of a C-FIND request (PS3.4 C.4.1.1.3).
    ///
    /// Each attribute becomes a key; one of zero length is universal. The character set, the time
    /// zone and the query/retrieve view are no keys.
    pub fn from_identifier(identifier: &InMemDicomObject) -> Result<Query, QueryError> {
        identifier::parse(identifier)
    }

    /// Writes the identifier of a C-FIND request: the keys, the UIDs of the URL's path, and what
    /// is to be included, with zero length.
    pub fn to_identifier(&self) -> InMemDicomObject {
        identifier::print(self)
    }

    /// The key for an attribute at top level.
    pub fn key(&self, tag: Tag) -> Option<&Key> {
        self.keys.iter().find(|key| key.path.tags() == [tag])
    }

    /// The values that an attribute at top level is limited to, by the URL's path or by a key with
    /// one value or a list. `None` when it is not limited so.
    pub fn values(&self, tag: Tag) -> Option<Vec<&str>> {
        match (tag, &self.study, &self.series) {
            (tags::STUDY_INSTANCE_UID, Some(uid), _) => return Some(vec![uid.as_str()]),
            (tags::SERIES_INSTANCE_UID, _, Some(uid)) => return Some(vec![uid.as_str()]),
            _ => {}
        }
        match &self.key(tag)?.matching {
            Matching::Value(value) => Some(vec![value]),
            Matching::List(values) => Some(values.iter().map(String::as_str).collect()),
            _ => None,
        }
    }
}
