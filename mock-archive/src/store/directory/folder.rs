//! The folder of a study, which can be put aside with all that is in it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use dicom_wire::uid::Uid;

/// Where the files of a study are. Put aside, they stay as long as one of them may be read.
#[derive(Debug)]
pub(in crate::store) struct Folder {
    /// Where it is first.
    home: PathBuf,
    now: RwLock<PathBuf>,
    is_aside: AtomicBool,
}

/// The name of a file in such a folder, which may change while it is read.
#[derive(Debug)]
pub(in crate::store) struct Name {
    folder: Arc<Folder>,
    /// Below the folder, or absolute once the file is elsewhere.
    own: Mutex<PathBuf>,
}

impl Folder {
    pub(super) fn new(home: PathBuf) -> Self {
        Self {
            now: RwLock::new(home.clone()),
            home,
            is_aside: AtomicBool::new(false),
        }
    }

    /// Where it is; it stays there as long as the guard is held.
    pub(super) fn now(&self) -> RwLockReadGuard<'_, PathBuf> {
        self.now.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves it with all that is in it. A folder that is not on the disk yet need not be moved.
    pub(super) fn put_aside(&self, aside: PathBuf) -> io::Result<()> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        match fs::rename(&*now, &aside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        *now = aside;
        self.is_aside.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Nobody reads its files any more.
impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_aside.load(Ordering::Relaxed) {
            let aside = self.now();
            if let Err(error) = give_up(&aside, &self.home) {
                tracing::warn!(folder = %aside.display(), %error, "files are left behind");
            }
            // The last of those that were put aside together takes the folder around them with it; refused before.
            let _ = aside.parent().map(fs::remove_dir);
        }
    }
}

impl Name {
    pub(super) fn new(folder: Arc<Folder>, own: PathBuf) -> Self {
        Self {
            folder,
            own: Mutex::new(own),
        }
    }

    /// The whole path, as it is now.
    pub(in crate::store) fn path(&self) -> PathBuf {
        self.below(&self.folder.now())
    }

    /// Opens the file under the name that it has now.
    pub(in crate::store) fn open(&self) -> io::Result<File> {
        let folder = self.folder.now();
        File::open(self.below(&folder))
    }

    /// Has the file under another name from now on; the path that it had.
    pub(in crate::store) fn set(&self, path: PathBuf) -> PathBuf {
        let folder = self.folder.now();
        let before = std::mem::replace(&mut *self.locked(), path);
        folder.join(before)
    }

    pub(super) fn folder(&self) -> &Arc<Folder> {
        &self.folder
    }

    /// The path below the folder, or an absolute one once the file is elsewhere.
    pub(super) fn own(&self) -> PathBuf {
        self.locked().clone()
    }

    /// The whole path, if its folder is there.
    fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&*self.locked())
    }

    fn locked(&self) -> MutexGuard<'_, PathBuf> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the files that an archive wrote into the folder of a study, and the folder. Other files go to where it was. Somebody else may be doing the same.
pub(super) fn give_up(aside: &Path, home: &Path) -> io::Result<()> {
    let Some(series) = gone_or(fs::read_dir(aside))? else {
        return Ok(());
    };
    for entry in series {
        let entry = entry?;
        let path = entry.path();
        if !entry.file_type()?.is_dir() {
            restore(&path, home)?;
            continue;
        }
        for file in gone_or(fs::read_dir(&path))?.into_iter().flatten() {
            let file = file?.path();
            match is_ours(&file) {
                true => gone_or(fs::remove_file(&file)).map(drop)?,
                false => restore(&file, &home.join(entry.file_name()))?,
            }
        }
        gone_or(fs::remove_dir(&path))?;
    }
    gone_or(fs::remove_dir(aside)).map(drop)
}

/// Puts something back that is not ours; never in place of another.
fn restore(path: &Path, into: &Path) -> io::Result<()> {
    let Some(name) = path.file_name() else {
        return Ok(());
    };
    fs::create_dir_all(into)?;
    let to = into.join(name);
    match to.try_exists()? {
        true => Err(io::ErrorKind::AlreadyExists.into()),
        false => gone_or(fs::rename(path, to)).map(drop),
    }
}

/// What is not there any more is gone as wanted.
pub(super) fn gone_or<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

/// `INSTANCE.dcm`, or `INSTANCE.DIGEST.header`.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| {
        let whole = name.strip_suffix(".dcm");
        let header = || {
            name.strip_suffix(".header")?
                .rsplit_once('.')
                .map(|parts| parts.0)
        };
        whole.or_else(header)
    })
    .is_some_and(|uid| Uid::parse(uid).is_ok())
}
