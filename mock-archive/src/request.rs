//! Who asks for what: the part of an HTTP request or DIMSE operation that rules can match and the journal shows.

use std::fmt;

use dicom_wire::ae::AeTitle;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use http::HeaderMap;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::moment::Rejection;

/// The two ways into the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// DICOMweb over HTTP (PS3.18).
    Web,
    /// DIMSE over the upper layer (PS3.7, PS3.8).
    Dimse,
}

/// What is asked for, in words that mean the same over both protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// An association being opened (A-ASSOCIATE, PS3.8 7.1). Over HTTP there is none.
    Associate,
    /// C-ECHO.
    Echo,
    /// STOW-RS or C-STORE.
    Store,
    /// QIDO-RS or C-FIND.
    Search,
    /// WADO-RS instances, or C-GET.
    Retrieve,
    /// C-MOVE.
    Move,
    /// WADO-RS metadata.
    Metadata,
    /// WADO-RS frames.
    Frames,
    /// WADO-RS bulk data.
    BulkData,
    /// WADO-RS rendered resources and thumbnails.
    Rendered,
    /// Deletion of a study, series or instance.
    Delete,
    /// Retrieve Capabilities (PS3.18 8.9).
    Capabilities,
    /// Storage commitment.
    Commit,
    /// Modality worklist.
    Worklist,
    /// Anything else: a path or command that the archive does not know.
    Other,
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Service::Associate => "associate",
            Service::Echo => "echo",
            Service::Store => "store",
            Service::Search => "search",
            Service::Retrieve => "retrieve",
            Service::Move => "move",
            Service::Metadata => "metadata",
            Service::Frames => "frames",
            Service::BulkData => "bulk-data",
            Service::Rendered => "rendered",
            Service::Delete => "delete",
            Service::Capabilities => "capabilities",
            Service::Commit => "commit",
            Service::Worklist => "worklist",
            Service::Other => "other",
        })
    }
}

/// The study, series and instance that a request names; each level only if the request names it exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Scope {
    /// Patient ID (PATIENT level of C-MOVE and C-GET). Never shown in the journal.
    #[serde(skip)]
    pub patient: Option<String>,
    /// Study Instance UID.
    pub study: Option<Uid>,
    /// Series Instance UID.
    pub series: Option<Uid>,
    /// SOP Instance UID.
    pub instance: Option<Uid>,
}

impl Scope {
    /// Everything in the archive.
    pub fn all() -> Self {
        Self::default()
    }

    /// The level of what it names; none for everything, or for a patient.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self {
                instance: Some(_), ..
            } => Some(Level::Instance),
            Self {
                series: Some(_), ..
            } => Some(Level::Series),
            Self { study: Some(_), .. } => Some(Level::Study),
            _ => None,
        }
    }

    /// One study.
    pub fn study(study: Uid) -> Self {
        Self {
            study: Some(study),
            ..Self::default()
        }
    }

    /// One patient.
    pub fn patient(id: impl Into<String>) -> Self {
        Self {
            patient: Some(id.into()),
            ..Self::default()
        }
    }

    /// Narrowed to one series.
    #[must_use]
    pub fn and_series(mut self, series: Uid) -> Self {
        self.series = Some(series);
        self
    }

    /// Narrowed to one instance.
    #[must_use]
    pub fn and_instance(mut self, instance: Uid) -> Self {
        self.instance = Some(instance);
        self
    }
}

/// One HTTP request or one DIMSE operation, before anything was decided about it.
///
/// An edge builds it with [`Request::web`] or [`Request::dimse`], adds what it knows, and opens an exchange:
///
/// ```text
/// let request = Request::web(Service::Search, &parts.method, &parts.uri, parts.headers.clone())
///     .scope(Scope::study(study))
///     .level(Level::Series)
///     .on_connection(connection);
/// let exchange = archive.exchange(request);
/// ```
#[derive(Clone, Debug)]
pub struct Request {
    /// Which way it came in.
    pub protocol: Protocol,
    /// What it asks for.
    pub service: Service,
    /// Number of the connection it came in on, from the listener that accepted it; 0 = not known.
    pub connection: u64,
    /// Which request or operation of its connection it is, counted from 1; the archive says when the exchange begins.
    pub nth: u64,
    /// HTTP method; for DIMSE the command's name, such as `C-STORE`.
    pub method: String,
    /// Path of the request target, percent-encoded as received; empty over DIMSE.
    pub path: String,
    /// Query of the request target without `?`, as received; empty over DIMSE.
    pub query: String,
    /// Header fields as received; empty over DIMSE.
    pub headers: HeaderMap,
    /// Keys of a search that come in an identifier, by keyword; empty over HTTP. Never shown in the journal.
    pub keys: Vec<(String, String)>,
    /// Calling AE title; DIMSE only.
    pub calling: Option<AeTitle>,
    /// Called AE title; DIMSE only.
    pub called: Option<AeTitle>,
    /// Query or retrieve level, where there is one.
    pub level: Option<Level>,
    /// What it names.
    pub scope: Scope,
    /// SOP Class UID, where the request itself carries it (C-STORE, C-FIND ...).
    pub sop_class: Option<Uid>,
    /// Transfer Syntax UID, where the request itself carries it (presentation context, Accept).
    pub transfer_syntax: Option<Uid>,
    /// Why an association cannot be taken whoever asks: its credentials, or too many at once. Never what was sent.
    pub refused: Option<Rejection>,
    /// What is wrong with the fault that it names for itself.
    pub misnamed_fault: Option<String>,
    /// Patient ID, where the request matches on one exactly. Never shown in the journal's text.
    pub patient_id: Option<String>,
}

impl Request {
    /// A request over HTTP. `uri` is the request target as received.
    pub fn web(
        service: Service,
        method: &http::Method,
        uri: &http::Uri,
        headers: HeaderMap,
    ) -> Self {
        Self {
            method: method.as_str().to_owned(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            headers,
            ..Self::blank(Protocol::Web, service)
        }
    }

    /// An operation over DIMSE, or the opening of an association ([`Service::Associate`]). `command` is its name in PS3.7, such as `C-STORE`.
    pub fn dimse(service: Service, command: &str, calling: AeTitle, called: AeTitle) -> Self {
        Self {
            method: command.to_owned(),
            calling: Some(calling),
            called: Some(called),
            ..Self::blank(Protocol::Dimse, service)
        }
    }

    fn blank(protocol: Protocol, service: Service) -> Self {
        Self {
            protocol,
            service,
            connection: 0,
            nth: 0,
            method: String::new(),
            path: String::new(),
            query: String::new(),
            headers: HeaderMap::new(),
            keys: Vec::new(),
            calling: None,
            called: None,
            level: None,
            scope: Scope::all(),
            sop_class: None,
            transfer_syntax: None,
            refused: None,
            misnamed_fault: None,
            patient_id: None,
        }
    }

    /// Whether a browser asks by it what a page of another origin may do (WHATWG Fetch 3.2.2), as opposed to a plain OPTIONS.
    pub fn is_preflight(&self) -> bool {
        let has = |name| self.headers.contains_key(name);
        self.method == "OPTIONS" && has(ORIGIN) && has(ACCESS_CONTROL_REQUEST_METHOD)
    }

    /// Says which connection it came in on.
    #[must_use]
    pub fn on_connection(mut self, number: u64) -> Self {
        self.connection = number;
        self
    }

    /// Says which study, series or instance it names.
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Says the keys of an identifier.
    #[must_use]
    pub fn keys(mut self, keys: impl IntoIterator<Item = (String, String)>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Says the query or retrieve level.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Says the SOP class.
    #[must_use]
    pub fn sop_class(mut self, uid: Uid) -> Self {
        self.sop_class = Some(uid);
        self
    }

    /// Says the transfer syntax.
    #[must_use]
    pub fn transfer_syntax(mut self, uid: Uid) -> Self {
        self.transfer_syntax = Some(uid);
        self
    }

    /// Says that the association cannot be taken.
    #[must_use]
    pub fn refused(mut self, rejection: Rejection) -> Self {
        self.refused = Some(rejection);
        self
    }

    /// Says the Patient ID that is matched on.
    #[must_use]
    pub fn patient_id(mut self, id: impl Into<String>) -> Self {
        self.patient_id = Some(id.into());
        self
    }
}
