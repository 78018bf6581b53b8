//! Reports in every form that the command line can ask for: of archives, and of programs.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use clap::Args;

use dicom_conformance::outcome::Ascii;
use dicom_conformance::report::saved::Saved;
use dicom_conformance::report::text::{Colour, Detail, Style, Times};
use dicom_conformance::report::{Report, badge, bundle, html, json, junit, text};

use super::{print, write};

#[derive(Args, Debug)]
pub(super) struct ReportArguments {
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) json: Option<PathBuf>,
    /// Write a JSON object a line for each check as it ends; - for stdout, in place of the report for people.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) ndjson: Option<PathBuf>,
    /// Write the report as JUnit XML.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) junit: Option<PathBuf>,
    /// Write the report as one page of HTML that needs no network.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) html: Option<PathBuf>,
    /// Write a badge: SVG, or JSON for a badge service if the file is called so. Only of whole profiles.
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub(super) badge: Option<PathBuf>,
    /// Write everything into one folder: reports, statement, waivers, transcripts with their hashes.
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub(super) bundle: Option<PathBuf>,
    /// Write what went over the wire, a file for each check.
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub(super) transcript: Option<PathBuf>,
    /// A line for each check.
    #[arg(short, long, help_heading = "Reports")]
    pub(super) verbose: bool,
    /// Only ASCII characters.
    #[arg(long, help_heading = "Reports")]
    pub(super) ascii: bool,
}

/// Where events go as they happen.
pub(super) struct Events(Option<Mutex<Box<dyn Write + Send>>>);

impl Events {
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let writer: Box<dyn Write + Send> = match path {
            None => return Ok(Self(None)),
            Some(path) if is_stdout(path) => Box::new(std::io::stdout()),
            Some(path) => Box::new(
                File::create(path).with_context(|| format!("cannot write {}", path.display()))?,
            ),
        };
        Ok(Self(Some(Mutex::new(writer))))
    }

    pub(super) fn write(&self, event: impl FnOnce() -> String) {
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

/// Writes a report in every form that was asked for.
pub(super) fn tell_all(
    report: &Report,
    arguments: &ReportArguments,
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

fn style(arguments: &ReportArguments) -> Style {
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
