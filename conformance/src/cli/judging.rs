//! `run`, and the commands about statements: what is done with an archive.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};

use dicom_conformance::catalogue;
use dicom_conformance::check::Edition;
use dicom_conformance::identity::Identity;
use dicom_conformance::observe::Observed;
use dicom_conformance::outcome::Ascii;
use dicom_conformance::report::saved::Saved;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Exit, Report, badge, bundle, html, json, junit, ndjson, text};
use dicom_conformance::run::{Options, Strict, run_telling};
use dicom_conformance::selection::Selection;
use dicom_conformance::statement::{compare, draft};
use dicom_conformance::target::Target;
use dicom_conformance::waivers::Waivers;

use super::arguments::{RunArguments, TargetArguments};
use super::{archive, print, read, write};

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
    let events = Events::open(arguments.ndjson.as_deref())?;
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
    tell_all(&report, arguments, source)?;
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

fn clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// Where events go as they happen.
struct Events(Option<Mutex<Box<dyn Write + Send>>>);

impl Events {
    fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let writer: Box<dyn Write + Send> = match path {
            None => return Ok(Self(None)),
            Some(path) if is_stdout(path) => Box::new(std::io::stdout()),
            Some(path) => Box::new(
                File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
            ),
        };
        Ok(Self(Some(Mutex::new(writer))))
    }

    fn write(&self, event: impl FnOnce() -> String) {
        if let Some(writer) = &self.0 {
            let mut writer = writer
                .lock()
                .unwrap_or_else(|poisoned| poisoned.into_inner());
            // Whoever reads along may go; the run goes on.
            let _ = writer.write_all(event().as_bytes());
            let _ = writer.flush();
        }
    }
}

fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn tell_all(
    report: &Report,
    arguments: &RunArguments,
    source: bundle::Source<'_>,
) -> anyhow::Result<()> {
    if !arguments.ndjson.as_deref().is_some_and(is_stdout) {
        print(&text::render(report, style(arguments), Times::Shown))?;
    }
    if let Some(path) = &arguments.json {
        let value = json::report(report, source.started);
        write(path, format!("{value:#}\n").as_bytes())?;
    }
    if let Some(path) = &arguments.junit {
        write(path, junit::render(report)?.as_bytes())?;
    }
    if let Some(path) = &arguments.html {
        let saved = Saved::parse(&json::report(report, source.started).to_string())?;
        write(path, html::page(&[saved]).as_bytes())?;
    }
    if let Some(path) = &arguments.badge {
        match badge::badge(report) {
            Ok(badge) if path.extension().is_some_and(|it| it == "json") => {
                write(path, format!("{:#}\n", badge.json()).as_bytes())?;
            }
            Ok(badge) => write(path, badge.svg().as_bytes())?,
            Err(reason) => eprintln!("dicom-conformance: {reason}"),
        }
    }
    if let Some(folder) = &arguments.bundle {
        bundle::write(folder, report, source)
            .with_context(|| format!("cannot write {}", folder.display()))?;
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

fn style(arguments: &RunArguments) -> Style {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style {
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
    }
}
