//! The archive as a running server: listeners, connections, and their end.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use dicom_fixtures::Study;
use dicom_wire::ae::AeTitle;
use dicom_wire::uid::Uid;
use http::uri::Scheme;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::archive::{Archive, Reset, RuleState, Unloadable};
use crate::journal::{Journal, NearMiss, Unverified};
use crate::personality::Personality;
use crate::policy::{Destination, Policy};
use crate::recording::mask::Mask;
use crate::recording::{Player, Recording};
use crate::rule::{Rule, RuleId};
use crate::scenario::Scenario;
use crate::serve;
use crate::store::Storage;
use crate::tls::{Tls, TlsError};
use crate::worklist;

/// A running archive. Dropping it ends its listeners, connections and tasks.
#[derive(Debug)]
pub struct MockArchive {
    archive: Archive,
    scheme: Scheme,
    web: SocketAddr,
    dimse: SocketAddr,
    control: SocketAddr,
    /// Aborted when dropped; each listener's task owns the tasks of its connections.
    _listeners: JoinSet<()>,
}

/// How a running archive is reached; its JSON form is the ready line of the binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// Base URL of the DICOMweb services.
    pub dicomweb: String,
    /// Address of the DIMSE services.
    pub dimse: String,
    /// AE title.
    pub ae_title: AeTitle,
    /// URL of the control API.
    pub control: String,
    /// Version of this program.
    pub version: &'static str,
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
    scenarios: Vec<Scenario>,
    tls: Option<Tls>,
    player: Option<Arc<Player>>,
}

/// Why an archive does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be listened on.
    #[error("cannot listen on {address} for {purpose}: {why}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What it was for.
        purpose: &'static str,
        /// Why not.
        why: std::io::Error,
    },
    /// Clients are to prove who they are, and nothing is there to prove it over.
    #[error("client-ca is for archives that speak TLS; this one has no certificate")]
    NoTls,
    /// Clients cannot be asked to prove who they are.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// Reading what the storage holds already failed.
    #[error("cannot read what is stored already: {0}")]
    Read(#[from] tokio::task::JoinError),
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
            scenarios: Vec::new(),
            tls: None,
            player: None,
        }
    }

    /// Base URL of its DICOMweb services, such as `http://127.0.0.1:8042/dicomweb`; https with [`Builder::tls`].
    pub fn web_url(&self) -> String {
        format!("{}://{}{}", self.scheme, self.web, crate::web::BASE_PATH)
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

    /// How it is reached.
    pub fn ready(&self) -> Ready {
        Ready {
            dicomweb: self.web_url(),
            dimse: self.dimse.to_string(),
            ae_title: self.ae_title().clone(),
            control: self.control_url(),
            version: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The archive without its listeners.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// Puts a study into the archive as if it had always been there: no rule is asked and nothing is noted.
    ///
    /// # Errors
    /// If an instance cannot be read.
    pub fn load(&self, study: &Study) -> Result<(), Unloadable> {
        let instances = study.instances().iter();
        self.archive
            .load_all(instances.map(|instance| instance.bytes.clone()))
    }

    /// Puts the demo patients into the archive in the same way.
    ///
    /// # Errors
    /// If one of their instances cannot be read.
    pub fn load_demo(&self) -> Result<(), Unloadable> {
        let studies = dicom_fixtures::demo();
        let instances = studies.iter().flat_map(Study::instances);
        self.archive
            .load_all(instances.map(|instance| instance.bytes.clone()))
    }

    /// Puts a Part 10 file into the archive in the same way.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load_file(&self, path: &Path) -> Result<(), Unloadable> {
        let failed = |why: String| Unloadable {
            what: path.display().to_string(),
            why,
        };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        self.archive
            .load(Bytes::from(bytes))
            .map(drop)
            .map_err(|error| failed(error.why))
    }

    /// Puts an item from a Part 10 file into the worklist.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn schedule_file(&self, path: &Path) -> Result<(), Unloadable> {
        let failed = |why: String| Unloadable {
            what: path.display().to_string(),
            why,
        };
        let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        let item = worklist::read(&bytes).map_err(failed)?;
        self.archive.schedule(&item);
        Ok(())
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

    /// Like another archive: its policies over those set so far, and its rules. See [`Personality::find`].
    pub fn like(mut self, personality: &Personality) -> Self {
        personality.apply(&mut self.policy);
        self.rules.extend(personality.rules());
        self
    }

    /// Its AE title.
    pub fn ae_title(mut self, title: AeTitle) -> Self {
        self.policy.ae_title = title;
        self
    }

    /// Where C-MOVE can send to: an AE title and its `HOST:PORT`, or a [`Destination`] over TLS.
    pub fn destination(mut self, title: AeTitle, place: impl Into<Destination>) -> Self {
        self.policy.destinations.insert(title, place.into());
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

    /// Speaks TLS on both ports: DICOMweb is https, DIMSE is DICOM over TLS. The control API stays plain; on associations that the archive opens
    /// itself, the [`Destination`] says what is spoken.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// A rule in force from the start.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Rules in force from the start.
    pub fn rules(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Answers from a recording instead of what is stored: DICOMweb, and DIMSE if it has some; rules and journal work as ever. Give the mask that the recording was made with
    /// to ask by the names of the patients for whom others stand in it.
    pub fn replay(mut self, recording: Recording, mask: Option<Mask>) -> Self {
        self.player = Some(Arc::new(Player::new(recording, mask)));
        self
    }

    /// A scenario from the start: its rules, its transitions and its first state.
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenarios.push(scenario);
        self
    }

    /// Listens and serves.
    ///
    /// # Errors
    /// If an address cannot be listened on, or clients cannot be asked for certificates.
    pub async fn start(self) -> Result<MockArchive, StartError> {
        let tls = match (self.tls, &self.policy.client_ca) {
            (Some(tls), Some(authorities)) => Some(tls.asking(authorities)?),
            (None, Some(_)) => return Err(StartError::NoTls),
            (tls, None) => tls,
        };
        let (web, web_listener) = listen(self.web, "HTTP").await?;
        let (dimse, dimse_listener) = listen(self.dimse, "DIMSE").await?;
        let (control, control_listener) = listen(self.control, "the control API").await?;
        let (policy, storage) = (self.policy, self.storage);
        let reading = tokio::task::spawn_blocking(move || Archive::new(policy, storage));
        let archive = reading.await?;
        for scenario in self.scenarios {
            archive.play(scenario);
        }
        for rule in self.rules {
            archive.inject(rule);
        }
        let mut server = MockArchive {
            archive: archive.clone(),
            scheme: serve::scheme(tls.as_ref()),
            web,
            dimse,
            control,
            _listeners: JoinSet::new(),
        };
        let ready = server.ready();
        server._listeners.spawn(serve::web(
            web_listener,
            archive.clone(),
            tls.clone(),
            self.player.clone(),
        ));
        server._listeners.spawn(serve::dimse(
            dimse_listener,
            archive.clone(),
            tls,
            self.player,
        ));
        server
            ._listeners
            .spawn(serve::control(control_listener, archive, ready));
        Ok(server)
    }
}

async fn listen(
    address: SocketAddr,
    purpose: &'static str,
) -> Result<(SocketAddr, TcpListener), StartError> {
    let failed = |why| StartError::Listen {
        address,
        purpose,
        why,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((bound, listener))
}
