//! Where the bytes of instances are: spooled while they arrive, then stored or gone.
//!
//! Nothing is ever half stored: what arrives goes to memory, or to a temporary file that is renamed when the archive keeps the instance and removed when it does not.

mod content;
mod instance;
mod spool;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use content::{Chunks, Reader};
pub use instance::{Stored, Unreadable};
pub use spool::{Spool, Spooled};

/// Bytes of an instance that are held in memory before a file is made, where files are made.
pub const THRESHOLD: usize = 256 * 1024;

/// Where bytes are kept. Cloning it is cheap.
#[derive(Clone, Default)]
pub struct Storage {
    directory: Option<Arc<Path>>,
    retain: Retain,
}

/// What is kept of an instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retain {
    /// Everything.
    #[default]
    All,
    /// The header and a digest: the instance can be found, counted and compared, not retrieved. Its bytes pass through a temporary file and never fill memory or disk.
    Headers,
}

impl Storage {
    /// In memory.
    pub fn memory() -> Self {
        Self::default()
    }

    /// In files of a directory, which is made if it is not there. Instances become `STUDY/SERIES/INSTANCE.dcm` in it and stay when the archive ends.
    ///
    /// # Errors
    /// If the directory cannot be made or written to.
    pub fn directory(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        std::fs::create_dir_all(&path)?;
        tempfile::tempfile_in(&path)?;
        Ok(Self {
            directory: Some(path.into()),
            retain: Retain::All,
        })
    }

    /// The same place, where so much is kept.
    #[must_use]
    pub fn retaining(mut self, retain: Retain) -> Self {
        self.retain = retain;
        self
    }

    /// Something to put an arriving instance into.
    pub fn spool(&self) -> Spool {
        Spool::new(self.clone())
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.directory {
            Some(directory) => write!(f, "{}", directory.display()),
            None => f.write_str("memory"),
        }
    }
}
