//! The folder in which instances are files, and what makes each step in it outlive a crash.
//!
//! Whatever moment the process ends at, each name is either not there or the whole file: names appear by a rename of a synced file, and a file that somebody still
//! reads gets a second name before its first one goes. Temporary and second names start with a dot and are removed when the directory is next opened, and so are the
//! folders of studies that were forgotten all at once.

mod folder;
mod naming;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use tempfile::{NamedTempFile, TempPath};

use super::Sync;
pub(super) use folder::{Folder, Name};
use folder::{give_up, gone_or};
use naming::{Queue, Wanted};

/// Of a file that is being written.
const INCOMING: &str = ".incoming-";
/// Of a file that is deleted or replaced, and still read; and of a folder with forgotten studies.
const GOING: &str = ".going-";

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// Folders that are known to be on the disk.
    durable: Mutex<HashSet<PathBuf>>,
    studies: Mutex<Studies>,
    /// Written files that have no name yet.
    unnamed: Queue<Vec<Wanted>, Vec<io::Result<()>>>,
    aside: AtomicU64,
    /// Holds the lock that keeps other archives away.
    _lock: Option<File>,
}

/// The folders of studies.
#[derive(Debug, Default)]
struct Studies {
    /// Those of which files are known.
    known: HashMap<PathBuf, Weak<Folder>>,
    /// Those in which there are files that are no instances.
    shared: HashSet<PathBuf>,
}

/// What became of studies that were to be put aside.
pub(super) struct Aside<'a> {
    /// Where they are. Dropped when nobody reads any of their files, these take the files with them.
    pub(super) folders: Vec<Arc<Folder>>,
    /// Those that are where they were.
    pub(super) left: Vec<&'a str>,
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
                match entry.file_type()?.is_dir() {
                    true => forget(&entry.path(), &root)?,
                    false => gone_or(fs::remove_file(entry.path())).map(drop)?,
                }
            }
        }
        Ok(Self {
            root,
            durable: Mutex::default(),
            studies: Mutex::default(),
            unnamed: Queue::default(),
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

    /// The name that a path in the folder of a study has.
    pub(super) fn name(&self, path: &Path) -> Name {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let mut parts = below.components();
        let study: PathBuf = parts.next().into_iter().collect();
        let own = parts.as_path().to_owned();
        let mut studies = self.studies();
        let known = studies.known.get(&study).and_then(Weak::upgrade);
        let folder = known.unwrap_or_else(|| {
            let folder = Arc::new(Folder::new(self.root.join(&study)));
            studies.known.insert(study, Arc::downgrade(&folder));
            folder
        });
        Name::new(folder, own)
    }

    /// Remembers a file that is no instance: what is in the same folder is never moved with it.
    pub(super) fn share(&self, path: &Path) {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let study = below.components().next().into_iter().collect();
        self.studies().shared.insert(study);
    }

    /// Puts the folders of studies aside, with all files in them, whose names go on being true. When this returns, none of the studies comes back but those that
    /// could not be moved.
    pub(super) fn put_aside<'a>(&self, all: &[&'a str], sync: Sync) -> io::Result<Aside<'a>> {
        let number = self.aside.fetch_add(1, Ordering::Relaxed);
        let aside = self.root.join(format!("{GOING}{number}"));
        fs::create_dir(&aside)?;
        let mut studies = self.studies();
        let (mut folders, mut left) = (Vec::new(), Vec::new());
        for study in all {
            let path = Path::new(study);
            let folder = studies.known.get(path).and_then(Weak::upgrade);
            let folder = folder.unwrap_or_else(|| Arc::new(Folder::new(self.root.join(path))));
            match studies.shared.contains(path) || folder.put_aside(aside.join(path)).is_err() {
                true => left.push(*study),
                false => drop(studies.known.remove(path)),
            }
            folders.push(folder);
        }
        drop(studies);
        self.durable().retain(|folder| {
            let below = folder.strip_prefix(&self.root).unwrap_or(folder);
            let study = below.iter().next().and_then(|study| study.to_str());
            study.is_none_or(|study| left.contains(&study))
        });
        // Refused unless nothing was put there, or all of it has gone already.
        let _ = fs::remove_dir(&aside);
        sync_folder(&self.root, sync)?;
        Ok(Aside { folders, left })
    }

    /// Gives written files their names. What is there under one of them is replaced in the same instant. A result for each, in order: where it is good, the disk has it all.
    pub(super) fn put(&self, files: Vec<(TempPath, &Name)>, sync: Sync) -> Vec<io::Result<()>> {
        let wanted: Vec<Wanted> = files
            .into_iter()
            .map(|(file, name)| Wanted {
                file,
                folder: name.folder().clone(),
                own: name.own(),
            })
            .collect();
        if sync == Sync::Never {
            return self.give_names(wanted, sync);
        }
        let synced = sync_files(&wanted);
        let (whole, failed): (Vec<_>, Vec<_>) = wanted
            .into_iter()
            .zip(synced)
            .enumerate()
            .partition(|(_, (_, synced))| synced.is_ok());
        let (places, whole): (Vec<usize>, Vec<Wanted>) = whole
            .into_iter()
            .map(|(place, (wanted, _))| (place, wanted))
            .unzip();
        let named = self.named_with_others(whole, sync);
        let mut results: Vec<(usize, io::Result<()>)> = places.into_iter().zip(named).collect();
        results.extend(
            failed
                .into_iter()
                .map(|(place, (_, synced))| (place, synced)),
        );
        results.sort_by_key(|(place, _)| *place);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Gives names to files together with those that others want named at the same time.
    fn named_with_others(&self, wanted: Vec<Wanted>, sync: Sync) -> Vec<io::Result<()>> {
        let count = wanted.len();
        let named = self.unnamed.join(wanted, |all| {
            let counts: Vec<usize> = all.iter().map(Vec::len).collect();
            let all = all.into_iter().flatten().collect();
            let mut named = self.give_names(all, sync).into_iter();
            let of_each = |count| named.by_ref().take(count).collect();
            counts.into_iter().map(of_each).collect()
        });
        named.unwrap_or_else(|error| {
            let same = || io::Error::new(error.kind(), error.to_string());
            (0..count).map(|_| Err(same())).collect()
        })
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
            gone_or(fs::remove_file(file))?;
            folders.extend(file.parent());
        }
        folders
            .into_iter()
            .try_for_each(|folder| sync_folder(folder, sync))
    }

    fn durable(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn studies(&self) -> MutexGuard<'_, Studies> {
        self.studies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes studies that were put aside by a process which did not come to it.
fn forget(aside: &Path, root: &Path) -> io::Result<()> {
    for study in gone_or(fs::read_dir(aside))?.into_iter().flatten() {
        let study = study?;
        give_up(&study.path(), &root.join(study.file_name()))?;
    }
    gone_or(fs::remove_dir(aside)).map(drop)
}

/// So many files are synced at once: a disk takes several as fast as one.
const SYNCED_AT_ONCE: usize = 16;

/// Has the disk know what is in files; a result for each, in order.
fn sync_files(files: &[Wanted]) -> Vec<io::Result<()>> {
    let sync = |wanted: &Wanted| File::open(&wanted.file)?.sync_data();
    if let [one] = files {
        return vec![sync(one)];
    }
    let threads = files.len().min(SYNCED_AT_ONCE);
    let mut results: Vec<io::Result<()>> = files.iter().map(|_| Ok(())).collect();
    let next = Mutex::new(files.iter().zip(&mut results));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((file, result)) = taken else { break };
                    *result = sync(file);
                }
            });
        }
    });
    results
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
        thread::sleep(BETWEEN);
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
