//! `--demo`: an archive with patients to look at, in this process. The only place that knows the mock archive.

use dicom_mock_archive::MockArchive;

/// A running archive with the demo patients; dropping it ends it.
#[derive(Debug)]
pub struct Demo {
    archive: MockArchive,
}

impl Demo {
    /// Starts the archive in memory, on free ports of the loopback interface.
    ///
    /// # Errors
    /// If no port is free or a patient cannot be loaded.
    pub async fn start() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let archive = MockArchive::builder().start().await?;
        archive.load_demo()?;
        Ok(Self { archive })
    }

    /// Its DICOMweb base address.
    pub fn address(&self) -> String {
        self.archive.web_url()
    }
}
