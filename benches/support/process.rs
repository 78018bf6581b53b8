//! The archive as its users run it: the release binary, in a process whose memory can be read.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A running archive; it ends when this is dropped.
#[derive(Debug)]
pub struct Archive {
    child: Child,
    /// Where its DICOMweb services are, ending in `/dicomweb`.
    pub web: String,
    /// Where its DIMSE services are, as `HOST:PORT`.
    pub dimse: String,
    /// Its AE title.
    pub ae_title: String,
    /// Where its control API is.
    pub control: String,
}

impl Archive {
    /// Builds the binary if need be and starts it, empty, with its instances in files of a directory.
    ///
    /// # Errors
    /// If it cannot be built or started, or says something else than its ready line.
    pub fn start(storage: &Path) -> io::Result<Self> {
        Self::start_with(&["--storage", &storage.to_string_lossy()])
    }

    /// The same, with other flags than those for its ports.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_with(flags: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(binary()?)
            .args([
                "--empty",
                "--http",
                "127.0.0.1:0",
                "--dimse",
                "127.0.0.1:0",
                "--control",
                "127.0.0.1:0",
            ])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let Some(web) = ready["dicomweb"].as_str().map(str::to_owned) else {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other(format!(
                "instead of a ready line: {line:?}"
            )));
        };
        let text = |name: &str| ready[name].as_str().unwrap_or_default().to_owned();
        let dimse = text("dimse");
        Ok(Self {
            child,
            web,
            dimse: dimse.rsplit('@').next().unwrap_or(&dimse).to_owned(),
            ae_title: text("ae_title"),
            control: text("control"),
        })
    }

    /// The most memory that was resident at once, in bytes; `None` where the system does not tell (it does on Linux).
    pub fn peak_resident(&self) -> Option<u64> {
        told(&self.child.id().to_string(), "VmHWM:")
    }
}

/// The memory of this process that is resident now, in bytes; `None` where the system does not tell.
pub fn resident() -> Option<u64> {
    told("self", "VmRSS:")
}

fn told(process: &str, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

impl Drop for Archive {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, built as this executable was, unless `ARCHIVE_BINARY` names another.
fn binary() -> io::Result<PathBuf> {
    if let Some(given) = std::env::var_os("ARCHIVE_BINARY") {
        return Ok(given.into());
    }
    static BUILT: Mutex<Option<PathBuf>> = Mutex::new(None);
    let mut known = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    if known.is_none() {
        *known = Some(build()?);
    }
    known.clone().ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// Cargo builds this package only, so it is asked for the other; that is quick when nothing changed.
fn build() -> io::Result<PathBuf> {
    // This executable is in target/release/deps, or target/debug/deps.
    let here = std::env::current_exe()?;
    let built = here.ancestors().nth(2).ok_or(io::ErrorKind::NotFound)?;
    let target = built.parent().ok_or(io::ErrorKind::NotFound)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build
        .args([
            "build",
            "--quiet",
            "--package",
            "dicom-mock-archive",
            "--bin",
            "dicom-mock-archive",
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if built.ends_with("release") {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err(io::Error::other("the archive cannot be built"));
    }
    let name = format!("dicom-mock-archive{}", std::env::consts::EXE_SUFFIX);
    Ok(built.join(name))
}
