//! Where the bytes of instances are: spooled while they arrive, then stored or gone.
//!
//! Nothing is ever half stored: what arrives goes to memory, or to a temporary file that is renamed when the archive keeps the instance and removed when it does not.

mod content;
mod header;
mod instance;
mod known;
mod spool;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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
    revisions: Arc<Revisions>,
    uids: Arc<known::Uids>,
}

/// Numbers that tell one content from another of the same UIDs. They start anywhere: those of one run mean nothing in the next.
struct Revisions(AtomicU64);

impl Default for Revisions {
    fn default() -> Self {
        Self(AtomicU64::new(RandomState::new().hash_one(0)))
    }
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
            ..Self::default()
        })
    }

    /// The same place, where so much is kept.
    #[must_use]
    pub fn retaining(mut self, retain: Retain) -> Self {
        self.retain = retain;
        self
    }

    /// A number that no other content of this place has.
    fn revision(&self) -> u64 {
        self.revisions.0.fetch_add(1, Ordering::Relaxed)
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
