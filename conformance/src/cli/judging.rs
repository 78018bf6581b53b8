//! `run`, and the commands about statements: what is done with an archive.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{anyhow, bail};

use dicom_conformance::catalogue;
use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::observe::Observed;
use dicom_conformance::report::{Exit, bundle, json, ndjson};
use dicom_conformance::run::{Options, Strict, run_telling};
use dicom_conformance::selection::Selection;
use dicom_conformance::statement::{compare, draft};
use dicom_conformance::target::Target;
use dicom_conformance::waivers::Waivers;

use super::arguments::{RunArguments, TargetArguments};
use super::telling::{Events, tell_all};
use super::{archive, print, read};

/// How long the smoke run of a statement may take through each door.
const LOOK: Duration = Duration::from_secs(30);

pub(super) async fn judge(arguments: &RunArguments) -> anyhow::Result<Exit> {
    let selection = Selection {
        only: arguments.only.clone(),
        skip: arguments.skip.clone(),
        profiles: arguments.profile.clone(),
        ..Selection::default()
    };
    let checks = selection.checks(arguments.edition)?;
    let (waivers, waivers_text) = match &arguments.waivers {
        None => (Waivers::default(), None),
        Some(path) => {
            let written = read(path)?;
            (known(path, &written)?, Some(written))
        }
    };
    let clock = clock();
    let identity = Identity::new(arguments.seed.unwrap_or(clock));
    let found = match archive::find(&arguments.target, arguments.edition).await? {
        Ok(found) => found,
        Err(error) => {
            eprintln!("dicom-conformance: {error}");
            return Ok(Exit::Unreachable);
        }
    };

    let flaky = checks.iter().map(|check| check.id);
    let options = Options {
        identity,
        edition: arguments.edition,
        strict: match arguments.strict {
            true => Strict::Yes,
            false => Strict::No,
        },
        asked: selection.asked(),
        disarmed: None,
        flaky: flaky.filter(|id| waivers.is_flaky(id)).collect(),
        jobs: arguments.jobs.into(),
        check_limit: arguments.timeout,
        run_limit: arguments.run_limit,
    };
    let target = Arc::new(found.target);
    let events = Events::open(arguments.reports.ndjson.as_deref())?;
    events.write(|| ndjson::start(&target, &options.identity, checks.len(), clock));
    let tell = |judged: &_| events.write(|| ndjson::check(&target, &options.identity, judged));
    let mut report = run_telling(&target, &checks, &options, &tell).await;
    found.keep.end().await;
    let today = json::rfc3339(clock);
    report.waive(&waivers, today.get(..10).unwrap_or_default());
    events.write(|| ndjson::end(&report));
    let source = bundle::Source {
        started: clock,
        statement: found.statement.as_deref(),
        waivers: waivers_text.as_deref(),
    };
    tell_all(&report, &arguments.reports, source)?;
    Ok(report.exit())
}

/// Reads a file of waivers.
pub(super) fn known(path: &Path, text: &str) -> anyhow::Result<Waivers> {
    let read = Waivers::parse(text, |id| catalogue::find(id).is_some());
    read.map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// `statement init`.
pub(super) async fn draft_statement(arguments: &TargetArguments) -> anyhow::Result<Exit> {
    let (target, observed) = match look(arguments).await? {
        Ok(seen) => seen,
        Err(exit) => return Ok(exit),
    };
    print(&draft::draft(&target, &observed))
}

/// `statement check`.
pub(super) async fn check_statement(arguments: &TargetArguments) -> anyhow::Result<Exit> {
    if arguments.statement.is_none() {
        bail!("--statement FILE says which statement to check");
    }
    let (_, observed) = match look(arguments).await? {
        Ok(seen) => seen,
        Err(exit) => return Ok(exit),
    };
    print(&compare::table(&observed))?;
    Ok(match compare::broken(&observed).is_empty() {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

/// The smoke run alone.
async fn look(
    arguments: &TargetArguments,
) -> anyhow::Result<Result<(Arc<Target>, Observed), Exit>> {
    let found = match archive::find(arguments, Edition::E2026a).await? {
        Ok(found) => found,
        Err(error) => {
            eprintln!("dicom-conformance: {error}");
            return Ok(Err(Exit::Unreachable));
        }
    };
    let target = Arc::new(found.target);
    let observed = Observed::of(&target, &Identity::new(clock()), LOOK).await;
    found.keep.end().await;
    for (door, reason) in observed.unreachable() {
        eprintln!("dicom-conformance: {door:?} is not reachable: {reason}");
    }
    Ok(match observed.unreachable().is_empty() {
        true => Ok((target, observed)),
        false => Err(Exit::Unreachable),
    })
}

/// Seconds since 1970.
pub(super) fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
