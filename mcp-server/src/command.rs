//! What the command line does besides serving: the same tools, for scripts and people.

use std::path::{Path, PathBuf};

use serde_json::{Map, json};

use crate::answer::{Answer, Outcome};
use crate::config::Store;
use crate::diagnosis::{self, Verdict};
use crate::error::Failure;
use crate::tools::{self, Session};

/// What a command says, and whether it did all that was asked.
#[derive(Debug)]
pub struct Said {
    /// For people.
    pub text: String,
    /// For the exit code.
    pub outcome: Outcome,
}

impl From<Answer> for Said {
    fn from(answer: Answer) -> Self {
        Self {
            text: answer.text,
            outcome: answer.outcome,
        }
    }
}

/// Stores files. Whoever types the command allows it, for the paths that were typed.
///
/// # Errors
/// If a path is not there, or the archive or the queue cannot be used at all.
pub async fn store(session: &Session, paths: &[PathBuf], dry: bool) -> Result<Said, Failure> {
    let mut permissions = session.config.permissions.clone();
    permissions.store = Store::On;
    let absolute = |path: &PathBuf| {
        path.canonicalize()
            .map_err(|error| Failure::argument("PATH", format!("{}: {error}", path.display())))
    };
    let paths = paths.iter().map(absolute).collect::<Result<Vec<_>, _>>()?;
    permissions.paths = paths.iter().map(|path| folder_of(path)).collect();
    let named = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    tools::store(session, permissions, named, dry)
        .await
        .map(Said::from)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if path.is_file() => parent.to_owned(),
        _ => path.to_owned(),
    }
}

/// Lists the dead letters.
///
/// # Errors
/// If the queue cannot be read.
pub async fn list(session: &Session) -> Result<Said, Failure> {
    tools::invoke(session, "list-dead-letters", Map::new())
        .await
        .map(Said::from)
}

/// Shows a letter as it lies on disk.
///
/// # Errors
/// If there is none of this name.
pub fn show(session: &Session, id: &str) -> Result<Said, Failure> {
    let letter = tools::letter(session, id)?;
    let text = serde_json::to_string_pretty(&letter).map_err(|_| Failure::Internal {
        doing: "write a letter".into(),
    })?;
    Ok(Said {
        text,
        outcome: Outcome::Done,
    })
}

/// Sends one letter or all again.
///
/// # Errors
/// If the queue or the archive cannot be used at all.
pub async fn retry(session: &Session, id: &str) -> Result<Said, Failure> {
    tools::retry(session, id).await.map(Said::from)
}

/// Probes every archive.
pub async fn doctor(session: &Session) -> Said {
    let mut text = Vec::new();
    let mut outcome = Outcome::Done;
    for archive in session.archives() {
        let findings = diagnosis::run(&archive, &session.deadline()).await;
        if findings
            .iter()
            .any(|finding| finding.verdict != Verdict::Works)
        {
            outcome = Outcome::NotAllDone;
        }
        text.push(format!(
            "{} ({})\n{}",
            archive.name(),
            archive.address(),
            diagnosis::lines(&findings)
        ));
    }
    Said {
        text: text.join("\n\n"),
        outcome,
    }
}

/// Arguments of a tool out of names and texts.
pub(crate) fn arguments<const N: usize>(of: [(&str, &str); N]) -> Map<String, serde_json::Value> {
    of.into_iter()
        .filter(|(_, text)| !text.is_empty())
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect()
}
