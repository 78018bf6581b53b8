//! The command line.

mod arguments;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::{Parser, Subcommand};

use dicom_conformance::check::{Edition, Need};
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Ascii;
use dicom_conformance::probe::scp::StorageScp;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Exit, Report, json, junit, text};
use dicom_conformance::run::{Options, Strict, run};
use dicom_conformance::selection::Selection;
use dicom_conformance::target::embedded::Embedded;
use dicom_conformance::target::start::{StartError, Started};
use dicom_conformance::target::{Claims, DimseTarget, Target};
use dicom_conformance::{catalogue, explain, selftest};
use dicom_mock_archive::policy::Policy;

use arguments::RunArguments;

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
    },
    /// Explain a check: what it sends, what it accepts, which fault proves it.
    Explain {
        /// Id of the check.
        id: String,
    },
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

impl Cli {
    /// Does what was asked for. Errors are about the arguments or about the harness's own surroundings.
    ///
    /// # Errors
    /// Wrong arguments, and files that cannot be written.
    pub(crate) async fn execute(self) -> anyhow::Result<Exit> {
        match self.command.unwrap_or(Command::Run(Box::new(self.run))) {
            Command::Run(arguments) => judge(&arguments).await,
            Command::List { json: false } => print(&explain::list()),
            Command::List { json: true } => print(&format!("{:#}\n", explain::list_json())),
            Command::Explain { id } => match catalogue::find(&id) {
                Some(check) => print(&explain::explain(check)),
                None => bail!("no check is called {id:?}; dicom-conformance list shows them all"),
            },
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

/// What must live as long as the run.
enum Keep {
    Nothing,
    Embedded(#[expect(dead_code, reason = "dropping it ends the archive")] Embedded),
    Started(Started),
}

async fn judge(arguments: &RunArguments) -> anyhow::Result<Exit> {
    let selection = Selection {
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        profiles: arguments.profile.clone(),
    };
    let checks = selection.checks(arguments.edition)?;
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let identity = Identity::new(arguments.seed.unwrap_or(clock.as_secs()));

    let (keep, mut target) = match target(arguments).await? {
        Ok(found) => found,
        Err(error) => {
            eprintln!("dicom-conformance: {error}");
            return Ok(Exit::Unreachable);
        }
    };
    if let Some((ae_title, port)) = &arguments.move_destination {
        let dimse = target
            .dimse
            .as_ref()
            .context("--move-destination needs a DIMSE address")?;
        let address = dimse.destination_address(*port);
        let scp = StorageScp::listen(ae_title, address).await;
        target.destination = Some(Arc::new(
            scp.with_context(|| format!("cannot listen on {address}"))?,
        ));
        target
            .arguments
            .push_str(&format!(" --move-destination {ae_title}={port}"));
    }

    for (need, value) in &arguments.claim {
        target.arguments.push_str(&match (need, value.as_str()) {
            // A secret is not repeated in a report.
            (Need::UserIdentity, _) | (_, "") => format!(" --claim {need}"),
            (_, value) => format!(" --claim {need}={value}"),
        });
        target.claims.insert(*need, value.clone());
    }

    let options = Options {
        identity,
        edition: arguments.edition,
        strict: if arguments.strict {
            Strict::Yes
        } else {
            Strict::No
        },
        check_limit: arguments.timeout,
        run_limit: arguments.run_limit,
    };
    let report = run(&Arc::new(target), &checks, &options).await;
    if let Keep::Started(server) = keep {
        server.stop().await;
    }
    tell(&report, arguments, clock.as_secs())?;
    Ok(report.exit())
}

async fn target(arguments: &RunArguments) -> anyhow::Result<Result<(Keep, Target), StartError>> {
    if let Some(command) = &arguments.start {
        let started = Started::run(command, &arguments.calling).await;
        return Ok(started.map(|(server, target)| (Keep::Started(server), target)));
    }
    if arguments.web.is_none() && arguments.dimse.is_none() {
        let faults: Vec<_> = arguments.fault.iter().map(String::as_str).collect();
        let (archive, mut target) =
            Embedded::claiming(policy(arguments.edition), Claims::new(), &faults).await?;
        target.arguments = faults
            .iter()
            .map(|fault| format!("--fault {fault}"))
            .collect::<Vec<_>>()
            .join(" ");
        return Ok(Ok((Keep::Embedded(archive), target)));
    }
    let mut words = Vec::new();
    if let Some(web) = &arguments.web {
        if web.cannot_be_a_base() || !matches!(web.scheme(), "http" | "https") {
            bail!("{web} is not an http or https URL");
        }
        words.push(format!("--web {web}"));
    }
    let dimse = arguments.dimse.as_ref().map(|address| {
        words.push(format!(
            "--dimse {address} --called {} --calling {}",
            arguments.called, arguments.calling
        ));
        DimseTarget {
            address: address.clone(),
            called: arguments.called.clone(),
            calling: arguments.calling.clone(),
        }
    });
    let target = Target {
        web: arguments.web.clone(),
        dimse,
        destination: None,
        claims: Claims::new(),
        arguments: words.join(" "),
    };
    Ok(Ok((Keep::Nothing, target)))
}

/// The default policy of the built-in archive in an edition.
fn policy(edition: Edition) -> Policy {
    Policy {
        edition: match edition {
            Edition::E2024e => dicom_mock_archive::policy::Edition::E2024,
            Edition::E2026a => dicom_mock_archive::policy::Edition::E2026,
        },
        ..Policy::default()
    }
}

fn tell(report: &Report, arguments: &RunArguments, started: u64) -> anyhow::Result<()> {
    let stdout = std::io::stdout();
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = Style {
        ascii: if arguments.ascii {
            Ascii::Yes
        } else {
            Ascii::No
        },
        colour: if stdout.is_terminal() && !no_colour {
            Colour::On
        } else {
            Colour::Off
        },
        detail: if arguments.verbose {
            Detail::Checks
        } else {
            Detail::Groups
        },
    };
    print(&text::render(report, style, Times::Shown))?;
    if let Some(path) = &arguments.json {
        write(
            path,
            format!("{:#}\n", json::report(report, started)).as_bytes(),
        )?;
    }
    if let Some(path) = &arguments.junit {
        write(path, junit::render(report)?.as_bytes())?;
    }
    if let Some(folder) = &arguments.transcript {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        write(
            &folder.join("smoke.txt"),
            report.observed.transcript().text().as_bytes(),
        )?;
        for judged in &report.checks {
            write(
                &folder.join(format!("{}.txt", judged.check.id)),
                judged.transcript.text().as_bytes(),
            )?;
        }
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
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
