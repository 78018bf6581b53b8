//! What passed between a client and a real archive, kept in a file, and answered from it without the archive.
//!
//! A [`Recorder`] stands between the two and writes each exchange as it ends, HTTP and DIMSE alike; a [`Recording`] read from its file is
//! [played](crate::server::Builder::replay) by an archive of ours, so that rules, journal and control API work on it as on any other.
//! Patients in the file are replaced consistently unless told otherwise: [`mask::Mask`] says what that covers.
//!
//! The file is lines of JSON: the [`Head`], then one [`Recorded`] exchange a line. URLs of the real archive stand in it as `{base}`.

mod body;
pub mod dimse;
pub mod mask;
mod masked;
mod parts;
mod player;
mod recorder;
pub mod web;

use std::io::BufRead;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use body::{Body, Ending, Kept};
pub(crate) use player::Player;
pub use recorder::{Recorder, RecorderError, Relay, Settings};

/// The version of the file's form that is written and read.
const VERSION: u32 = 1;

/// Stands in a recording for the base URL of the archive.
pub(crate) const BASE: &str = "{base}";

/// The longest line of a recording: a body at its limit, in base64, with room for the heads.
const MAX_LINE: u64 = 512 << 20;

/// Exchanges with one archive, in the order in which they began.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What the file says about itself.
    pub head: Head,
    /// The exchanges.
    pub exchanges: Vec<Recorded>,
}

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Version of the form: 1.
    pub recording: u32,
    /// Whether patients are those of the archive.
    pub patients: Patients,
}

/// What the patients of a recording are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patients {
    /// Others stand for them, the same one each time.
    Replaced,
    /// Those of the archive.
    AsSeen,
}

/// Something that passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// 1 for the first that began.
    pub number: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// What it was.
    pub passed: Passed,
}

/// What can pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passed {
    /// An HTTP request and what came of it.
    Web(web::Exchange),
    /// The beginning of an association.
    Association(dimse::Negotiation),
    /// A DIMSE operation.
    Operation(dimse::Operation),
}

/// A file is not a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It cannot be read.
    #[error("cannot read the recording {}: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("line {line} of the recording {}: {why}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, 1 for the first.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

impl Recording {
    /// Reads a file that a [`Recorder`] wrote. A last line that was cut off, as when the recorder was killed, is left out.
    ///
    /// # Errors
    /// A file that cannot be read, another version, or a line that is not an exchange.
    pub fn read(path: &Path) -> Result<Self, RecordingError> {
        let unreadable = |why| RecordingError::Unreadable {
            path: path.to_owned(),
            why,
        };
        let wrong = |line, why: String| RecordingError::Line {
            path: path.to_owned(),
            line,
            why,
        };
        let mut file = std::io::BufReader::new(std::fs::File::open(path).map_err(unreadable)?);
        let mut lines = std::iter::from_fn(move || next_line(&mut file).transpose());

        let first = lines.next().transpose().map_err(unreadable)?;
        let first = first.ok_or_else(|| wrong(1, "the file is empty".to_owned()))?;
        let head: Head = serde_json::from_str(&first).map_err(|why| wrong(1, why.to_string()))?;
        if head.recording != VERSION {
            let why = format!("version {} where {VERSION} is read", head.recording);
            return Err(wrong(1, why));
        }
        let mut exchanges = Vec::new();
        for (index, line) in lines.enumerate() {
            let line = line.map_err(unreadable)?;
            match serde_json::from_str(&line) {
                Ok(exchange) => exchanges.push(exchange),
                Err(_) if !line.ends_with('\n') => {}
                Err(why) => return Err(wrong(index + 2, why.to_string())),
            }
        }
        exchanges.sort_by_key(|exchange: &Recorded| exchange.number);
        Ok(Self { head, exchanges })
    }
}

fn next_line(file: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::Read::take(&mut *file, MAX_LINE).read_line(&mut line)?;
    Ok((read > 0).then_some(line))
}
