//! The archive behind the tools, over the protocols that it speaks.

mod dimse;
mod tls;
mod web;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use dicom_object::InMemDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::SubOperations;
use dicom_wire::part10;
use dicom_wire::query::Path;
use dicom_wire::stow::StoreResponse;
use dicom_wire::uid::Uid;
use tokio::time::Instant;

use crate::attribute::Attribute;
use crate::config::{ArchiveSettings, Config};
use crate::encoding;
use crate::error::{Failure, Said};
use crate::listing::Page;
use crate::query::Search;

pub use dimse::{Dimse, Moved, Sink};
pub use web::Web;

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
    /// The description.
    pub body: Bytes,
}

/// The attributes of an instance, and how well they came.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// The attributes without bulk data.
    pub object: InMemDicomObject,
    /// What is not encoded as it should be.
    pub warnings: Vec<String>,
}

/// A study, or one series of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID, where only this one is meant.
    pub series: Option<Uid>,
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.series {
            None => write!(f, "study {}", self.study),
            Some(series) => write!(f, "series {series} of study {}", self.study),
        }
    }
}

/// An archive, over the one protocol or the two that its settings name. What the tools ask is the same.
#[derive(Debug)]
pub struct Backend {
    name: String,
    web: Option<web::Web>,
    dimse: Option<dimse::Dimse>,
    /// SOP classes with transfer syntaxes that were refused as such: why, and when.
    refused: Mutex<BTreeMap<(String, String), (String, Instant)>>,
}

/// How long an archive is believed that it does not take a kind of instances: somebody may change its settings.
const BELIEVED: Duration = Duration::from_secs(600);

impl Backend {
    /// The archive that the settings name. Nothing is sent yet.
    ///
    /// # Errors
    /// If a certificate or token cannot be read.
    pub fn new(archive: &ArchiveSettings, config: &Config) -> Result<Self, Failure> {
        let web = archive
            .web
            .as_ref()
            .map(|settings| web::Web::new(settings, config))
            .transpose()?;
        let dimse = archive
            .dimse
            .as_ref()
            .map(|settings| dimse::Dimse::new(settings, config))
            .transpose()?;
        Ok(Self {
            name: archive.name.clone(),
            web,
            dimse,
            refused: Mutex::default(),
        })
    }

    /// Its name in the argument `archive`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the archive is, without credentials: the first way to it.
    pub fn address(&self) -> &str {
        match (&self.web, &self.dimse) {
            (Some(web), _) => web.address(),
            (None, Some(dimse)) => dimse.address(),
            (None, None) => "",
        }
    }

    /// The archive over DICOMweb.
    pub fn web(&self) -> Option<&web::Web> {
        self.web.as_ref()
    }

    /// The archive over DIMSE.
    pub fn dimse(&self) -> Option<&dimse::Dimse> {
        self.dimse.as_ref()
    }

    /// Remembers that the archive refused a SOP class in a transfer syntax, whatever the instance.
    pub(crate) fn note_refused(&self, kind: (String, String), reason: String) {
        self.refusals().insert(kind, (reason, Instant::now()));
    }

    /// Why the archive refused such instances lately.
    pub(crate) fn refused_before(&self, kind: &(String, String)) -> Option<String> {
        let mut refusals = self.refusals();
        refusals.retain(|_, (_, when)| when.elapsed() < BELIEVED);
        refusals.get(kind).map(|(reason, _)| reason.clone())
    }

    fn refusals(&self) -> MutexGuard<'_, BTreeMap<(String, String), (String, Instant)>> {
        let refused = self.refused.lock();
        refused.unwrap_or_else(PoisonError::into_inner)
    }

    fn no_way(&self, doing: &str) -> Failure {
        Failure::NoWay {
            doing: doing.to_owned(),
            reason: format!("archive {:?} has no address", self.name),
            setting: "set DICOMWEB_HOST, or DICOM_HOST and DICOM_PORT".to_owned(),
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
        match (&self.web, &self.dimse) {
            (Some(web), other) => match web.search(search, limit, offset, deadline).await {
                Err(failure) if lacks_it(&failure) && other.is_some() => match other {
                    Some(dimse) => dimse.search(search, limit, offset, deadline).await,
                    None => Err(failure),
                },
                result => result,
            },
            (None, Some(dimse)) => dimse.search(search, limit, offset, deadline).await,
            (None, None) => Err(self.no_way("search")),
        }
    }

    /// The longest page that this archive was seen to return; a shorter one was not capped. Over DIMSE the final status
    /// says that all rows came.
    pub fn largest_page(&self) -> usize {
        self.web.as_ref().map_or(usize::MAX, web::Web::largest_page)
    }

    /// Remembers that a page of so many rows was complete or not capped.
    pub fn note_page(&self, rows: usize) {
        if let Some(web) = &self.web {
            web.note_page(rows);
        }
    }

    /// The attributes of an instance without its bulk data.
    pub async fn metadata(&self, of: &Instance, deadline: &Deadline) -> Result<Metadata, Failure> {
        match (&self.web, &self.dimse) {
            (Some(web), other) => match web.metadata(of, deadline).await {
                Err(failure) if lacks_it(&failure) && other.is_some() => {
                    self.header(of, deadline).await
                }
                result => result,
            },
            _ => self.header(of, deadline).await,
        }
    }

    /// The attributes of an instance out of the whole of it.
    async fn header(&self, of: &Instance, deadline: &Deadline) -> Result<Metadata, Failure> {
        let dimse = self
            .dimse
            .as_ref()
            .ok_or_else(|| self.no_way("read metadata"))?;
        let file = dimse.retrieve(of, deadline).await?;
        let doing = format!("read the metadata of instance {}", of.instance);
        let faulty = |error: part10::ScanError| Failure::Content {
            doing: doing.clone(),
            reason: format!("the archive's file is faulty: {error}"),
            advice: None,
        };
        let mut file = std::io::Cursor::new(file);
        let layout = part10::scan(&mut file, &part10::Limits::default()).map_err(faulty)?;
        let mut object = part10::header(&mut file, &layout).map_err(faulty)?;
        crate::object::is_the_one(&doing, of, &object)?;
        let mut warnings = encoding::of_file(&mut file, &layout).map_err(faulty)?;
        warnings.extend(encoding::understood(&mut object));
        Ok(Metadata { object, warnings })
    }

    /// The whole instance as a Part 10 file.
    pub async fn retrieve(&self, of: &Instance, deadline: &Deadline) -> Result<Bytes, Failure> {
        match (&self.web, &self.dimse) {
            (Some(web), other) => match (web.retrieve(of, deadline).await, other) {
                (Err(failure), Some(dimse)) if lacks_it(&failure) => {
                    dimse.retrieve(of, deadline).await
                }
                (result, _) => result,
            },
            (None, Some(dimse)) => dimse.retrieve(of, deadline).await,
            (None, None) => Err(self.no_way("retrieve an instance")),
        }
    }

    /// A picture of a frame made by the archive; `None` where it speaks no protocol that has pictures.
    pub async fn render(
        &self,
        of: &Instance,
        frame: u32,
        format: Format,
        window: Option<(f64, f64)>,
        deadline: &Deadline,
    ) -> Option<Result<Rendered, Failure>> {
        let web = self.web.as_ref()?;
        Some(web.render(of, frame, format, window, deadline).await)
    }

    /// Sends instances; what the archive said to each is in the answer.
    ///
    /// # Errors
    /// If there is no answer that tells the instances apart.
    pub async fn store(&self, outgoing: Outgoing) -> Result<StoreAnswer, StoreFailure> {
        match (&self.web, &self.dimse) {
            (Some(web), _) => web.store(outgoing).await,
            (None, Some(dimse)) => dimse.store(outgoing).await,
            (None, None) => Err(StoreFailure {
                failure: self.no_way("store instances"),
                retry_after: None,
                certainty: Certainty::NothingStored,
            }),
        }
    }

    /// Asks the archive to send a study or series to a destination, over DIMSE only.
    ///
    /// # Errors
    /// If no DIMSE address is set, or the archive does not do it.
    pub async fn move_to(
        &self,
        scope: &Scope,
        destination: &AeTitle,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        match &self.dimse {
            Some(dimse) => dimse.move_to(scope, destination, progress).await,
            None => Err(Failure::NoWay {
                doing: format!("move {scope} to {destination}"),
                reason: format!("DICOMweb has no move, and archive {:?} has no DIMSE address", self.name),
                setting: "set DICOM_HOST, DICOM_PORT and DICOM_CALLED_AE_TITLE; retrieve-study gets files over DICOMweb".into(),
            }),
        }
    }
}

/// Whether an archive says that it does not offer the service at all, so that another way may be tried.
fn lacks_it(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::Status {
            status: 405 | 406 | 501,
            ..
        }
    )
}

/// Where an attribute lies, as the wire has it.
fn path_of(attributes: &[Attribute]) -> Option<Path> {
    let mut tags = attributes.iter().map(|attribute| attribute.tag);
    let first = tags.next().map(Path::from);
    first.map(|first| tags.fold(first, |path, tag| path.then(tag)))
}

/// Instances on their way to the archive, in one request or over one association.
#[derive(Debug)]
pub struct Outgoing {
    /// What is sent.
    pub parts: Vec<Part>,
    /// What a boundary is made from; another one for each request.
    pub seed: u64,
}

/// One instance in a file.
#[derive(Debug, Clone)]
pub struct Part {
    /// The file, sent as it is.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Where its data set starts.
    pub data_set: u64,
    /// SOP Class UID.
    pub class: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
    /// Transfer Syntax UID.
    pub syntax: Uid,
}

/// What the archive said to a store request.
#[derive(Debug, Clone)]
pub struct StoreAnswer {
    /// The HTTP status; 0 over DIMSE.
    pub status: u16,
    /// Its account of the instances; empty where it gave none.
    pub response: StoreResponse,
    /// Its further words.
    pub said: Option<Said>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
    /// What ended the request before all instances were answered: of the others nothing is known.
    pub broken: Option<Failure>,
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
