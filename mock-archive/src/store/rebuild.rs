//! What a directory holds when the archive starts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use dicom_wire::uid::Uid;

use super::directory::Directory;
use super::instance::Stored;
use super::{Storage, Unreadable};

/// How many files are read at once, for each processor: they wait for the disk more than they compute.
const READERS: usize = 4;

/// A file of the directory that is no instance of the archive, and is left alone.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// Why it is not taken.
    pub why: String,
}

/// A file that may hold an instance.
struct Candidate {
    path: PathBuf,
    written: SystemTime,
}

impl Storage {
    /// The instances that are there already, in the order in which they were written, and the files that are none.
    ///
    /// Headers only are read, several at once. A file counts where this archive would have put it. Of two with the same SOP Instance UID, which a process leaves that is
    /// killed while it replaces one by one of another series, the later stays and the other goes.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn rebuild(&self) -> io::Result<(Vec<Stored>, Vec<Left>)> {
        let Some(directory) = &self.directory else {
            return Ok(Default::default());
        };
        let (mut candidates, mut left) = (Vec::new(), Vec::new());
        collect(directory.root(), 0, &mut candidates, &mut left)?;
        candidates.sort_by(|a, b| (a.written, &a.path).cmp(&(b.written, &b.path)));
        let mut stored = Vec::with_capacity(candidates.len());
        for (candidate, read) in candidates.iter().zip(self.read_all(directory, &candidates)) {
            match read {
                Ok(one) => stored.push(one),
                Err(error) => left.push(Left {
                    path: candidate.path.clone(),
                    why: error.to_string(),
                }),
            }
        }
        for left in &left {
            directory.share(&left.path);
        }
        Ok((stored, left))
    }

    fn read_all(
        &self,
        directory: &Directory,
        candidates: &[Candidate],
    ) -> Vec<Result<Stored, Unreadable>> {
        let most = std::thread::available_parallelism().map_or(1, usize::from) * READERS;
        let next = AtomicUsize::new(0);
        let read = Mutex::new(Vec::with_capacity(candidates.len()));
        std::thread::scope(|scope| {
            for _ in 0..most.min(candidates.len()) {
                scope.spawn(|| {
                    while let number = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(candidate) = candidates.get(number)
                    {
                        let stored = Stored::from_directory(self, directory, &candidate.path);
                        let mut read = read.lock().unwrap_or_else(PoisonError::into_inner);
                        read.push((number, stored));
                    }
                });
            }
        });
        let mut read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
        read.sort_by_key(|(number, _)| *number);
        read.into_iter().map(|(_, stored)| stored).collect()
    }
}

/// Files two folders below the root whose names are UIDs; all others are left. Folders without a file go.
fn collect(
    folder: &Path,
    depth: usize,
    found: &mut Vec<Candidate>,
    left: &mut Vec<Left>,
) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let kind = entry.file_type()?;
        let why = if kind.is_dir() && depth < 2 && name.to_str().is_some_and(is_uid) {
            collect(&path, depth + 1, found, left)?;
            // Refused unless it is empty.
            let _ = fs::remove_dir(&path);
            continue;
        } else if kind.is_dir() {
            "a folder of another kind than STUDY/SERIES"
        } else if kind.is_file() && depth == 2 {
            let written = entry
                .metadata()?
                .modified()
                .unwrap_or(SystemTime::UNIX_EPOCH);
            found.push(Candidate { path, written });
            continue;
        } else {
            "not a file of the form STUDY/SERIES/INSTANCE.dcm"
        };
        left.push(Left {
            path,
            why: why.to_owned(),
        });
    }
    Ok(())
}

fn is_uid(name: &str) -> bool {
    Uid::parse(name).is_ok()
}
