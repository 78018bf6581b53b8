//! A server that is started for the run and ended after it: `--start CMD`.
//!
//! When it is ready it prints one line of JSON on stdout, `{"dicomweb": URL, "dimse": "HOST:PORT", "ae_title": AE}`; either address may be missing.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use super::{Claims, DimseTarget, Target};

/// How long a server may take until it is ready.
const READY: Duration = Duration::from_secs(60);
/// How much of its last words is kept.
const LAST_WORDS: usize = 4096;

/// A running server; dropping it ends it.
#[derive(Debug)]
pub struct Started {
    child: Child,
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing to start, or a quote that is not closed.
    #[error("cannot read the command {0:?}")]
    Command(String),
    /// The program cannot be run.
    #[error("cannot run {program}: {source}")]
    Spawn {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// It said nothing in time.
    #[error("{program} was not ready after {} s", READY.as_secs())]
    Slow {
        /// The program.
        program: String,
    },
    /// It ended instead.
    #[error("{program} ended before it was ready: {last_words}")]
    Ended {
        /// The program.
        program: String,
        /// The end of its stderr.
        last_words: String,
    },
    /// The line it printed is not the one that was expected.
    #[error("not a ready line: {line:?}: {reason}")]
    Line {
        /// What it printed.
        line: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[derive(Deserialize)]
struct Ready {
    dicomweb: Option<String>,
    dimse: Option<String>,
    ae_title: Option<String>,
}

impl Started {
    /// Starts the command, split at blanks outside quotes, and waits for its ready line.
    ///
    /// # Errors
    /// It does not start, or does not say where it listens.
    pub async fn run(command: &str, calling: &str) -> Result<(Self, Target), StartError> {
        let words = split(command).ok_or_else(|| StartError::Command(command.into()))?;
        let (program, arguments) = words
            .split_first()
            .ok_or_else(|| StartError::Command(command.into()))?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| StartError::Spawn {
                program: program.clone(),
                source,
            })?;

        let last_words = Arc::new(Mutex::new(Vec::new()));
        let listening = child
            .stderr
            .take()
            .map(|stderr| tokio::spawn(remember(stderr, last_words.clone())));
        let mut line = String::new();
        let mut stdout = child.stdout.take().map(BufReader::new);
        if let Some(stdout) = &mut stdout {
            let read = tokio::time::timeout(READY, stdout.read_line(&mut line)).await;
            if read.is_err() {
                return Err(StartError::Slow {
                    program: program.clone(),
                });
            }
        }
        if line.is_empty() {
            if let Some(listening) = listening {
                // Its stderr ends when it does; one that lives on without a word is not waited for.
                let _ = tokio::time::timeout(Duration::from_secs(2), listening).await;
            }
            let words = last_words
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            let last_words = String::from_utf8_lossy(&words).trim().to_owned();
            return Err(StartError::Ended {
                program: program.clone(),
                last_words,
            });
        }
        if let Some(mut stdout) = stdout {
            // A server that prints more must not stop at a full pipe.
            tokio::spawn(async move { tokio::io::copy(&mut stdout, &mut tokio::io::sink()).await });
        }
        let target = target(line.trim(), command, calling)?;
        Ok((Self { child }, target))
    }

    /// Ends it and waits until it is gone.
    pub async fn stop(mut self) {
        // Fails only if it has ended by itself.
        let _ = self.child.kill().await;
    }
}

fn target(line: &str, command: &str, calling: &str) -> Result<Target, StartError> {
    let wrong = |reason: String| StartError::Line {
        line: line.into(),
        reason,
    };
    let ready: Ready = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
    if ready.dicomweb.is_none() && ready.dimse.is_none() {
        return Err(wrong("neither dicomweb nor dimse in it".into()));
    }
    let web = ready
        .dicomweb
        .map(|url| Url::parse(&url).map_err(|error| wrong(format!("{url:?}: {error}"))));
    let dimse = ready.dimse.map(|address| DimseTarget {
        address,
        called: ready.ae_title.unwrap_or_else(|| "ANY-SCP".into()),
        calling: calling.into(),
    });
    let arguments = format!("--start '{command}'");
    Ok(Target {
        web: web.transpose()?,
        dimse,
        destination: None,
        claims: Claims::new(),
        statement: None,
        arguments,
        program: None,
    })
}

/// The end of what a program says, for the case that it fails.
async fn remember(mut stderr: impl tokio::io::AsyncRead + Unpin, words: Arc<Mutex<Vec<u8>>>) {
    let mut chunk = [0; 1024];
    while let Ok(count @ 1..) = stderr.read(&mut chunk).await {
        let mut words = words
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        words.extend_from_slice(&chunk[..count]);
        let excess = words.len().saturating_sub(LAST_WORDS);
        words.drain(..excess);
    }
}

/// Words at blanks; single and double quotes keep blanks. `None` if a quote is not closed.
fn split(command: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_blanks_outside_quotes() {
        assert_eq!(
            split(r#"a  'b c' d"e f" """#).unwrap(),
            ["a", "b c", "de f", ""]
        );
        assert_eq!(split("a 'b"), None);
    }

    #[test]
    fn a_ready_line_names_the_addresses() {
        let line = r#"{"dicomweb":"http://127.0.0.1:8042/dicomweb","dimse":"127.0.0.1:11112","ae_title":"MOCK","version":"1"}"#;
        let target = target(line, "x", "ME").unwrap();
        assert_eq!(
            target.line(),
            "http://127.0.0.1:8042/dicomweb, MOCK at 127.0.0.1:11112"
        );
        assert!(
            super::target("ready", "x", "ME")
                .unwrap_err()
                .to_string()
                .contains("not a ready line")
        );
        assert!(
            super::target("{}", "x", "ME")
                .unwrap_err()
                .to_string()
                .contains("neither")
        );
    }
}
