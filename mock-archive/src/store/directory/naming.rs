//! Names for many files at once: what has to be done once for all of them, such as to have the disk know a folder, is done once.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tempfile::TempPath;

use super::{Directory, Folder, Sync, sync_folder};

/// A written file, and the name that it is to have.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) file: TempPath,
    pub(super) folder: Arc<Folder>,
    /// Below the folder.
    pub(super) own: PathBuf,
}

/// Those who wait for a name. While one of them gives names, the others come together; the first of those is next.
#[derive(Debug)]
pub(super) struct Queue<T, R>(Mutex<Line<T, R>>);

#[derive(Debug)]
struct Line<T, R> {
    waiting: Vec<(T, SyncSender<Turn<R>>)>,
    is_led: bool,
}

impl<T, R> Default for Queue<T, R> {
    fn default() -> Self {
        Self(Mutex::new(Line {
            waiting: Vec::new(),
            is_led: false,
        }))
    }
}

/// What one is told who waits.
#[derive(Debug)]
enum Turn<R> {
    /// To do it for all who wait.
    Lead,
    Done(R),
}

impl<T, R> Queue<T, R> {
    /// Has a thing done together with those of others that wait at the same time. `act` gives one result for each, in order.
    ///
    /// # Errors
    /// If whoever did it gave up on the way.
    pub(super) fn join(&self, thing: T, act: impl FnOnce(Vec<T>) -> Vec<R>) -> io::Result<R> {
        // Room for being told to lead and for the result.
        let (tell, told) = sync_channel(2);
        let mut line = self.line();
        line.waiting.push((thing, tell));
        if mem::replace(&mut line.is_led, true) {
            drop(line);
            match told.recv() {
                Ok(Turn::Lead) => line = self.line(),
                Ok(Turn::Done(result)) => return Ok(result),
                Err(_) => return Err(given_up()),
            }
        }
        let (things, waiting): (Vec<T>, Vec<_>) = mem::take(&mut line.waiting).into_iter().unzip();
        drop(line);
        let next = Next(self);
        for (tell, result) in waiting.into_iter().zip(act(things)) {
            let _ = tell.send(Turn::Done(result));
        }
        drop(next);
        match told.recv() {
            Ok(Turn::Done(result)) => Ok(result),
            Ok(Turn::Lead) | Err(_) => Err(given_up()),
        }
    }

    fn line(&self) -> MutexGuard<'_, Line<T, R>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn given_up() -> io::Error {
    io::Error::other("naming files was given up")
}

/// Dropped, it has the next one lead, whatever became of this one.
struct Next<'a, T, R>(&'a Queue<T, R>);

impl<T, R> Drop for Next<'_, T, R> {
    fn drop(&mut self) {
        let mut line = self.0.line();
        line.is_led = match line.waiting.first() {
            Some((_, tell)) => tell.send(Turn::Lead).is_ok(),
            None => false,
        };
    }
}

impl Directory {
    /// Gives files their names; what is there under one of them is replaced in the same instant. A result for each, in order: where it is good, the disk has it all.
    pub(super) fn give_names(&self, all: Vec<Wanted>, sync: Sync) -> Vec<io::Result<()>> {
        let mut folders: Vec<Arc<Folder>> =
            all.iter().map(|wanted| wanted.folder.clone()).collect();
        folders.sort_by_key(Arc::as_ptr);
        folders.dedup_by(|a, b| Arc::ptr_eq(a, b));
        // From here on the studies' folders stay where they are. Each is asked once: asked twice, it might wait for one who waits for this.
        let now: HashMap<*const Folder, _> = folders
            .iter()
            .map(|folder| (Arc::as_ptr(folder), folder.now()))
            .collect();
        let mut made = Made::default();
        let named: Vec<io::Result<PathBuf>> = all
            .into_iter()
            .map(|wanted| {
                let path = now[&Arc::as_ptr(&wanted.folder)].join(&wanted.own);
                let folder = path.parent().unwrap_or(self.root()).to_owned();
                self.make(&folder, &mut made)?;
                wanted
                    .file
                    .persist(&path)
                    .map_err(|refused| refused.error)?;
                made.changed.insert(folder.clone(), None);
                Ok(folder)
            })
            .collect();
        self.know(made, named, sync)
    }

    /// Makes a folder and all above it up to the root.
    fn make(&self, folder: &Path, made: &mut Made) -> io::Result<()> {
        if self.durable().contains(folder) || made.new.iter().any(|new| new == folder) {
            return Ok(());
        }
        fs::create_dir_all(folder)?;
        let above = folder.ancestors().skip(1);
        for above in above.take_while(|above| above.starts_with(self.root())) {
            made.changed.insert(above.to_owned(), None);
        }
        made.new.push(folder.to_owned());
        Ok(())
    }

    /// Has the disk know all folders in which something changed.
    fn know(
        &self,
        mut made: Made,
        named: Vec<io::Result<PathBuf>>,
        sync: Sync,
    ) -> Vec<io::Result<()>> {
        for (folder, failed) in made.changed.iter_mut().rev() {
            *failed = sync_folder(folder, sync).err();
        }
        let known = |folder: &Path| {
            let failed = folder
                .ancestors()
                .find_map(|at| made.changed.get(at)?.as_ref());
            failed.map_or(Ok(()), |error| {
                Err(io::Error::new(error.kind(), error.to_string()))
            })
        };
        let new = made
            .new
            .iter()
            .filter(|folder| known(folder).is_ok())
            .cloned();
        self.durable().extend(new);
        let named = named.into_iter().map(|folder| known(&folder?));
        named.collect()
    }
}

/// What was done to folders for some names.
#[derive(Default)]
struct Made {
    /// Where something changed, with what kept the disk from knowing it.
    changed: BTreeMap<PathBuf, Option<io::Error>>,
    /// Those that may be new.
    new: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_come_meanwhile_are_served_together() {
        let queue = Queue::default();
        let (begun, has_begun) = sync_channel(1);
        let (go, may_go) = sync_channel::<()>(1);
        let waiting = || queue.line().waiting.len();
        std::thread::scope(|scope| {
            let queue = &queue;
            let first = scope.spawn(move || {
                queue.join(0, |things| {
                    begun.send(()).unwrap();
                    may_go.recv().unwrap();
                    things.iter().map(|thing| thing * 10).collect()
                })
            });
            has_begun.recv().unwrap();
            let others: Vec<_> = (1..=3)
                .map(|thing| {
                    let other = scope.spawn(move || {
                        queue.join(thing, |things| {
                            assert_eq!(things, [1, 2, 3]);
                            things.iter().map(|thing| thing * 10).collect()
                        })
                    });
                    while waiting() < thing as usize {
                        std::thread::yield_now();
                    }
                    other
                })
                .collect();
            go.send(()).unwrap();
            assert_eq!(first.join().unwrap().unwrap(), 0);
            let told: Vec<i32> = others
                .into_iter()
                .map(|other| other.join().unwrap().unwrap())
                .collect();
            assert_eq!(told, [10, 20, 30]);
        });
        assert!(!queue.line().is_led);
    }

    #[test]
    fn one_that_fails_leaves_nobody_waiting() {
        let queue = Queue::default();
        let failed = std::thread::scope(|scope| {
            let failing = scope.spawn(|| queue.join((), |_| -> Vec<()> { panic!("on purpose") }));
            failing.join()
        });
        assert!(failed.is_err());
        queue.join((), |things| things).unwrap();
    }
}
