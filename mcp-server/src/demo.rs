//! `--demo`: an archive with patients to look at, in this process. The only place that knows the mock archive.

use std::sync::Arc;

use dicom_mock_archive::MockArchive;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A running archive with the demo patients; dropping it ends it.
#[derive(Debug)]
pub struct Demo {
    archive: Arc<MockArchive>,
    ready: watch::Receiver<bool>,
    _drawing: JoinSet<()>,
}

impl Demo {
    /// Starts the archive in memory, on free ports of the loopback interface. The patients are drawn meanwhile, so that a
    /// client is not kept waiting for its first answer; [`Demo::ready`] tells when they are there.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let archive = Arc::new(MockArchive::builder().start().await?);
        let (done, ready) = watch::channel(false);
        let mut drawing = JoinSet::new();
        let drawn = archive.clone();
        drawing.spawn_blocking(move || {
            if let Err(error) = drawn.load_demo() {
                tracing::error!(%error, "a demo patient cannot be drawn");
            }
            // Nobody waits any more: the server has ended.
            let _ = done.send(true);
        });
        Ok(Self {
            archive,
            ready,
            _drawing: drawing,
        })
    }

    /// Becomes true once all patients are there.
    pub fn ready(&self) -> watch::Receiver<bool> {
        self.ready.clone()
    }

    /// Its DICOMweb base address.
    pub fn address(&self) -> String {
        self.archive.web_url()
    }

    /// Its DIMSE address.
    pub fn dimse_address(&self) -> String {
        self.archive.dimse_addr().to_string()
    }

    /// Its AE title.
    pub fn ae_title(&self) -> String {
        self.archive.ae_title().to_string()
    }
}
