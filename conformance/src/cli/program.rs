//! `mcp` and `client`: a program is judged, with an archive of ours behind it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::report::{Exit, bundle, json, ndjson, table};
use dicom_conformance::run::{Options, Strict, run_telling};
use dicom_conformance::selection::Selection;
use dicom_conformance::subject::adapter::Adapter;
use dicom_conformance::subject::prove::prove;
use dicom_conformance::subject::{PATIENCE, Program, Subject, client, mcp};
use dicom_conformance::target::Target;
use dicom_conformance::waivers::Waivers;

use super::judging::{clock, known};
use super::telling::{Events, ReportArguments, tell_all};

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
    /// Known failures, in TOML.
    #[arg(long, value_name = "FILE", help_heading = "Selection")]
    waivers: Option<PathBuf>,
    /// Interoperability checks fail the run.
    #[arg(long, help_heading = "Selection")]
    strict: bool,

    /// Seed of data and order; taken from the clock if not given.
    #[arg(long, value_name = "N", help_heading = "Run")]
    seed: Option<u64>,
    /// How many checks run at once; each has a program of its own.
    #[arg(long, value_name = "N", default_value = "4", help_heading = "Run")]
    jobs: std::num::NonZeroUsize,
    /// The longest that a check may take, in seconds.
    #[arg(long, value_name = "S", default_value = "150", value_parser = super::arguments::seconds, help_heading = "Run")]
    timeout: Duration,
    /// The longest that the run may take, in seconds.
    #[arg(long, value_name = "S", default_value = "900", value_parser = super::arguments::seconds, help_heading = "Run")]
    run_limit: Duration,

    #[command(flatten)]
    reports: ReportArguments,
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
    let fault_of = |name: &str| match subject {
        Subject::Mcp => mcp::tamper::Fault::find(name).map(mcp::tamper::Fault::name),
        _ => client::fault::find(name).map(|(name, _)| name),
    };
    let fault = match &arguments.fault {
        None => None,
        Some(name) => match fault_of(name) {
            Some(name) => Some(name),
            None => bail!("no fault of a program is called {name:?}"),
        },
    };
    let (waivers, waivers_text) = match &arguments.waivers {
        None => (Waivers::default(), None),
        Some(path) => {
            let written = super::read(path)?;
            (known(path, &written)?, Some(written))
        }
    };
    let started = clock();
    let flaky = checks.iter().map(|check| check.id);
    let options = Options {
        identity: Identity::new(arguments.seed.unwrap_or(started)),
        strict: match arguments.strict {
            true => Strict::Yes,
            false => Strict::No,
        },
        flaky: flaky.filter(|id| waivers.is_flaky(id)).collect(),
        jobs: arguments.jobs.into(),
        check_limit: arguments.timeout,
        run_limit: arguments.run_limit,
        ..Options::new(Identity::new(0))
    };
    let program = Program {
        subject,
        label: arguments.label.clone(),
        command: arguments.command.clone(),
        adapter,
        patience: PATIENCE,
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
    let target = Arc::new(Target::of_program(program));
    let events = Events::open(arguments.reports.ndjson.as_deref())?;
    events.write(|| ndjson::start(&target, &options.identity, checks.len(), started));
    let tell = |judged: &_| events.write(|| ndjson::check(&target, &options.identity, judged));
    let mut report = run_telling(&target, &checks, &options, &tell).await;
    let today = json::rfc3339(started);
    report.waive(&waivers, today.get(..10).unwrap_or_default());
    events.write(|| ndjson::end(&report));
    let source = bundle::Source {
        started,
        statement: None,
        waivers: waivers_text.as_deref(),
    };
    tell_all(&report, &arguments.reports, source)?;
    Ok(report.exit())
}
