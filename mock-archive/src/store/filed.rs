//! An instance as a file of its own: put there, replaced, taken away, found again.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dicom_wire::part10::{self, Bulk, Element, Encoding, Limits};
use dicom_wire::uid::Uid;
use tempfile::{NamedTempFile, TempPath};

use super::content::Content;
use super::directory::{Directory, Folder, Name};
use super::{Retain, Storage, Stored, Unreadable};

/// How many bytes of a file are read at once where only its header is wanted.
const READ_AHEAD: usize = 16 * 1024;

/// Where the bytes of an instance are.
#[derive(Debug)]
pub(super) enum Kept {
    /// In memory, on their way, or nowhere.
    Here(Content),
    /// In a file of their own.
    InFile {
        /// Its name, which becomes another when the archive forgets the instance.
        name: Name,
        len: u64,
    },
}

/// A file that is whole, and the name that it gets.
struct Written {
    file: TempPath,
    name: Name,
}

impl Stored {
    /// Reads the header of a file that is in the storage's directory already, and where this archive would have put it.
    pub(super) fn from_directory(
        storage: &Storage,
        directory: &Directory,
        path: &Path,
    ) -> Result<Self, Unreadable> {
        let name = path.file_name().and_then(|name| name.to_str());
        let digest = name
            .and_then(|name| name.strip_suffix(".header"))
            .and_then(|name| name.rsplit_once('.'))
            .and_then(|(_, digest)| from_hex(digest));
        let file = File::open(path)?;
        let len = file.metadata()?.len();
        let mut reader = BufReader::with_capacity(READ_AHEAD, file);
        let layout = part10::scan(&mut reader, &Limits::default())?;
        reader.rewind()?;
        let header = part10::header(&mut reader, &layout)?;
        let kept = match digest {
            Some(_) => Kept::Here(Content::Gone { len }),
            None => Kept::InFile {
                name: directory.name(path),
                len,
            },
        };
        let stored = Self::new(storage, layout, header, kept, digest)?;
        let root = path.ancestors().nth(3).unwrap_or(path);
        let expected = stored.file_name(root, digest.is_some())?;
        if expected == path {
            Ok(stored)
        } else {
            Err(Unreadable::Misplaced { expected })
        }
    }

    /// Puts the bytes where they stay, when the archive keeps the instance, in place of another with the same UID. Bytes that are not retained go now.
    ///
    /// # Errors
    /// If the file cannot be written, synced or renamed; then nothing is left of it, and what it should replace is as before.
    pub(crate) fn commit(&mut self, instead_of: Option<&Stored>) -> io::Result<()> {
        let Some((directory, written)) = self.write()? else {
            return Ok(());
        };
        let old = instead_of
            .map(|old| old.step_aside())
            .transpose()?
            .flatten();
        let path = written.name.path();
        if let Err(error) = Self::put(&directory, [(&mut *self, written)]).remove(0) {
            if let (Some(stored), Some(old)) = (instead_of, old) {
                stored.step_back(old);
            }
            return Err(error);
        }
        if let Some(old) = old.filter(|old| *old != path) {
            directory.remove(&[old], self.storage.sync)?;
        }
        Ok(())
    }

    /// The same for several that replace none, faster than one by one. A result for each, in order.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub(crate) fn commit_all(all: Vec<&mut Stored>) -> Vec<io::Result<()>> {
        let mut results: Vec<io::Result<()>> = Vec::new();
        let mut all_written = Vec::new();
        let mut at = None;
        for (place, stored) in all.into_iter().enumerate() {
            results.push(match stored.write() {
                Ok(Some((directory, written))) => {
                    all_written.push((place, (stored, written)));
                    at = Some(directory);
                    Ok(())
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error),
            });
        }
        if let Some(directory) = at {
            let (places, all_written): (Vec<usize>, Vec<_>) = all_written.into_iter().unzip();
            for (place, put) in places.into_iter().zip(Self::put(&directory, all_written)) {
                results[place] = put;
            }
        }
        results
    }

    /// Writes the file that is to stay, where there is one, under a name that does not stay.
    fn write(&mut self) -> io::Result<Option<(Arc<Directory>, Written)>> {
        let len = self.len();
        let headers_only = self.storage.retain == Retain::Headers;
        if headers_only {
            self.digest()?;
        }
        let Some(directory) = self.storage.directory.clone() else {
            if headers_only {
                self.kept = Kept::Here(Content::Gone { len });
            }
            return Ok(None);
        };
        let file = if headers_only {
            self.without_bulk()?.into_temp_path()
        } else {
            match std::mem::replace(&mut self.kept, Kept::Here(Content::Gone { len })) {
                Kept::Here(Content::Temporary { path, .. }) => path,
                other => {
                    self.kept = other;
                    let mut file = self.storage.temporary()?;
                    for chunk in self.chunks(0..len)? {
                        file.write_all(&chunk?)?;
                    }
                    file.into_temp_path()
                }
            }
        };
        let name = directory.name(&self.file_name(directory.root(), headers_only)?);
        Ok(Some((directory, Written { file, name })))
    }

    /// Has written files stay.
    fn put<'a>(
        directory: &Directory,
        all: impl IntoIterator<Item = (&'a mut Stored, Written)>,
    ) -> Vec<io::Result<()>> {
        let (all, files): (Vec<&mut Stored>, Vec<(TempPath, Name)>) = all
            .into_iter()
            .map(|(stored, written)| (stored, (written.file, written.name)))
            .unzip();
        let sync = all.first().map(|stored| stored.storage.sync);
        let (files, names): (Vec<TempPath>, Vec<Name>) = files.into_iter().unzip();
        let put = directory.put(
            files.into_iter().zip(&names).collect(),
            sync.unwrap_or_default(),
        );
        for ((stored, name), put) in all.into_iter().zip(names).zip(&put) {
            let len = stored.len();
            if put.is_ok() {
                stored.kept = match stored.storage.retain {
                    Retain::Headers => Kept::Here(Content::Gone { len }),
                    Retain::All => Kept::InFile { name, len },
                };
            }
        }
        put
    }

    /// Where the file of this instance belongs.
    fn file_name(&self, root: &Path, headers_only: bool) -> io::Result<PathBuf> {
        let identity = self.identity();
        let folder = root
            .join(identity.study.as_str())
            .join(identity.series.as_str());
        Ok(if headers_only {
            let digest = self.digest()?;
            folder.join(format!("{}.{}.header", identity.instance, hex(&digest)))
        } else {
            folder.join(format!("{}.dcm", identity.instance))
        })
    }

    /// The file with holes where bulk values are: it has the length and all offsets, and takes little room.
    fn without_bulk(&self) -> io::Result<NamedTempFile> {
        let mut holes: Vec<Range<u64>> = match self.layout().encoding {
            Encoding::Deflated => Vec::new(),
            _ => self.layout().bulk.iter().flat_map(ranges).collect(),
        };
        holes.sort_by_key(|hole| hole.start);
        let mut file = self.storage.temporary()?;
        file.as_file().set_len(self.len())?;
        let mut from = 0;
        let ends = holes.iter().map(|hole| hole.end).chain([self.len()]);
        let starts = holes.iter().map(|hole| hole.start).chain([self.len()]);
        for (to, next) in starts.zip(ends) {
            file.seek(SeekFrom::Start(from))?;
            for chunk in self.chunks(from..to.max(from))? {
                file.write_all(&chunk?)?;
            }
            from = from.max(next);
        }
        Ok(file)
    }

    /// Takes the file away under its name, so that the next start does not find it. Who still reads it goes on, under another name.
    ///
    /// # Errors
    /// If that cannot be; then it is as before.
    pub(crate) fn withdraw(all: &[Arc<Stored>]) -> io::Result<()> {
        let Some(first) = all.first() else {
            return Ok(());
        };
        let Some(directory) = &first.storage.directory else {
            return Ok(());
        };
        let mut names = Vec::new();
        for (number, stored) in all.iter().enumerate() {
            match stored.step_aside() {
                Ok(name) => names.push(name),
                Err(error) => {
                    let before = all[..number].iter().zip(names);
                    before.for_each(|(stored, name)| {
                        name.into_iter().for_each(|name| stored.step_back(name))
                    });
                    return Err(error);
                }
            }
        }
        let names: Vec<PathBuf> = names.into_iter().flatten().collect();
        directory.remove(&names, first.storage.sync)
    }

    /// Gives the file a second name and goes on with that; the first, under which it can go now.
    fn step_aside(&self) -> io::Result<Option<PathBuf>> {
        let Some(directory) = &self.storage.directory else {
            return Ok(None);
        };
        match &self.kept {
            Kept::InFile { name, .. } => {
                let aside = directory.second_name(&name.path())?;
                self.doomed.store(true, Ordering::Relaxed);
                Ok(Some(name.set(aside)))
            }
            Kept::Here(Content::Gone { .. }) => self.file_name(directory.root(), true).map(Some),
            Kept::Here(_) => Ok(None),
        }
    }

    /// Takes its first name again, which is still there.
    fn step_back(&self, first: PathBuf) {
        if let Kept::InFile { name, .. } = &self.kept {
            self.doomed.store(false, Ordering::Relaxed);
            let _ = fs::remove_file(name.set(first));
        }
    }
}

/// Files that are forgotten. Dropped, it takes those along that nobody reads any more, which takes a while.
#[derive(Default)]
pub(crate) struct Forgotten(Vec<Arc<Folder>>);

impl Forgotten {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Storage {
    /// Forgets all of these instances, and whatever else is in the folders of their studies but those which are `in_use`. Whoever reads one goes on reading it.
    ///
    /// # Errors
    /// If that cannot be; then some are still there.
    pub(crate) fn forget(
        &self,
        all: &[Arc<Stored>],
        in_use: impl Fn(&Uid) -> bool,
    ) -> io::Result<Forgotten> {
        let Some(directory) = &self.directory else {
            return Ok(Forgotten::default());
        };
        let studies: HashSet<&Uid> = all.iter().map(|stored| &stored.identity().study).collect();
        let (one_by_one, at_once): (Vec<&Uid>, Vec<&Uid>) =
            studies.into_iter().partition(|study| in_use(study));
        let at_once: Vec<&str> = at_once.into_iter().map(Uid::as_str).collect();
        let aside = directory.put_aside(&at_once, self.sync)?;
        let left = one_by_one.into_iter().map(Uid::as_str).chain(aside.left);
        let left: HashSet<&str> = left.collect();
        if !left.is_empty() {
            let left = all
                .iter()
                .filter(|stored| left.contains(stored.identity().study.as_str()));
            Stored::withdraw(&left.cloned().collect::<Vec<_>>())?;
        }
        Ok(Forgotten(aside.folders))
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        if let (true, Kept::InFile { name, .. }) = (self.doomed.load(Ordering::Relaxed), &self.kept)
        {
            // Another process may have removed it: then it is gone as wanted.
            let _ = fs::remove_file(name.path());
        }
    }
}

/// The ranges of a value.
fn ranges(element: &Element) -> Vec<Range<u64>> {
    match &element.value {
        Bulk::Whole(range) => vec![range.clone()],
        Bulk::Fragments { fragments, .. } => fragments.clone(),
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let pairs = text.as_bytes().chunks_exact(2);
    let bytes: Option<Vec<u8>> = pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    bytes?.try_into().ok()
}
