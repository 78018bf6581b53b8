//! Where the bytes of instances are: spooled while they arrive, then stored or gone.
//!
//! Nothing is ever half stored: what arrives goes to memory, or to a temporary file that is renamed when the archive keeps the instance and removed when it does not.
//! What is in a directory outlives the process, and the machine's power: see [`Storage::directory`].

mod ahead;
mod content;
mod directory;
mod filed;
mod header;
mod instance;
mod known;
mod part;
mod rebuild;
mod rewrite;
mod spool;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::NamedTempFile;

pub use content::{Chunks, Reader};
pub(crate) use filed::Forgotten;
pub use instance::{Stored, Unreadable};
pub use rebuild::Left;
pub(crate) use rewrite::{Changes, Origin, Unchangeable};
pub use spool::{Spool, Spooled};

use directory::Directory;

/// Bytes of an instance that are held in memory before a file is made, where files are made.
pub const THRESHOLD: usize = 1024 * 1024;

/// Where bytes are kept. Cloning it is cheap.
#[derive(Clone, Default)]
pub struct Storage {
    directory: Option<Arc<Directory>>,
    retain: Retain,
    sync: Sync,
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
    /// The header and a digest: the instance can be found, counted and compared, not retrieved. Its bytes pass by and never fill memory or disk.
    Headers,
}

/// When what was written to a directory counts as kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// When the disk has it: it outlives a loss of power.
    #[default]
    Always,
    /// When the operating system has it: it outlives the process. For comparison with archives that do not wait for the disk.
    Never,
}

impl Storage {
    /// In memory.
    pub fn memory() -> Self {
        Self::default()
    }

    /// In files of a directory, which is made if it is not there. Instances become `STUDY/SERIES/INSTANCE.dcm` in it, exactly the bytes that came, and stay when the archive ends.
    ///
    /// A file is written under a temporary name, synced and renamed, and its folder synced, before success is said. Instances that are replaced or deleted go before
    /// that is said. What an earlier process left behind when it was killed is removed now.
    ///
    /// # Errors
    /// If the directory cannot be made or written to, or if another archive keeps its instances there.
    pub fn directory(path: impl Into<PathBuf>) -> io::Result<Self> {
        Ok(Self {
            directory: Some(Arc::new(Directory::open(path.into())?)),
            ..Self::default()
        })
    }

    /// The same place, where so much is kept.
    #[must_use]
    pub fn retaining(mut self, retain: Retain) -> Self {
        self.retain = retain;
        self
    }

    /// The same place, where files count as kept then.
    #[must_use]
    pub fn synced(mut self, sync: Sync) -> Self {
        self.sync = sync;
        self
    }

    /// Whether keeping an instance takes a while, so that several are better kept at once.
    pub(crate) fn is_slow(&self) -> bool {
        self.directory.is_some()
    }

    /// A number that no other content of this place has.
    fn revision(&self) -> u64 {
        self.revisions.0.fetch_add(1, Ordering::Relaxed)
    }

    /// Something to put an arriving instance into.
    pub fn spool(&self) -> Spool {
        Spool::new(self.clone())
    }

    /// A file that is removed unless it is renamed: beside the others where they are kept, in the system's place for such files where they are not.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        match &self.directory {
            Some(directory) => directory.temporary(),
            None => NamedTempFile::new(),
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.directory {
            Some(directory) => write!(f, "{}", directory.root().display()),
            None => f.write_str("memory"),
        }
    }
}
