//! The archive as a running server: listeners, connections, and their end.

use std::net::SocketAddr;

use dicom_wire::ae::AeTitle;
use dicom_wire::uid::Uid;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::archive::{Archive, Reset, RuleState};
use crate::journal::{Journal, NearMiss, Unverified};
use crate::policy::Policy;
use crate::rule::{Rule, RuleId};
use crate::store::Storage;

/// Number of the connection a request came in on; an extension of each HTTP request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionNumber(pub u64);

/// A running archive. Dropping it ends its listeners, connections and tasks.
#[derive(Debug)]
pub struct MockArchive {
    archive: Archive,
    web: SocketAddr,
    dimse: SocketAddr,
    control: SocketAddr,
    _tasks: JoinSet<()>,
}

/// What an archive is like before it starts.
#[derive(Clone, Debug)]
#[must_use = "nothing runs before `start`"]
pub struct Builder {
    policy: Policy,
    storage: Storage,
    web: SocketAddr,
    dimse: SocketAddr,
    control: SocketAddr,
    rules: Vec<Rule>,
}

/// Why an archive does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {purpose}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What it was for.
        purpose: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}

impl MockArchive {
    /// An empty archive in memory, on free ports of the loopback interface.
    ///
    /// # Panics
    /// If the loopback interface has no free port.
    pub async fn start() -> Self {
        Self::builder()
            .start()
            .await
            .expect("the loopback interface has free ports")
    }

    /// An archive of your choice.
    pub fn builder() -> Builder {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Builder {
            policy: Policy::default(),
            storage: Storage::default(),
            web: free,
            dimse: free,
            control: free,
            rules: Vec::new(),
        }
    }

    /// Base URL of its DICOMweb services, such as `http://127.0.0.1:8042/dicomweb`.
    pub fn web_url(&self) -> String {
        format!("http://{}/dicomweb", self.web)
    }

    /// Address of its DIMSE services.
    pub fn dimse_addr(&self) -> SocketAddr {
        self.dimse
    }

    /// Its AE title.
    pub fn ae_title(&self) -> &AeTitle {
        &self.archive.policy().ae_title
    }

    /// URL of its control API.
    pub fn control_url(&self) -> String {
        format!("http://{}", self.control)
    }

    /// The archive without its listeners.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Puts a rule into force.
    pub fn inject(&self, rule: Rule) -> RuleId {
        self.archive.inject(rule)
    }

    /// The SOP Instance UIDs of everything that is stored, sorted.
    pub fn stored(&self) -> Vec<Uid> {
        self.archive.stored()
    }

    /// What happened so far.
    pub fn journal(&self) -> Journal {
        self.archive.journal()
    }

    /// Whether a rule acted exactly so often.
    ///
    /// # Errors
    /// How often it did, and where it nearly did.
    pub fn verify(&self, rule: RuleId, expected: u64) -> Result<(), Unverified> {
        self.archive.verify(rule, expected)
    }

    /// The rules in force with their counters.
    pub fn rules(&self) -> Vec<RuleState> {
        self.archive.rules()
    }

    /// The rules that never acted.
    pub fn unused(&self) -> Vec<RuleId> {
        self.archive.unused()
    }

    /// Where rules that never acted nearly did.
    pub fn near_misses(&self) -> Vec<NearMiss> {
        self.archive.near_misses()
    }

    /// Forgets rules, journal and data.
    pub fn reset(&self) {
        self.archive.reset(Reset::ALL);
    }
}

impl Builder {
    /// What the archive declares.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Its AE title.
    pub fn ae_title(mut self, title: AeTitle) -> Self {
        self.policy.ae_title = title;
        self
    }

    /// Where it keeps bytes.
    pub fn storage(mut self, storage: Storage) -> Self {
        self.storage = storage;
        self
    }

    /// Address for HTTP; port 0 = a free one.
    pub fn web(mut self, address: SocketAddr) -> Self {
        self.web = address;
        self
    }

    /// Address for DIMSE; port 0 = a free one.
    pub fn dimse(mut self, address: SocketAddr) -> Self {
        self.dimse = address;
        self
    }

    /// Address of the control API; port 0 = a free one.
    pub fn control(mut self, address: SocketAddr) -> Self {
        self.control = address;
        self
    }

    /// A rule in force from the start.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Listens and serves.
    ///
    /// # Errors
    /// If an address cannot be listened on.
    pub async fn start(self) -> Result<MockArchive, StartError> {
        let (web, _web) = listen(self.web, "HTTP").await?;
        let (dimse, _dimse) = listen(self.dimse, "DIMSE").await?;
        let (control, _control) = listen(self.control, "the control API").await?;
        let archive = Archive::new(self.policy, self.storage);
        for rule in self.rules {
            archive.inject(rule);
        }
        Ok(MockArchive {
            archive,
            web,
            dimse,
            control,
            _tasks: JoinSet::new(),
        })
    }
}

async fn listen(
    address: SocketAddr,
    purpose: &'static str,
) -> Result<(SocketAddr, TcpListener), StartError> {
    let failed = |source| StartError::Listen {
        address,
        purpose,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((bound, listener))
}
