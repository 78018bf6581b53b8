//! The folder in which instances are files, and what makes each step in it outlive a crash.
//!
//! Whatever moment the process ends at, each name is either not there or the whole file: names appear by a rename of a synced file, and a file that somebody still
//! reads gets a second name before its first one goes. Temporary and second names start with a dot and are removed when the directory is next opened.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::{NamedTempFile, TempPath};

use super::Sync;

/// Of a file that is being written.
const INCOMING: &str = ".incoming-";
/// Of a file that is deleted or replaced, and still read.
const GOING: &str = ".going-";

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// Folders that are known to be on the disk.
    durable: Mutex<HashSet<PathBuf>>,
    aside: AtomicU64,
    /// Holds the lock that keeps other archives away.
    _lock: Option<File>,
}

impl Directory {
    /// Makes it if need be, takes it over, and removes what a killed process left half done.
    pub(super) fn open(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&root)?;
        tempfile::tempfile_in(&root)?;
        let lock = lock(&root)?;
        for entry in fs::read_dir(&root)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(INCOMING) || name.starts_with(GOING) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self {
            root,
            durable: Mutex::default(),
            aside: AtomicU64::new(0),
            _lock: lock,
        })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// A file to write, which goes unless it is put somewhere.
    pub(super) fn temporary(&self) -> io::Result<NamedTempFile> {
        tempfile::Builder::new()
            .prefix(INCOMING)
            .tempfile_in(&self.root)
    }

    /// Gives a written file its name. What is there under that name is replaced in the same instant. When this returns, the disk has it all.
    pub(super) fn put(&self, file: TempPath, name: &Path, sync: Sync) -> io::Result<()> {
        if sync == Sync::Always {
            File::open(&file)?.sync_data()?;
        }
        let folder = name.parent().unwrap_or(&self.root);
        self.make(folder, sync)?;
        file.persist(name).map_err(|refused| refused.error)?;
        sync_folder(folder, sync)
    }

    /// Gives a file a second name, which is the only one soon; readers go on with that.
    pub(super) fn second_name(&self, file: &Path) -> io::Result<PathBuf> {
        let number = self.aside.fetch_add(1, Ordering::Relaxed);
        let aside = self.root.join(format!("{GOING}{number}"));
        fs::hard_link(file, &aside)?;
        Ok(aside)
    }

    /// Takes files away. When this returns, none of them comes back.
    pub(super) fn remove(&self, files: &[PathBuf], sync: Sync) -> io::Result<()> {
        let mut folders = HashSet::new();
        for file in files {
            match fs::remove_file(file) {
                // Somebody else removed it: then it is gone as wanted.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => other?,
            }
            folders.extend(file.parent());
        }
        folders
            .into_iter()
            .try_for_each(|folder| sync_folder(folder, sync))
    }

    /// Makes a folder and all above it up to the root, and has the disk know them.
    fn make(&self, folder: &Path, sync: Sync) -> io::Result<()> {
        let durable = || self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        if durable().contains(folder) {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        let above = folder.ancestors().skip(1);
        for above in above.take_while(|above| above.starts_with(&self.root)) {
            sync_folder(above, sync)?;
        }
        durable().insert(folder.to_owned());
        Ok(())
    }
}

/// Has the disk know the names in a folder. Only Unix has such a thing.
fn sync_folder(folder: &Path, sync: Sync) -> io::Result<()> {
    if cfg!(unix) && sync == Sync::Always {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// A process that is just being started has the files of the one that starts it for a moment, locks included: so often, and so far apart,
/// is a lock tried again.
const ATTEMPTS: u32 = 10;
const BETWEEN: Duration = Duration::from_millis(20);

/// Two archives in one directory would remove each other's files.
fn lock(root: &Path) -> io::Result<Option<File>> {
    if !cfg!(unix) {
        return Ok(None);
    }
    let folder = File::open(root)?;
    let mut locked = folder.try_lock();
    for _ in 0..ATTEMPTS {
        if !matches!(locked, Err(fs::TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(BETWEEN);
        locked = folder.try_lock();
    }
    match locked {
        Ok(()) => Ok(Some(folder)),
        Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another archive keeps its instances there",
        )),
        // Not every file system has locks; a user who has one archive in the directory needs none.
        Err(fs::TryLockError::Error(error)) => {
            tracing::debug!(%error, "directory not locked");
            Ok(None)
        }
    }
}
