//! The archive as its users run it: the release binary, in a process whose memory can be read.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running archive; it ends when this is dropped.
#[derive(Debug)]
pub struct Archive {
    child: Child,
    /// Where its DICOMweb services are, ending in `/dicomweb`.
    pub web: String,
}

impl Archive {
    /// Builds the binary if need be and starts it, empty, with its instances in files of a directory.
    ///
    /// # Errors
    /// If it cannot be built or started, or says something else than its ready line.
    pub fn start(storage: &Path) -> io::Result<Self> {
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
            .arg("--storage")
            .arg(storage)
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
        Ok(Self { child, web })
    }

    /// The most memory that was resident at once, in bytes; `None` where the system does not tell (it does on Linux).
    pub fn peak_resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kib * 1024)
    }
}

impl Drop for Archive {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary, built as this executable was. Cargo builds this package only, so it is asked for the other; that is quick when nothing changed.
fn binary() -> io::Result<PathBuf> {
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
