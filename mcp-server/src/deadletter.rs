//! What could not be stored, on disk: one file a letter, written whole and synced before anybody is told.
//!
//! A *job* is what is being sent just now. Its file is there, and locked by the process that sends, from before the first
//! byte goes out until every instance is either known to be stored or a letter. A process that dies leaves its job
//! unlocked: whoever opens the queue next makes letters of it, so that nothing is lost whenever it is killed.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::Failure;
use crate::upload::{Candidate, Fate};

/// The queue's folder.
#[derive(Debug, Clone)]
pub struct Queue {
    letters: PathBuf,
    jobs: PathBuf,
}

/// One instance that is not known to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Letter {
    /// Its name: the same instance for the same archive is the same letter.
    pub id: String,
    /// The archive by its name in the settings.
    pub archive: String,
    /// The file.
    pub path: PathBuf,
    /// Study Instance UID.
    pub study_instance_uid: String,
    /// SOP Instance UID.
    pub sop_instance_uid: String,
    /// The file's SHA-256 when it was put here; none where it could not be read.
    pub sha256: Option<String>,
    /// What is known.
    pub state: State,
    /// Why it is here, in words.
    pub reason: String,
    /// Seconds since 1970 when it was last tried.
    pub when: u64,
    /// How often it was tried.
    pub tries: u32,
}

/// What is known about a letter's instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The archive does not have it.
    Refused,
    /// The archive may have it or not.
    Unknown,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Planned {
    archive: String,
    instances: Vec<PlannedInstance>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PlannedInstance {
    path: PathBuf,
    study_instance_uid: String,
    sop_instance_uid: String,
}

/// A job of this process; its file is locked as long as this lives.
#[derive(Debug)]
pub struct Job {
    path: PathBuf,
    folder: PathBuf,
    _lock: File,
}

impl Queue {
    /// The queue in a folder, which is made where it is not there. Jobs that a dead process left become letters.
    ///
    /// # Errors
    /// If the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self, Failure> {
        let queue = Self {
            letters: folder.join("letters"),
            jobs: folder.join("jobs"),
        };
        for folder in [&queue.letters, &queue.jobs] {
            std::fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
        }
        queue.recover()?;
        Ok(queue)
    }

    /// Writes down what is about to be sent.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(&self, archive: &str, candidates: &[Candidate]) -> Result<Job, Failure> {
        use rand::RngExt as _;
        let number: u64 = rand::rng().random();
        let path = self.jobs.join(format!("{number:016x}.json"));
        let planned = Planned {
            archive: archive.to_owned(),
            instances: candidates
                .iter()
                .map(|candidate| PlannedInstance {
                    path: candidate.part.path.clone(),
                    study_instance_uid: candidate.study.to_string(),
                    sop_instance_uid: candidate.instance.to_string(),
                })
                .collect(),
        };
        // Locked under a name that nobody looks at, so that it is never seen without its lock.
        let hidden = self.jobs.join(format!(".{number:016x}"));
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&hidden)
            .map_err(|error| failed("write", &hidden, &error))?;
        let wrote = file
            .try_lock()
            .map_err(std::io::Error::from)
            .and_then(|()| Ok(serde_json::to_writer(&mut file, &planned)?))
            .and_then(|()| file.sync_all())
            .and_then(|()| std::fs::rename(&hidden, &path))
            .and_then(|()| sync(&self.jobs));
        wrote.map_err(|error| failed("write", &path, &error))?;
        Ok(Job {
            path,
            folder: self.jobs.clone(),
            _lock: file,
        })
    }

    /// Takes in what became of an instance: a letter, or none any more.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn settle(&self, archive: &str, candidate: &Candidate, fate: &Fate) -> Result<(), Failure> {
        let (state, reason) = match fate {
            Fate::Stored { .. } => return self.resolve(&id(archive, candidate.instance.as_str())),
            Fate::Refused { reason, .. } => (State::Refused, reason),
            Fate::Unknown { reason } => (State::Unknown, reason),
        };
        let planned = PlannedInstance {
            path: candidate.part.path.clone(),
            study_instance_uid: candidate.study.to_string(),
            sop_instance_uid: candidate.instance.to_string(),
        };
        self.put(archive, planned, state, reason)
    }

    fn put(
        &self,
        archive: &str,
        instance: PlannedInstance,
        state: State,
        reason: &str,
    ) -> Result<(), Failure> {
        let id = id(archive, &instance.sop_instance_uid);
        let before = self.letter(&id)?.map_or(0, |letter| letter.tries);
        let letter = Letter {
            sha256: digest(&instance.path),
            id: id.clone(),
            archive: archive.to_owned(),
            path: instance.path,
            study_instance_uid: instance.study_instance_uid,
            sop_instance_uid: instance.sop_instance_uid,
            state,
            reason: reason.to_owned(),
            when: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |elapsed| elapsed.as_secs()),
            tries: before + 1,
        };
        let path = self.letters.join(format!("{id}.json"));
        let hidden = self.letters.join(format!(".{id}"));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&hidden)?;
            file.write_all(&serde_json::to_vec_pretty(&letter)?)?;
            file.sync_all()?;
            std::fs::rename(&hidden, &path)?;
            sync(&self.letters)
        };
        write().map_err(|error| failed("write", &path, &error))
    }

    /// Every letter, the oldest first.
    ///
    /// # Errors
    /// If the folder or a letter cannot be read.
    pub fn list(&self) -> Result<Vec<Letter>, Failure> {
        let mut letters = Vec::new();
        for path in json_files(&self.letters)? {
            // One that another process resolved meanwhile is none any more.
            if let Some(letter) = read(&path)? {
                letters.push(letter);
            }
        }
        letters.sort_by(|a: &Letter, b: &Letter| (a.when, &a.id).cmp(&(b.when, &b.id)));
        Ok(letters)
    }

    /// The letter of this name.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub fn letter(&self, id: &str) -> Result<Option<Letter>, Failure> {
        if !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        read(&self.letters.join(format!("{id}.json")))
    }

    /// Takes a letter out: its instance is stored.
    ///
    /// # Errors
    /// If it is there and cannot be taken out.
    pub fn resolve(&self, id: &str) -> Result<(), Failure> {
        let path = self.letters.join(format!("{id}.json"));
        match std::fs::remove_file(&path) {
            Ok(()) => sync(&self.letters).map_err(|error| failed("write", &path, &error)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(failed("take out", &path, &error)),
        }
    }

    /// Makes letters of what dead processes were sending.
    fn recover(&self) -> Result<(), Failure> {
        for path in json_files(&self.jobs)? {
            let Ok(file) = OpenOptions::new().read(true).write(true).open(&path) else {
                continue;
            };
            if file.try_lock().is_err() {
                continue;
            }
            let planned: Option<Planned> = read(&path)?;
            for instance in planned.iter().flat_map(|planned| &planned.instances) {
                let archive = planned.as_ref().map_or("", |planned| &planned.archive);
                let known = id(archive, &instance.sop_instance_uid);
                // What was settled before the end has a letter with a better reason.
                if self.letter(&known)?.is_none() {
                    let instance = PlannedInstance {
                        path: instance.path.clone(),
                        study_instance_uid: instance.study_instance_uid.clone(),
                        sop_instance_uid: instance.sop_instance_uid.clone(),
                    };
                    self.put(
                        archive,
                        instance,
                        State::Unknown,
                        "sending it was interrupted: whether the archive has it is not known",
                    )?;
                }
            }
            std::fs::remove_file(&path).map_err(|error| failed("take out", &path, &error))?;
        }
        Ok(())
    }
}

impl Job {
    /// Everything is settled.
    ///
    /// # Errors
    /// If the file cannot be taken out.
    pub fn end(self) -> Result<(), Failure> {
        std::fs::remove_file(&self.path)
            .and_then(|()| sync(&self.folder))
            .map_err(|error| failed("take out", &self.path, &error))
    }
}

/// Letters and digits that name an instance for an archive.
fn id(archive: &str, instance: &str) -> String {
    let digest = Sha256::new()
        .chain_update(archive)
        .chain_update([0])
        .chain_update(instance)
        .finalize();
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn digest(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let mut digest = Sha256::new();
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk).ok()? {
            0 => break,
            length => digest.update(&chunk[..length]),
        }
    }
    Some(
        digest
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| failed("read", folder, &error))?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    paths.sort();
    Ok(paths)
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| failed("read", path, &error.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, &error)),
    }
}

/// A name is on disk only once its folder is.
fn sync(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Content {
        doing: format!("{doing} {} of the dead-letter queue", path.display()),
        reason: error.to_string(),
        advice: Some("check the folder of --queue".to_owned()),
    }
}
