//! The archive behind the tools, over the protocol that it speaks.

mod web;

use std::time::Duration;

use bytes::Bytes;
use dicom_object::InMemDicomObject;
use dicom_wire::uid::Uid;
use tokio::time::Instant;

use crate::config::Config;
use crate::error::Failure;
use crate::listing::Page;
use crate::query::Search;

pub use web::{Outgoing, Part, StoreAnswer};

/// Until when a call has to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    until: Instant,
    whole: Duration,
}

impl Deadline {
    /// So much time from now on.
    pub fn after(whole: Duration) -> Self {
        Self {
            until: Instant::now() + whole,
            whole,
        }
    }

    /// What `future` gives, or the failure to do it in time.
    pub async fn within<T>(
        &self,
        doing: &str,
        future: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(self.until, future).await {
            Ok(result) => result,
            Err(_) => Err(Failure::TimedOut {
                doing: doing.to_owned(),
                after: self.whole,
            }),
        }
    }
}

/// One instance by the UIDs of all its levels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID.
    pub series: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
}

/// A picture that the archive made.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The file.
    pub bytes: Bytes,
    /// What its first bytes say it is.
    pub format: Format,
}

/// Formats of pictures that clients can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// image/jpeg
    Jpeg,
    /// image/png
    Png,
}

impl Format {
    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// The format of a media type; JPEG where it is none of ours.
    pub fn of_mime(text: &str) -> Self {
        if text == "image/png" {
            Self::Png
        } else {
            Self::Jpeg
        }
    }

    /// What a file is, by its first bytes.
    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else {
            None
        }
    }
}

/// What an archive tells about itself when it is asked what it can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The media type of its description.
    pub content_type: String,
}

/// An archive. One variant a protocol; what the tools ask is the same.
#[derive(Debug)]
pub enum Backend {
    /// DICOMweb (PS3.18).
    Web(web::Web),
}

impl Backend {
    /// The archive that the configuration names. Nothing is sent yet.
    pub fn new(config: &Config) -> Result<Self, Failure> {
        web::Web::new(config).map(Self::Web)
    }

    /// Where the archive is, without credentials.
    pub fn address(&self) -> &str {
        match self {
            Self::Web(web) => web.address(),
        }
    }

    /// Rows of a search from `offset` on, `limit` of them if the archive honours it.
    pub async fn search(
        &self,
        search: &Search,
        limit: usize,
        offset: usize,
        deadline: &Deadline,
    ) -> Result<Page, Failure> {
        match self {
            Self::Web(web) => web.search(search, limit, offset, deadline).await,
        }
    }

    /// The longest page that this archive was seen to return; a shorter one was not capped.
    pub fn largest_page(&self) -> usize {
        match self {
            Self::Web(web) => web.largest_page(),
        }
    }

    /// Remembers that a page of so many rows was complete or not capped.
    pub fn note_page(&self, rows: usize) {
        match self {
            Self::Web(web) => web.note_page(rows),
        }
    }

    /// The attributes of an instance without its bulk data.
    pub async fn metadata(
        &self,
        of: &Instance,
        deadline: &Deadline,
    ) -> Result<InMemDicomObject, Failure> {
        match self {
            Self::Web(web) => web.metadata(of, deadline).await,
        }
    }

    /// The whole instance as a Part 10 file.
    pub async fn retrieve(&self, of: &Instance, deadline: &Deadline) -> Result<Bytes, Failure> {
        match self {
            Self::Web(web) => web.retrieve(of, deadline).await,
        }
    }

    /// A picture of a frame made by the archive.
    pub async fn render(
        &self,
        of: &Instance,
        frame: u32,
        format: Format,
        deadline: &Deadline,
    ) -> Result<Rendered, Failure> {
        match self {
            Self::Web(web) => web.render(of, frame, format, deadline).await,
        }
    }

    /// What the archive says that it can do.
    pub async fn capabilities(&self, deadline: &Deadline) -> Result<Capabilities, Failure> {
        match self {
            Self::Web(web) => web.capabilities(deadline).await,
        }
    }

    /// Sends instances; what the archive said to each is in the answer.
    pub async fn store(&self, outgoing: Outgoing) -> Result<StoreAnswer, StoreFailure> {
        match self {
            Self::Web(web) => web.store(outgoing).await,
        }
    }
}

/// Why a store request has no answer that tells the instances apart.
#[derive(Debug, Clone)]
pub struct StoreFailure {
    /// What happened.
    pub failure: Failure,
    /// How long the archive asks to wait before another try.
    pub retry_after: Option<Duration>,
    /// Whether the archive may have stored something all the same.
    pub certainty: Certainty,
}

/// What a failed store request tells about the instances that were in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certainty {
    /// None was taken: nothing was sent, or the archive refused the request as a whole.
    NothingStored,
    /// Each may have been stored or not.
    Unknown,
}
