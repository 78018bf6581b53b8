//! What a call works with: an archive, the settings, and the client that asks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use dicom_wire::query::Matching;
use dicom_wire::uid::Uid;
use tokio::sync::watch;

use crate::backend::{Backend, Deadline};
use crate::client::Client;
use crate::config::Config;
use crate::deadletter::Queue;
use crate::error::Failure;
use crate::phi::Mask;
use crate::query::Search;
use crate::row::Row;
use crate::text;

/// Series whose studies are remembered.
const MAX_SEEN: usize = 5_000;

/// What a call works with: one archive, the settings, and the client that asks. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Session {
    /// The archive that the call is about.
    pub backend: Arc<Backend>,
    /// The settings.
    pub config: Arc<Config>,
    /// The client that made the call.
    pub client: Arc<Client>,
    /// Every archive, the default one first.
    archives: Arc<Mutex<Vec<Arc<Backend>>>>,
    /// What is shown of patients.
    pub mask: Arc<Mask>,
    /// Becomes true when calls may begin.
    ready: Option<watch::Receiver<bool>>,
    /// Series that were listed, with their studies: some clients name a series without its study, and many archives do not search so.
    seen: Arc<Mutex<BTreeMap<String, Uid>>>,
}

impl Session {
    /// A session with the archives of the configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// If there is no archive, or one of them cannot be prepared.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let archives: Vec<Arc<Backend>> = config
            .archives
            .iter()
            .map(|archive| Backend::new(archive, &config).map(Arc::new))
            .collect::<Result<_, _>>()?;
        let backend = archives.first().cloned().ok_or_else(|| Failure::NoWay {
            doing: "start".into(),
            reason: "no archive is configured".into(),
            setting: "set DICOMWEB_HOST, or DICOM_HOST and DICOM_PORT".into(),
        })?;
        Ok(Self {
            backend,
            mask: Arc::new(Mask::new(config.phi)),
            config: Arc::new(config),
            client: Arc::default(),
            archives: Arc::new(Mutex::new(archives)),
            ready: None,
            seen: Arc::default(),
        })
    }

    /// The same session, whose calls wait until this is true.
    pub fn once(self, ready: watch::Receiver<bool>) -> Self {
        Self {
            ready: Some(ready),
            ..self
        }
    }

    /// Waits until calls may begin.
    pub async fn ready(&self) {
        if let Some(ready) = &self.ready {
            // One that will never be ready any more is as ready as it gets.
            let _ = ready.clone().wait_for(|ready| *ready).await;
        }
    }

    /// The same session, whose progress goes to the terminal.
    pub fn on_terminal(&self) -> Self {
        self.for_client(Client::terminal())
    }

    /// The names of the archives, for people.
    pub fn names(&self) -> String {
        let archives = self.archives();
        let names: Vec<&str> = archives.iter().map(|archive| archive.name()).collect();
        format!("the archives {}", names.join(", "))
    }

    /// The same session, as one client sees it.
    pub fn for_client(&self, client: Client) -> Self {
        Self {
            client: Arc::new(client),
            ..self.clone()
        }
    }

    /// The same session about the archive of this name; about the default one where it is empty.
    ///
    /// # Errors
    /// If no archive has this name.
    pub fn for_archive(&self, name: &str) -> Result<Self, Failure> {
        let archives = self.archives();
        let found = match name {
            "" => archives.first(),
            name => archives.iter().find(|archive| archive.name() == name),
        };
        let names = || archives.iter().map(|archive| archive.name());
        let backend = found.cloned().ok_or_else(|| Failure::Argument {
            name: "archive".into(),
            problem: format!("no archive is called {:?}", text::cut(name, 64)),
            advice: text::nearest(name, names())
                .map(str::to_owned)
                .or_else(|| Some(names().collect::<Vec<_>>().join(", "))),
        })?;
        Ok(Self {
            backend,
            ..self.clone()
        })
    }

    /// Every archive, the default one first.
    pub fn archives(&self) -> Vec<Arc<Backend>> {
        self.lock().clone()
    }

    /// Makes the archive of this name the default one; for profiles that have a current node.
    ///
    /// # Errors
    /// If no archive has this name.
    pub fn make_default(&self, name: &str) -> Result<Arc<Backend>, Failure> {
        let chosen = self.for_archive(name)?.backend;
        let mut archives = self.lock();
        archives.retain(|archive| archive.name() != chosen.name());
        archives.insert(0, chosen.clone());
        Ok(chosen)
    }

    /// Adds an archive in place of one of the same name.
    pub fn put(&self, archive: Backend) {
        let mut archives = self.lock();
        archives.retain(|other| other.name() != archive.name());
        archives.insert(0, Arc::new(archive));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Backend>>> {
        self.archives
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Remembers the study of series that were listed, the last few thousand of them.
    pub(super) fn note_series(&self, study: &Uid, rows: &[Row]) {
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.len() > MAX_SEEN {
            seen.clear();
        }
        let series = rows
            .iter()
            .filter_map(|row| row.text(dicom_dictionary_std::tags::SERIES_INSTANCE_UID));
        seen.extend(series.map(|series| (series, study.clone())));
    }

    /// The study of a series that was listed.
    pub(crate) fn study_of(&self, series: &Uid) -> Option<Uid> {
        let seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.get(series.as_str()).cloned()
    }

    /// The dead-letter queue, where a folder is set for it.
    ///
    /// # Errors
    /// If the folder cannot be used.
    pub fn queue(&self) -> Result<Option<Queue>, Failure> {
        self.config.queue.as_deref().map(Queue::open).transpose()
    }

    /// A search with the Patient IDs that are meant by those that were invented.
    pub(super) fn meant(&self, search: &Search) -> Search {
        let mut search = search.clone();
        for filter in &mut search.terms.filters {
            if let Matching::Value(value) = &mut filter.matching
                && let Some(real) = self.mask.meant(value)
            {
                *value = real;
            }
        }
        search
    }

    /// The deadline of a call that starts now.
    pub fn deadline(&self) -> Deadline {
        Deadline::after(self.config.timeout)
    }
}
