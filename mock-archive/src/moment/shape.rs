//! The moment at which something goes out and is still a value.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::Status;
use dicom_wire::query::{Level, Query};
use dicom_wire::stow::StoreResponse;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FileStyle, ModelStyle, MultipartStyle, PictureStyle};
use crate::matching::Quirks;
use crate::request::{Request, Scope};
use crate::store::Stored;

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
    /// Instances are about to be deleted.
    Deletion(&'a mut Linger),
    /// How a picture of an instance is made.
    Picture {
        /// The instance.
        stored: &'a Stored,
        /// How it is made.
        style: &'a mut PictureStyle,
    },
}

/// How long what is deleted is still there, and for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Linger {
    /// For so long.
    pub lasts: Duration,
    /// Who sees it still.
    pub seen_by: SeenBy,
}

/// Who sees what is deleted already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SeenBy {
    /// Searches and retrieves over both protocols.
    #[default]
    Everyone,
    /// Searches; it cannot be retrieved any more.
    Searches,
    /// DIMSE; over HTTP the instances are gone.
    Dimse,
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
