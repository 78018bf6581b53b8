//! The six moments at which an exchange can go another way than the standard says, and what can be turned at each.
//!
//! An edge never asks "which fault is this?". It passes every moment, and does what the context it gets back says:
//!
//! | moment | who passes it | what can be turned |
//! |---|---|---|
//! | [`Connect`] | the socket layer, once an accepted connection | refuse, stay silent, slow down, cut, reset |
//! | [`Admit`] | an edge, before it does anything for a request or association | wait, answer something else, reject, speak a dialect |
//! | [`Negotiate`] | an edge, when it chooses a presentation context or representation | refuse or change the choice |
//! | [`Judge`] | [`crate::archive::Archive::store`], for each instance | accept, warn, refuse, lose, not mention |
//! | [`Shape`] | the archive and the edges, for what goes out | pages, rows, data sets, the answer to a store |
//! | [`Send`] | an edge, with the answer's head in hand | status, headers, delay, cut, no answer |
//!
//! All of them are plain data and are computed under the archive's lock without waiting: an edge sleeps, cuts or closes itself, after the call.

mod habit;
mod line;
pub mod multipart;
mod style;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{CommandSet, Status};
use dicom_wire::query::{Level, Query};
use dicom_wire::stow::{StoreResponse, WarningReason};
use dicom_wire::uid::Uid;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use habit::{Habits, Operation, UpperLayer};
pub use line::{Handshake, Idle, Latency, Line, Rates, Slices, Spread, Stall};

use crate::archive::{Identity, Verdict};
use crate::matching::Quirks;
use crate::policy::{Delete, Duplicates, PatientConflict};
use crate::request::{Protocol, Request, Scope};
use crate::store::Stored;

pub use style::{
    FileStyle, Fragments, Label, Link, ModelStyle, MultipartStyle, OffsetTable, PartForm,
    PictureStyle,
};

/// The name of a moment; [`Shape`] has one for each kind of thing that goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// [`Connect`].
    Connect,
    /// [`Admit`].
    Admit,
    /// [`Negotiate`].
    Negotiate,
    /// [`Judge`].
    Judge,
    /// [`Form::Search`].
    Search,
    /// [`Form::Page`].
    Page,
    /// [`Form::Rows`].
    Rows,
    /// [`Form::Row`].
    Row,
    /// [`Form::Match`].
    Match,
    /// [`Form::Instances`].
    Instances,
    /// [`Form::Dataset`].
    Dataset,
    /// [`Form::Receipt`].
    Receipt,
    /// [`Form::Json`].
    Json,
    /// [`Form::Listing`].
    Listing,
    /// [`Form::SubOperation`].
    SubOperation,
    /// [`Form::Scope`].
    Scope,
    /// [`Form::Multipart`].
    Multipart,
    /// [`Form::File`].
    File,
    /// [`Form::Model`].
    Model,
    /// [`Form::Frames`].
    Frames,
    /// [`Form::Frame`].
    Frame,
    /// [`Form::Picture`].
    Picture,
    /// [`Send`].
    Send,
}

/// A connection was accepted; nothing has been read or written.
#[derive(Debug)]
pub struct Connect {
    /// Which listener accepted it.
    pub protocol: Protocol,
    /// 1 for the first connection of this archive, over both protocols.
    pub number: u64,
    /// How many are open, this one included.
    pub open: usize,
    /// How the bytes shall pass.
    pub line: Line,
    /// DIMSE: how the upper layer shall treat what comes.
    pub upper: Habits<UpperLayer>,
}

/// How and when a connection ends before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Number of bytes that still pass.
    pub after: u64,
    /// Which way the bytes are counted.
    pub direction: Direction,
    /// In which manner it ends.
    pub manner: Manner,
}

/// Which way bytes go, seen from the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the client.
    Inbound,
    /// To the client.
    Outbound,
}

/// How a connection or a body ends before its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Close in order (FIN): the peer sees the end of the stream.
    #[default]
    Close,
    /// Reset (RST): the peer sees an error.
    Reset,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

/// Before anything is done for a request or an association.
///
/// An edge calls [`crate::exchange::Exchange::admit`] and obeys the [`Admission`] it gets: first sleep for `delay`, then follow `ruling`.
#[derive(Debug)]
pub struct Admit<'a> {
    /// What is asked.
    pub request: &'a Request,
    /// What the edge will be told.
    pub admission: Admission,
    /// How the edge shall understand this client; handed out by [`crate::exchange::Exchange::dialect`].
    pub dialect: Dialect,
}

/// What an edge does before it looks at a request.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Sleep this long first (tokio time).
    pub delay: Duration,
    /// Then do this.
    pub ruling: Ruling,
    /// HTTP: read the request as if these were its header fields.
    pub headers: Option<HeaderMap>,
    /// HTTP: links in the answer begin with this, not with the URL that was asked.
    pub base: Option<String>,
    /// HTTP: the query as it is read, where that is not as it was sent.
    pub query: Option<String>,
}

impl Admission {
    /// Whether the request goes on, after the delay.
    pub fn proceeds(&self) -> bool {
        matches!(self.ruling, Ruling::Proceed)
    }
}

/// Whether a request goes on, and if not, what the client gets.
#[derive(Clone, Debug, Default)]
pub enum Ruling {
    /// Go on as usual.
    #[default]
    Proceed,
    /// HTTP: answer this and nothing else. The request body need not be read.
    Answer(Answer),
    /// Association: send A-ASSOCIATE-RJ with these values.
    Reject(Rejection),
    /// DIMSE operation: answer with this status and do nothing.
    Fail(Status),
    /// Send nothing. HTTP: close the connection; DIMSE: leave the operation without a response.
    Silence,
    /// Association or operation: send A-ABORT with this source and reason (PS3.8 9.3.8).
    Abort {
        /// 0 service user, 2 service provider.
        source: u8,
        /// Reason, significant for source 2.
        reason: u8,
    },
}

/// A whole HTTP answer made up by policy or a fault.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header fields, Content-Type among them; Content-Length is added by the server.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Answer {
    /// An answer of plain text.
    pub fn text(status: u16, text: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        Self {
            status,
            headers,
            body: text.into(),
        }
    }

    /// 401 with a challenge (RFC 9110 15.5.2).
    pub fn unauthorized(challenge: &str) -> Self {
        let mut answer = Self::text(401, "credentials are missing or wrong");
        if let Ok(challenge) = HeaderValue::from_str(challenge) {
            answer.headers.insert(WWW_AUTHENTICATE, challenge);
        }
        answer
    }
}

/// The three fields of A-ASSOCIATE-RJ (PS3.8 9.3.4), as they go on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// 1 rejected permanent, 2 rejected transient.
    pub result: u8,
    /// 1 service user, 2 service provider (ACSE), 3 service provider (presentation).
    pub source: u8,
    /// Reason; its meaning depends on the source.
    pub reason: u8,
}

/// How an edge reads what this client sends. A correct client passes under the default and, where the dialect allows, under others too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Where a multipart delimiter is seen.
    pub delimiter: Delimiter,
    /// How many PDVs of a message are read.
    pub pdvs: Pdvs,
    /// How multipart bodies are read.
    pub multipart: multipart::Multipart,
    /// Whether instances can be deleted, where that is not as policy says.
    pub delete: Option<Delete>,
    /// How the parameters of a search are read.
    pub parameters: Parameters,
    /// In which form attributes are given.
    pub attributes: AttributesAs,
    /// DIMSE: how operations are understood and carried out; on the association's exchange.
    pub operations: Habits<Operation>,
}

/// How the query string of a search is read (PS3.18 8.3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Parameters {
    /// Percent-decoded once, names as keywords or tags.
    #[default]
    Standard,
    /// As HTML forms are read: `+` is a blank.
    PlusIsBlank,
    /// Not percent-decoded at all.
    NotDecoded,
    /// Keys are named by keyword only; a tag is an unknown parameter.
    KeywordsOnly,
    /// Keywords are known in any case.
    AnyCase,
    /// `*` and `?` are wildcards in UIDs too.
    WildcardsInUids,
}

/// In which form the attributes of matches are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AttributesAs {
    /// In the one that the client prefers.
    #[default]
    Asked,
    /// As JSON, whatever the client accepts.
    Json,
}

/// Where a server sees the boundary of a multipart body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delimiter {
    /// At the start of a line only (RFC 2046 5.1.1).
    #[default]
    LineStart,
    /// Anywhere, inside a part's bytes too.
    Anywhere,
}

/// How many fragments of a command or data set are put together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pdvs {
    /// All of them, as PS3.8 E.1 allows any number.
    #[default]
    Any,
    /// The first is taken for the whole message; a message that goes on after it is aborted (A-ABORT, unexpected PDU parameter).
    One,
}

/// A choice between what a client offers and what the archive can do.
#[derive(Debug)]
pub struct Negotiate<'a> {
    /// What is asked; over DIMSE the association.
    pub request: &'a Request,
    /// What is being chosen.
    pub choice: Choice<'a>,
}

/// What is being chosen.
#[derive(Debug)]
pub enum Choice<'a> {
    /// The presentation contexts of an association, with the archive's answers filled in.
    Contexts(&'a mut Vec<Context>),
    /// A-ASSOCIATE-AC as it is about to go out, header included (PS3.8 9.3.3).
    Acceptance(&'a mut Vec<u8>),
    /// In which transfer syntax one stored instance goes out.
    Syntax {
        /// The instance.
        stored: &'a Stored,
        /// The archive's choice.
        syntax: &'a mut Syntax,
    },
}

/// One proposed presentation context (PS3.8 9.3.2.2) and the archive's answer.
#[derive(Clone, Debug)]
pub struct Context {
    /// Presentation context ID, odd.
    pub id: u8,
    /// Abstract syntax.
    pub abstract_syntax: Uid,
    /// Transfer syntaxes offered, in the client's order.
    pub offered: Vec<Uid>,
    /// The transfer syntax accepted, or the result code of the refusal.
    pub answer: ContextAnswer,
}

/// Result of a presentation context (PS3.8 9.3.3.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContextAnswer {
    /// 0, with this transfer syntax.
    Accepted(Uid),
    /// 1 user rejection, 2 no reason, 3 abstract syntax not supported, 4 transfer syntaxes not supported.
    Refused(u8),
}

/// In which transfer syntax an instance goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// The bytes as they were stored.
    AsStored,
    /// Converted to this one.
    To(Uid),
    /// None that the client accepts: 406, or a failed sub-operation.
    Unacceptable,
}

/// One instance has arrived whole and been read; decide about it.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The store request it came with.
    pub request: &'a Request,
    /// What it is.
    pub instance: &'a Identity,
    /// Which one it is in this exchange; 1 for the first.
    pub number: usize,
    /// Length of its file.
    pub bytes: u64,
    /// What the client is told. On entry: what policy says.
    pub verdict: Verdict,
    /// What really happens.
    pub fate: Fate,
    /// The Patient ID under which its study is known, if that is another one.
    pub other_patient: Option<String>,
    /// Under which patient it is kept.
    pub under: Under,
    /// Whether an instance whose values are changed tells which it had.
    pub originals: Originals,
    /// How late it is there.
    pub lag: Lag,
    /// Whether private elements are left out.
    pub without_private: bool,
    /// Whether an instance with its UID is there already.
    pub known: bool,
    /// What happens to one that is.
    pub duplicates: Duplicates,
    /// The study of the first instance of the same request or association.
    pub first_study: Uid,
}

/// Whether an instance that is changed holds what was there before (PS3.3 C.12.1.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Originals {
    /// In Original Attributes Sequence (0400,0561).
    #[default]
    Told,
    /// Nowhere.
    Forgotten,
}

impl Judge<'_> {
    /// Decides about an instance of another patient than its study.
    pub fn settle_conflict(&mut self, resolution: PatientConflict) {
        self.under = Under::AsSent;
        self.fate = Fate::AsSaid;
        self.verdict = Verdict::Stored;
        match resolution {
            PatientConflict::Accept => {}
            PatientConflict::Reject(reason) => self.verdict = Verdict::Refused(reason),
            PatientConflict::Split => self.under = Under::StudyOfItsOwn,
            PatientConflict::Hide => self.fate = Fate::Lost,
            PatientConflict::Coerce => {
                self.under = Under::PatientOfTheStudy;
                self.verdict = Verdict::Warned(WarningReason::COERCION);
            }
        }
    }
}

/// How long after its acknowledgement an instance is missed, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// By searches and retrieves.
    pub everything: Duration,
    /// By searches only.
    pub search: Duration,
    /// By requests for metadata only.
    pub metadata: Duration,
}

/// Under which patient an instance is kept whose study is known under another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Under {
    /// As it was sent, in the study that is there.
    #[default]
    AsSent,
    /// Under the patient of the study: the data set is changed.
    PatientOfTheStudy,
    /// In a second study with the same Study Instance UID.
    StudyOfItsOwn,
}

/// What really happens to an instance, whatever the client is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is kept if and only if the verdict says so.
    #[default]
    AsSaid,
    /// It is kept whatever the verdict says.
    Kept,
    /// It is dropped whatever the verdict says.
    Lost,
}

/// Something is about to go out, and is still a value.
#[derive(Debug)]
pub struct Shape<'a> {
    /// What it answers.
    pub request: &'a Request,
    /// What goes out.
    pub form: Form<'a>,
}

/// The kinds of things that go out.
#[derive(Debug)]
pub enum Form<'a> {
    /// A search as it was understood, before anything is looked for.
    Search(&'a mut Search),
    /// Which part of all matches shall be returned; before it is cut out.
    Page(&'a mut Page),
    /// The matches of one page, whole.
    Rows(&'a mut Vec<InMemDicomObject>),
    /// One match.
    Row {
        /// Level of the search.
        level: Level,
        /// Its attributes.
        row: &'a mut InMemDicomObject,
    },
    /// One match as C-FIND answers it: the keys asked for, as the peer gets them.
    Match {
        /// The attributes of the match, asked for or not.
        row: &'a InMemDicomObject,
        /// The identifier that goes out.
        identifier: &'a mut InMemDicomObject,
    },
    /// The instances a retrieve will return, or the sub-operations of a C-GET or C-MOVE, in order.
    Instances(&'a mut Vec<Arc<Stored>>),
    /// The attributes of one instance in a metadata answer (no bulk values in it).
    Dataset {
        /// Where they come from.
        stored: &'a Stored,
        /// What goes out.
        dataset: &'a mut InMemDicomObject,
    },
    /// The answer to a STOW-RS request.
    Receipt {
        /// HTTP status, from the counts.
        status: &'a mut u16,
        /// The store response.
        response: &'a mut StoreResponse,
    },
    /// One data set of a search, of metadata or of a store's answer as JSON text, before it goes into the body.
    Json(&'a mut Vec<u8>),
    /// The answer to a search over HTTP, whole.
    Listing(&'a mut Listing),
    /// After one sub-operation of a C-GET or C-MOVE.
    SubOperation {
        /// What was sent.
        stored: &'a Stored,
        /// The status the peer gave for it.
        status: Status,
        /// Whether the next one is tried.
        next: &'a mut Next,
    },
    /// What a retrieve is for, before it is looked up.
    Scope(&'a mut Scope),
    /// How the parts of an answer over HTTP are put together.
    Multipart(&'a mut MultipartStyle),
    /// What becomes of an instance's file on its way out over HTTP.
    File {
        /// The instance.
        stored: &'a Stored,
        /// What becomes of it.
        style: &'a mut FileStyle,
    },
    /// How the metadata of an instance refers to what it does not hold.
    Model {
        /// The instance.
        stored: &'a Stored,
        /// How it refers.
        style: &'a mut ModelStyle,
    },
    /// Which frames of an instance go out, in order.
    Frames {
        /// Their numbers, from 1.
        frames: &'a mut Vec<u32>,
        /// How many the instance has.
        count: u32,
    },
    /// The bytes of a frame.
    Frame {
        /// The instance.
        stored: &'a Stored,
        /// The frame's number, from 1.
        frame: u32,
        /// Native samples or a codestream.
        bytes: &'a mut Bytes,
    },
    /// How a picture of an instance is made.
    Picture {
        /// The instance.
        stored: &'a Stored,
        /// How it is made.
        style: &'a mut PictureStyle,
    },
}

/// Whether the next sub-operation is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Next {
    /// Yes: one failure does not end the operation (PS3.4 C.4.2.2.1).
    #[default]
    GoOn,
    /// No: the remaining ones are given up and the operation ends as failed.
    Stop,
}

/// A search as it was understood.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is looked for.
    pub query: Query,
    /// How the archive compares, where that is not as the standard says.
    pub quirks: Quirks,
    /// What the client will be told that is not done for it; over HTTP Warning 299.
    pub warnings: Vec<String>,
    /// HTTP: answer this status and look for nothing.
    pub refused: Option<u16>,
}

impl Search {
    /// A search as the standard has it.
    pub const fn of(query: Query) -> Self {
        Self {
            query,
            quirks: Quirks::NONE,
            warnings: Vec::new(),
            refused: None,
        }
    }
}

/// The answer to a search over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// How many matches are in it.
    pub matches: usize,
    /// Status code.
    pub status: u16,
    /// Content-Type; empty = none.
    pub content_type: String,
    /// Body.
    pub body: Vec<u8>,
}

/// Which matches of a search go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Matches to skip.
    pub offset: usize,
    /// At most so many; `None` = all.
    pub limit: Option<usize>,
    /// How many there are.
    pub total: usize,
    /// Whether the client is told how many are left.
    pub rest: Rest,
    /// HTTP: answer this status and no matches.
    pub refused: Option<u16>,
}

/// Whether a client is told how many matches are left after a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rest {
    /// Yes (PS3.18 8.3.4.4.1).
    #[default]
    Told,
    /// No.
    Hidden,
}

/// An answer is about to go out: its head is known, no byte of it has been written.
#[derive(Debug)]
pub struct Send<'a> {
    /// What it answers.
    pub request: &'a Request,
    /// Its head.
    pub head: Head<'a>,
    /// How the bytes go out.
    pub delivery: Delivery,
}

/// The head of an answer.
#[derive(Debug)]
pub enum Head<'a> {
    /// Status line and header fields of an HTTP response.
    Web {
        /// Status code.
        status: &'a mut u16,
        /// Header fields.
        headers: &'a mut HeaderMap,
    },
    /// A DIMSE response; for pending responses this is passed once for each.
    Dimse {
        /// Its command set; (0000,0800) is put in afterwards.
        set: &'a mut CommandSet,
        /// Its data set.
        data_set: &'a mut Option<Bytes>,
        /// How many pending responses went out before.
        pending: u64,
    },
}

/// How the bytes of an answer go out. The default: at once, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Sleep this long before the first byte (tokio time).
    pub delay: Duration,
    /// Stop before the end. HTTP: counted in body bytes; DIMSE: in data set bytes of the whole exchange.
    pub cut: Option<Cut>,
    /// HTTP: this body instead of the real one.
    pub instead: Option<Bytes>,
    /// HTTP: every occurrence of the first text in a body of up to 1 MiB becomes the second.
    pub replace: Option<(String, String)>,
    /// At most this many body bytes a second.
    pub bytes_per_second: Option<u64>,
    /// DIMSE: leave this response out.
    pub withheld: bool,
    /// DIMSE: send A-ABORT (source, reason) instead.
    pub abort: Option<(u8, u8)>,
    /// DIMSE: so much is added to the group length (0000,0000).
    pub group_length_off_by: i32,
}

/// Where and how an answer stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Body bytes that still go out.
    pub after: u64,
    /// What happens then.
    pub manner: Manner,
}
