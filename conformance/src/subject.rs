//! Programs that are judged with an archive of ours behind them: MCP servers, and clients that upload.

pub mod adapter;
pub mod client;
pub mod mcp;
pub mod prove;

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use adapter::Adapter;

/// The longest that an answer is waited for.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What is judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An archive, by its addresses.
    #[default]
    Archive,
    /// An MCP server, by its command.
    Mcp,
    /// A client that uploads, by its command.
    Client,
}

impl Subject {
    /// The subcommand that judges it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Archive => "run",
            Self::Mcp => "mcp",
            Self::Client => "client",
        }
    }
}

/// A program under judgement.
#[derive(Clone, Debug)]
pub struct Program {
    /// MCP server or client.
    pub subject: Subject,
    /// What reports call it in place of its command.
    pub label: Option<String>,
    /// The program and its arguments, with the adapter's placeholders.
    pub command: Vec<String>,
    /// How it is told where the archive is, and what its tools are called; for a client only the environment counts.
    pub adapter: Adapter,
    /// The longest that one answer of it is waited for.
    pub patience: Duration,
    /// A named fault that is put between it and the harness, to prove a check.
    pub fault: Option<&'static str>,
}

impl Program {
    /// In one line: its label, or else its command.
    pub fn line(&self) -> String {
        if let (Some(label), None) = (&self.label, self.fault) {
            return label.clone();
        }
        let mut words: Vec<_> = self.command.iter().map(|word| quoted(word)).collect();
        if let Some(fault) = self.fault {
            words.push(format!("(under {fault})"));
        }
        words.join(" ")
    }

    /// The rest of a command line that judges it again.
    pub fn arguments(&self) -> String {
        let words: Vec<_> = self.command.iter().map(|word| quoted(word)).collect();
        let adapter = match self.subject {
            Subject::Mcp => format!(" --adapter {}", self.adapter.name),
            _ => String::new(),
        };
        let fault = self.fault.map(|fault| format!(" --fault {fault}"));
        format!(
            "{adapter}{} -- {}",
            fault.unwrap_or_default(),
            words.join(" ")
        )
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,{}@+".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

/// A command in an environment in which no archive of its caller is configured.
fn alone(words: &[String]) -> Option<Command> {
    let (program, arguments) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(arguments).kill_on_drop(true);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("DICOM") {
            command.env_remove(name);
        }
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Some(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_repeated_as_a_shell_takes_it() {
        assert_eq!(quoted("--host={web}"), "--host={web}");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }
}
