//! A stage: an empty archive, files to upload, and the client that is to do it.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::journal::Note;
use dicom_mock_archive::rule::Rule;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use crate::context::Context;
use crate::data::Study;
use crate::outcome::{Finding, Verdict};
use crate::subject::adapter::Names;
use crate::subject::{Program, alone};
use crate::target::Target;
use crate::target::embedded::{CALLING, Embedded};
use crate::transcript::Transcript;

use super::fault::{self, Deed};

/// The longest that a client may take.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// How much of what a client prints is kept.
const MOST_OUTPUT: u64 = 1 << 20;

/// An archive, files, and a client.
#[derive(Debug)]
pub struct Stage {
    embedded: Embedded,
    /// Where the archive is.
    pub target: Target,
    program: Program,
    deed: Option<Deed>,
    scratch: TempDir,
    files: Vec<PathBuf>,
    transcript: Transcript,
    /// What is to be uploaded.
    pub study: Study,
}

/// How a client ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code; nothing if it was ended by a signal, or did not end.
    pub code: Option<i32>,
    /// Whether it ended by itself.
    pub ended: bool,
    /// What it printed.
    pub output: String,
    /// The most memory that it held, in bytes, where that can be seen.
    pub peak: Option<u64>,
}

impl Ended {
    /// In one line.
    pub fn summary(&self) -> String {
        let how = match (self.ended, self.code) {
            (false, _) => format!("still running after {} s", PATIENCE.as_secs()),
            (true, Some(code)) => format!("exit code {code}"),
            (true, None) => "ended by a signal".to_owned(),
        };
        let last = self
            .output
            .lines()
            .rev()
            .find(|line| !line.trim().is_empty());
        match last {
            Some(line) => {
                let line: String = line.chars().filter(|c| !c.is_control()).take(160).collect();
                format!("{how}, last words {line:?}")
            }
            None => how,
        }
    }
}

impl Stage {
    /// A stage for a check, with a study of three instances.
    ///
    /// # Errors
    /// Not applicable without a program, and the harness's own errors.
    pub async fn open(context: &Context) -> Verdict<Self> {
        let study = context.data().study(1).instances(3).build();
        Self::with(context, study).await
    }

    /// Shows that the client can do it at all: an archive that is well, three files, all of them stored and told so. Who always fails
    /// would be right about every archive that does.
    ///
    /// # Errors
    /// Untestable, if it does not.
    pub async fn rehearse(context: &Context) -> Verdict {
        let study = context.data().study(9).instances(3).build();
        // What is put around a client is for what comes after.
        let stage = Self::on(context, study, None).await?;
        let ended = stage.run().await?;
        let stored = stage.stored();
        match ended.code == Some(0) && stored.iter().all(|&stored| stored) {
            true => Ok(()),
            false => Err(Finding::Untestable {
                because: "client.exit.success",
                reason: format!("stored {stored:?}, {}", ended.summary()),
            }),
        }
    }

    /// The same with another study.
    ///
    /// # Errors
    /// Not applicable without a program, and the harness's own errors.
    pub async fn with(context: &Context, study: Study) -> Verdict<Self> {
        let fault = context.program()?.fault.and_then(fault::find);
        Self::on(context, study, fault.map(|(_, deed)| deed)).await
    }

    async fn on(context: &Context, study: Study, deed: Option<Deed>) -> Verdict<Self> {
        let program = context.program()?.clone();
        let (embedded, target) = Embedded::start(&[]).await.map_err(Finding::error)?;
        let mut stage = Self {
            embedded,
            target,
            program,
            deed,
            scratch: tempfile::tempdir().map_err(Finding::error)?,
            files: Vec::new(),
            transcript: context.transcript().clone(),
            study,
        };
        let folder = stage.folder();
        std::fs::create_dir(&folder).map_err(Finding::error)?;
        for (n, instance) in stage.study.instances.iter().enumerate() {
            let mut bytes = instance.file.to_vec();
            if let (Some(Deed::ChangesBytes), Some(last)) = (deed, bytes.last_mut()) {
                *last ^= 1;
            }
            let path = folder.join(format!("{}.dcm", n + 1));
            std::fs::write(&path, bytes).map_err(Finding::error)?;
            stage.files.push(path);
        }
        if deed == Some(Deed::DropsLast)
            && let Some(last) = stage.files.pop()
        {
            std::fs::remove_file(last).map_err(Finding::error)?;
        }
        Ok(stage)
    }

    fn folder(&self) -> PathBuf {
        self.scratch.path().join("files")
    }

    /// Puts a file of this content beside the others.
    ///
    /// # Errors
    /// The harness's own.
    pub fn add(&mut self, content: &Bytes) -> Verdict {
        let path = self.folder().join(format!("{}.dcm", self.files.len() + 1));
        std::fs::write(&path, content).map_err(Finding::error)?;
        self.files.push(path);
        Ok(())
    }

    /// The archive.
    pub const fn archive(&self) -> &MockArchive {
        self.embedded.archive()
    }

    /// Puts a fault of the archive into force: its name, or a rule as JSON.
    ///
    /// # Errors
    /// The harness's own, if there is none of this name.
    pub fn turn(&self, fault: &str) -> Verdict {
        let rule = match fault.starts_with('{') {
            true => serde_json::from_str(fault).map_err(Finding::error)?,
            false => Rule::named(fault).map_err(Finding::error)?,
        };
        self.archive().inject(rule);
        Ok(())
    }

    /// The rule that refuses the second file for good, for this reason.
    pub fn refusing(&self, reason: &str) -> String {
        let uid = &self.study.instances[1].uid;
        format!(
            r#"{{"when":{{"service":"store","instance":"{uid}"}},"then":{{"refuse-instance":{{"reason":"{reason}"}}}}}}"#
        )
    }

    /// Runs the client to its end.
    ///
    /// # Errors
    /// A failure, if it cannot be run.
    pub async fn run(&self) -> Verdict<Ended> {
        let mut ended = self.run_once().await?;
        let again = match self.deed {
            Some(Deed::SendsTwice) => 1,
            Some(Deed::RunsAgain) => 3,
            _ => 0,
        };
        for _ in 0..again {
            if self.deed == Some(Deed::SendsTwice) || ended.code != Some(0) {
                ended = self.run_once().await?;
            }
        }
        match self.deed {
            Some(Deed::Exits0) if ended.ended => ended.code = Some(0),
            Some(Deed::Exits1) if ended.ended => ended.code = Some(1),
            Some(Deed::NeverEnds) => ended.ended = false,
            Some(Deed::Mute) => ended.output.clear(),
            Some(Deed::HoldsAll) => {
                let sizes = self.files.iter().filter_map(|path| path.metadata().ok());
                let held: u64 = sizes.map(|about| about.len()).sum();
                ended.peak = ended.peak.map(|peak| peak + held);
            }
            _ => {}
        }
        Ok(ended)
    }

    async fn run_once(&self) -> Verdict<Ended> {
        let dimse = self.archive().dimse_addr();
        let names = Names::default()
            .with("url", self.archive().web_url())
            .with("web", self.archive().web_url())
            .with("host", dimse.ip().to_string())
            .with("port", dimse.port().to_string())
            .with("called", self.archive().ae_title().as_str())
            .with("calling", CALLING)
            .with("folder", shown(&self.folder()))
            .with("scratch", shown(self.scratch.path()))
            .with("secret", "a-token");
        let words: Vec<String> = (self.program.command.iter())
            .flat_map(|word| match word.as_str() {
                "{files}" => self.files.iter().map(|path| shown(path)).collect(),
                word => vec![names.fill(word)],
            })
            .collect();
        let mut command = alone(&words).ok_or_else(|| Finding::error("no command"))?;
        for (name, value) in &self.program.adapter.environment {
            command.env(name, names.fill(value));
        }
        command.stdin(std::process::Stdio::null());
        let ticket = self
            .transcript
            .sent(self.program.line(), format!("{} files", self.files.len()));
        let mut child = command
            .spawn()
            .map_err(|error| Finding::fail(format!("cannot run {}: {error}", words[0])))?;
        let process = child.id();
        let output = tokio::spawn(kept(child.stdout.take()));
        let errors = tokio::spawn(kept(child.stderr.take()));
        let started = Instant::now();
        let (mut peak, mut status) = (None, None);
        while started.elapsed() < PATIENCE && status.is_none() {
            peak = peak.max(process.and_then(resident));
            let waited = tokio::time::timeout(Duration::from_millis(20), child.wait()).await;
            status = waited.ok().transpose().map_err(Finding::error)?;
        }
        if status.is_none() {
            // Fails only if it has ended by itself just now.
            let _ = child.kill().await;
        }
        let mut text = output.await.map_err(Finding::error)?;
        text.push_str(&errors.await.map_err(Finding::error)?);
        let ended = Ended {
            code: status.and_then(|status| status.code()),
            ended: status.is_some(),
            output: text,
            peak,
        };
        self.transcript.got(ticket, ended.summary(), &ended.output);
        Ok(ended)
    }

    /// How often each file's instance arrived whole at the archive, in order.
    pub fn arrivals(&self) -> Vec<usize> {
        let journal = self.archive().journal();
        let notes = journal.entries().iter().flat_map(|entry| &entry.notes);
        let arrived: Vec<_> = notes
            .filter_map(|note| match note {
                Note::Judged {
                    instance: Some(instance),
                    ..
                } => Some(instance.instance.to_string()),
                _ => None,
            })
            .collect();
        let times = |uid: &String| arrived.iter().filter(|it| *it == uid).count();
        self.study
            .instances
            .iter()
            .map(|it| times(&it.uid))
            .collect()
    }

    /// Which of the files' instances are stored, in order.
    pub fn stored(&self) -> Vec<bool> {
        let stored = self.archive().stored();
        let is = |uid: &str| stored.iter().any(|known| known.as_str() == uid);
        self.study.instances.iter().map(|it| is(&it.uid)).collect()
    }

    /// When requests to store, or associations, began and ended, since the archive started.
    pub fn attempts(&self) -> Vec<(Duration, Option<Duration>)> {
        let journal = self.archive().journal();
        let attempts = journal.entries().iter().filter(|entry| {
            entry.request.method == "POST" || entry.request.method.contains("ASSOCIATE")
        });
        attempts.map(|entry| (entry.at, entry.took)).collect()
    }

    /// The values of a header field of the requests to store.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let journal = self.archive().journal();
        let posts = (journal.entries().iter()).filter(|entry| entry.request.method == "POST");
        posts
            .map(|entry| {
                let value = entry.request.headers.get(name);
                let value =
                    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                let value = value.unwrap_or_default();
                match (self.deed, value.split_once(';')) {
                    (Some(Deed::BareMultipart), Some((bare, _))) => bare.to_owned(),
                    _ => value,
                }
            })
            .collect()
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The most memory that a process has held so far, in bytes, where /proc tells.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

async fn kept(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        // What cannot be read was not said; what is too much is read and let go, so that nobody waits at a full pipe.
        let _ = (&mut stream)
            .take(MOST_OUTPUT)
            .read_to_end(&mut bytes)
            .await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
