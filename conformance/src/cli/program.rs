//! `mcp` and `client`: a program is judged, with an archive of ours behind it.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::Args;

use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::outcome::Ascii;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Exit, Report, json, junit, table, text};
use dicom_conformance::run::{Options, Strict, run};
use dicom_conformance::selection::Selection;
use dicom_conformance::subject::adapter::Adapter;
use dicom_conformance::subject::prove::prove;
use dicom_conformance::subject::{Program, Subject, client, mcp};
use dicom_conformance::target::Target;

#[derive(Args, Debug)]
pub(super) struct ProgramArguments {
    /// How the program is told where the archive is, and what its tools are called: a shipped adapter or a TOML file.
    #[arg(long, value_name = "NAME|FILE", help_heading = "Program")]
    adapter: Option<String>,
    /// What the report calls the program, such as its name and version.
    #[arg(long, value_name = "TEXT", help_heading = "Program")]
    label: Option<String>,
    /// A named fault between the program and the harness, to see what a broken program looks like.
    #[arg(long, value_name = "NAME", help_heading = "Program")]
    fault: Option<String>,
    /// Prove the checks: those that pass on the program have to fail when their own fault is put around it.
    #[arg(long, help_heading = "Program", conflicts_with = "fault")]
    prove: bool,
    /// The program and its arguments. For a client {url}, {host}, {port}, {called}, {calling}, {files} and {folder} are filled in.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,

    /// Only these checks: an id, the beginning of one, or a clause such as MCP/server/tools.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    only: Vec<String>,
    /// Not these.
    #[arg(long, value_name = "ID|GROUP|CLAUSE", help_heading = "Selection")]
    skip: Vec<String>,
    /// Interoperability checks fail the run.
    #[arg(long, help_heading = "Selection")]
    strict: bool,

    /// Seed of data and order; taken from the clock if not given.
    #[arg(long, value_name = "N", help_heading = "Run")]
    seed: Option<u64>,
    /// The longest that a check may take, in seconds.
    #[arg(long, value_name = "S", default_value = "60", value_parser = super::arguments::seconds, help_heading = "Run")]
    timeout: Duration,
    /// The longest that the run may take, in seconds.
    #[arg(long, value_name = "S", default_value = "900", value_parser = super::arguments::seconds, help_heading = "Run")]
    run_limit: Duration,

    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    json: Option<PathBuf>,
    /// Write the report as JUnit XML.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    junit: Option<PathBuf>,
    /// Write what was said, a file for each check.
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    transcript: Option<PathBuf>,
    /// A line for each check.
    #[arg(short, long, help_heading = "Reports")]
    verbose: bool,
    /// Only ASCII characters.
    #[arg(long, help_heading = "Reports")]
    ascii: bool,
}

#[derive(Args, Debug)]
pub(super) struct TableArguments {
    /// Reports of mcp or of client, as written by --json.
    #[arg(required = true, value_name = "REPORT")]
    reports: Vec<PathBuf>,
}

/// One Markdown table over several reports.
pub(super) fn tabulate(arguments: &TableArguments) -> anyhow::Result<String> {
    let mut reports = Vec::new();
    for path in &arguments.reports {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let report = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a report", path.display()))?;
        reports.push(report);
    }
    Ok(table::markdown(&reports)?)
}

/// Judges a program.
pub(super) async fn judge(subject: Subject, arguments: &ProgramArguments) -> anyhow::Result<Exit> {
    let selection = Selection {
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        subject,
        ..Selection::default()
    };
    let checks = selection.checks(Edition::E2026a)?;
    let adapter = match (&arguments.adapter, subject) {
        (Some(name), _) => Adapter::find(name)?,
        (None, Subject::Mcp) => Adapter::find("dicom-mcp-server")?,
        (None, _) => Adapter::default(),
    };
    let known = |name: &str| match subject {
        Subject::Mcp => mcp::tamper::Fault::find(name).map(mcp::tamper::Fault::name),
        _ => client::fault::find(name).map(|(name, _)| name),
    };
    let fault = match &arguments.fault {
        None => None,
        Some(name) => match known(name) {
            Some(name) => Some(name),
            None => bail!("no fault of a program is called {name:?}"),
        },
    };
    let clock = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let options = Options {
        identity: Identity::new(arguments.seed.unwrap_or(clock.as_secs())),
        strict: match arguments.strict {
            true => Strict::Yes,
            false => Strict::No,
        },
        check_limit: arguments.timeout,
        run_limit: arguments.run_limit,
        ..Options::new(Identity::new(0))
    };
    let program = Program {
        subject,
        label: arguments.label.clone(),
        command: arguments.command.clone(),
        adapter,
        fault,
    };
    if arguments.prove {
        let proof = prove(&program, &checks, &options).await;
        super::print(&proof.to_string())?;
        return Ok(match proof.is_clean() {
            true => Exit::Passed,
            false => Exit::Failed,
        });
    }
    let target = Target::of_program(program);
    let report = run(&Arc::new(target), &checks, &options).await;
    tell(&report, arguments, clock.as_secs())?;
    Ok(report.exit())
}

fn tell(report: &Report, arguments: &ProgramArguments, started: u64) -> anyhow::Result<()> {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let style = Style {
        ascii: match arguments.ascii {
            true => Ascii::Yes,
            false => Ascii::No,
        },
        colour: match std::io::stdout().is_terminal() && !no_colour {
            true => Colour::On,
            false => Colour::Off,
        },
        detail: match arguments.verbose {
            true => Detail::Checks,
            false => Detail::Groups,
        },
    };
    super::print(&text::render(report, style, Times::Shown))?;
    if let Some(path) = &arguments.json {
        let report = format!("{:#}\n", json::report(report, started));
        super::write(path, report.as_bytes())?;
    }
    if let Some(path) = &arguments.junit {
        super::write(path, junit::render(report)?.as_bytes())?;
    }
    if let Some(folder) = &arguments.transcript {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        for judged in &report.checks {
            let path = folder.join(format!("{}.txt", judged.check.id));
            super::write(&path, judged.transcript.text().as_bytes())?;
        }
    }
    Ok(())
}
