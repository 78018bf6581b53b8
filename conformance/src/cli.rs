//! The command line.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};
use url::Url;

use crate::check::Edition;
use crate::identity::Identity;
use crate::outcome::Ascii;
use crate::probe::scp::StorageScp;
use crate::report::text::{Colour, Detail, Style, Times};
use crate::report::{Exit, Report, json, junit, text};
use crate::run::{Options, Strict, run};
use crate::selection::Selection;
use crate::target::embedded::{CALLING, Embedded};
use crate::target::start::Started;
use crate::target::{DimseTarget, Target};
use crate::{catalogue, explain, selftest};

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
pub struct Cli {
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

#[derive(Args, Debug)]
struct RunArguments {
    /// Base URL of DICOMweb, the part before /studies.
    #[arg(
        long,
        value_name = "URL",
        help_heading = "Target",
        conflicts_with = "start"
    )]
    web: Option<Url>,
    /// Address of DIMSE.
    #[arg(
        long,
        value_name = "HOST:PORT",
        help_heading = "Target",
        conflicts_with = "start"
    )]
    dimse: Option<String>,
    /// AE title of the archive.
    #[arg(
        long,
        value_name = "AE",
        default_value = "ANY-SCP",
        help_heading = "Target"
    )]
    called: String,
    /// Our AE title.
    #[arg(long, value_name = "AE", default_value = CALLING, help_heading = "Target")]
    calling: String,
    /// Start a server that prints {"dicomweb":URL,"dimse":"HOST:PORT","ae_title":AE} when it is ready, and end it afterwards.
    #[arg(long, value_name = "CMD", help_heading = "Target")]
    start: Option<String>,
    /// AE title and port under which the archive knows us as a C-MOVE destination; we listen there during the run.
    #[arg(long, value_name = "AE=PORT", value_parser = destination, help_heading = "Target")]
    move_destination: Option<(String, u16)>,
    /// A fault of the built-in archive, to see what a broken archive looks like.
    #[arg(long, value_name = "NAME", help_heading = "Target", conflicts_with_all = ["web", "dimse", "start"])]
    fault: Vec<String>,

    /// Only these checks: an id, the beginning of one, or a clause such as PS3.18/10.5.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    only: Vec<String>,
    /// Not these.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    skip: Vec<String>,
    /// Only the checks of these profiles.
    #[arg(long, value_name = "PROFILE", help_heading = "Selection")]
    profile: Vec<String>,
    /// Edition of the standard.
    #[arg(long, default_value = "2026a", help_heading = "Selection")]
    edition: Edition,
    /// Interoperability checks fail the run.
    #[arg(long, help_heading = "Selection")]
    strict: bool,

    /// Seed of data and order; taken from the clock if not given.
    #[arg(long, value_name = "N", help_heading = "Run")]
    seed: Option<u64>,
    /// The longest that a check may take, in seconds.
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds, help_heading = "Run")]
    timeout: Duration,
    /// The longest that the run may take, in seconds.
    #[arg(long, value_name = "S", default_value = "600", value_parser = seconds, help_heading = "Run")]
    run_limit: Duration,

    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    json: Option<PathBuf>,
    /// Write the report as JUnit XML.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    junit: Option<PathBuf>,
    /// Write what went over the wire, a file for each check.
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    transcript: Option<PathBuf>,
    /// A line for each check.
    #[arg(short, long, help_heading = "Reports")]
    verbose: bool,
    /// Only ASCII characters.
    #[arg(long, help_heading = "Reports")]
    ascii: bool,
}

impl Cli {
    /// Does what was asked for. Errors are about the arguments or about the harness's own surroundings.
    ///
    /// # Errors
    /// Wrong arguments, and files that cannot be written.
    pub async fn execute(self) -> anyhow::Result<Exit> {
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
        Found::Target(keep, target) => (keep, target),
        Found::Nobody(reason) => {
            eprintln!("dicom-conformance: {reason}");
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
    tell(&report, arguments, &rfc3339(clock.as_secs()))?;
    Ok(report.exit())
}

enum Found {
    Target(Keep, Target),
    Nobody(String),
}

async fn target(arguments: &RunArguments) -> anyhow::Result<Found> {
    if let Some(command) = &arguments.start {
        return Ok(match Started::run(command, &arguments.calling).await {
            Ok((server, target)) => Found::Target(Keep::Started(server), target),
            Err(error) => Found::Nobody(error.to_string()),
        });
    }
    if arguments.web.is_none() && arguments.dimse.is_none() {
        let faults: Vec<_> = arguments.fault.iter().map(String::as_str).collect();
        let (archive, mut target) = Embedded::start(&faults).await?;
        target.arguments = faults
            .iter()
            .map(|fault| format!("--fault {fault}"))
            .collect::<Vec<_>>()
            .join(" ");
        return Ok(Found::Target(Keep::Embedded(archive), target));
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
        arguments: words.join(" "),
    };
    Ok(Found::Target(Keep::Nothing, target))
}

fn tell(report: &Report, arguments: &RunArguments, started: &str) -> anyhow::Result<()> {
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

fn destination(text: &str) -> Result<(String, u16), String> {
    let wrong = || format!("{text:?} is not AE=PORT");
    let (title, port) = text.split_once('=').ok_or_else(wrong)?;
    let title = dicom_wire::ae::AeTitle::parse(title).map_err(|error| error.to_string())?;
    Ok((
        title.as_str().to_owned(),
        port.parse().map_err(|_| wrong())?,
    ))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text
        .parse()
        .ok()
        .filter(|&seconds: &f64| seconds > 0.0 && seconds < 1e6);
    seconds
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("{text:?} is not a number of seconds"))
}

/// A time as in RFC 3339, UTC (days to date after Howard Hinnant's civil calendar).
fn rfc3339(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        second / 3600,
        second / 60 % 60,
        second % 60
    )
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

    #[test]
    fn wrong_values_are_named() {
        assert_eq!(destination("CONF=104"), Ok(("CONF".into(), 104)));
        assert!(destination("CONF").unwrap_err().contains("\"CONF\""));
        assert!(destination("CONF=x").is_err());
        assert!(seconds("0").unwrap_err().contains("\"0\""));
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(1_709_210_096), "2024-02-29T12:34:56Z");
    }
}
