//! The command line.

mod archive;
mod arguments;
mod judging;
mod program;
mod saved;
mod telling;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Parser, Subcommand};

use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::report::Exit;
use dicom_conformance::selection::Selection;
use dicom_conformance::subject::Subject;
use dicom_conformance::{catalogue, explain, selftest};

use arguments::{RunArguments, TargetArguments};
use program::{ProgramArguments, TableArguments};

/// Judges a DICOM archive over DICOMweb and DIMSE, each check with its clause.
///
/// Without a target it judges the archive that is built in. Exit code: 0 nothing failed, 1 failures, 2 usage or nothing to judge,
/// 3 not reachable, 4 the harness broke.
#[derive(Debug, Parser)]
#[command(
    name = "dicom-conformance",
    version,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge an archive (the default).
    Run(Box<RunArguments>),
    /// List the checks with level, clause and fault.
    List {
        /// As JSON.
        #[arg(long)]
        json: bool,
        /// As the reference page, docs/checks.md.
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Explain a check: what it sends, what it accepts, which fault proves it.
    Explain {
        /// Id of the check.
        id: String,
    },
    /// Compare two runs: newly failing (then the exit code is 1), newly passing, appeared, vanished.
    Diff {
        /// JSON report of the older run.
        old: PathBuf,
        /// JSON report of the newer run.
        new: PathBuf,
    },
    /// Judge a saved run again, without the archive: with other waivers, or strictly.
    Judge {
        /// JSON report of a run, or the folder of a bundle.
        run: PathBuf,
        /// Known failures.
        #[arg(long, value_name = "FILE")]
        waivers: Option<PathBuf>,
        /// Warnings about interoperability, and what is offered undeclared, fail.
        #[arg(long)]
        strict: bool,
    },
    /// Draw one page over several runs.
    Html {
        /// JSON reports, a column each.
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Where to write it; stdout if not given.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// What a vendor declares of an archive.
    #[command(subcommand)]
    Statement(StatementCommand),
    /// Known failures.
    #[command(subcommand)]
    Waivers(WaiversCommand),
    /// Judge an MCP server: its command after `--`, an archive of ours behind it.
    Mcp(Box<ProgramArguments>),
    /// Judge a client that uploads: its command after `--`, with {url} and {files} in it.
    Client(Box<ProgramArguments>),
    /// Print reports of mcp or client as one Markdown table.
    Table(TableArguments),
    /// Prove the checks: each passes on the faithful archive and fails under its own fault.
    Selftest {
        /// Ids, prefixes or clauses; all if none.
        #[arg(long = "only", value_name = "ID|GROUP|CLAUSE")]
        only: Vec<String>,
        /// Seed of the data.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
}

#[derive(Debug, Subcommand)]
enum StatementCommand {
    /// Draft a statement from what can be seen of an archive, on stdout.
    Init(Box<TargetArguments>),
    /// Compare a statement (--statement) with the archive; 1 if something is declared and not offered.
    Check(Box<TargetArguments>),
}

#[derive(Debug, Subcommand)]
enum WaiversCommand {
    /// Write entries for the failures of a run, without reason and owner, and drop those that are stale.
    Update {
        /// JSON report of a run.
        run: PathBuf,
        /// The file to bring up to date; stdout if not given.
        #[arg(long, value_name = "FILE")]
        waivers: Option<PathBuf>,
    },
}

impl Cli {
    /// Does what was asked for. Errors are about the arguments or about the harness's own surroundings.
    ///
    /// # Errors
    /// Wrong arguments, and files that cannot be written.
    pub(crate) async fn execute(self) -> anyhow::Result<Exit> {
        match self.command.unwrap_or(Command::Run(Box::new(self.run))) {
            Command::Run(arguments) => judging::judge(&arguments).await,
            Command::Mcp(arguments) => program::judge(Subject::Mcp, &arguments).await,
            Command::Client(arguments) => program::judge(Subject::Client, &arguments).await,
            Command::Table(arguments) => print(&program::tabulate(&arguments)?),
            Command::List { markdown: true, .. } => print(&explain::page()),
            Command::List { json: false, .. } => print(&explain::list()),
            Command::List { json: true, .. } => print(&format!("{:#}\n", explain::list_json())),
            Command::Explain { id } => match catalogue::find(&id) {
                Some(check) => {
                    let sample = selftest::sample(check, &Identity::new(1)).await?;
                    let sample = sample.map(|got| format!("  {:<9} {got}\n", "failure"));
                    print(&(explain::explain(check) + &sample.unwrap_or_default()))
                }
                None => bail!("no check is called {id:?}; dicom-conformance list shows them all"),
            },
            Command::Diff { old, new } => saved::diff(&old, &new),
            Command::Judge {
                run,
                waivers,
                strict,
            } => saved::judge(&run, waivers.as_deref(), strict),
            Command::Html { runs, output } => saved::html(&runs, output.as_deref()),
            Command::Statement(StatementCommand::Init(target)) => {
                judging::draft_statement(&target).await
            }
            Command::Statement(StatementCommand::Check(target)) => {
                judging::check_statement(&target).await
            }
            Command::Waivers(WaiversCommand::Update { run, waivers }) => {
                saved::update_waivers(&run, waivers.as_deref())
            }
            Command::Selftest { only, seed } => {
                let selection = Selection {
                    only,
                    ..Selection::default()
                };
                let matrix =
                    selftest::matrix(&selection.checks(Edition::E2026a)?, &Identity::new(seed))
                        .await?;
                print(&matrix.to_string())?;
                Ok(if matrix.is_clean() {
                    Exit::Passed
                } else {
                    Exit::Failed
                })
            }
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// A file that was named on the command line: not to find it is a mistake of whoever named it.
fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| anyhow!("cannot read {}: {error}", path.display()))
}

/// A reader that has seen enough, as `head` does, is no error.
fn print(text: &str) -> anyhow::Result<Exit> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(Exit::Passed),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn run_is_the_default_subcommand() {
        let bare = Cli::try_parse_from(["x", "--only", "qido"]).unwrap();
        assert_eq!(bare.run.only, ["qido"]);
        let named = Cli::try_parse_from(["x", "run", "--only", "qido"]).unwrap();
        assert!(matches!(named.command, Some(Command::Run(run)) if run.only == ["qido"]));
    }
}
