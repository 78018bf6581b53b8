//! The commands about runs that are over: they need no archive.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::anyhow;

use dicom_conformance::report::diff::diff as compare;
use dicom_conformance::report::rejudge::{Terms, rejudge};
use dicom_conformance::report::saved::Saved;
use dicom_conformance::report::{Exit, html as drawing, json};
use dicom_conformance::waivers::{Waivers, update};

use super::{judging, print, read, write};

/// `diff`.
pub(super) fn diff(old: &Path, new: &Path) -> anyhow::Result<Exit> {
    let difference = compare(&open(old)?, &open(new)?);
    print(&difference.to_string())?;
    Ok(match difference.failing.is_empty() {
        true => Exit::Passed,
        false => Exit::Failed,
    })
}

/// `judge`.
pub(super) fn judge(run: &Path, waivers: Option<&Path>, strict: bool) -> anyhow::Result<Exit> {
    let waivers = match waivers {
        Some(path) => judging::known(path, &read(path)?)?,
        None => Waivers::default(),
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let today = json::rfc3339(since.unwrap_or_default().as_secs());
    let terms = Terms {
        waivers: &waivers,
        strict,
        today: today.get(..10).unwrap_or_default(),
    };
    let judgement = rejudge(&open(run)?, terms);
    print(&judgement.to_string())?;
    Ok(judgement.exit())
}

/// `html`.
pub(super) fn html(runs: &[PathBuf], output: Option<&Path>) -> anyhow::Result<Exit> {
    let runs: Vec<_> = runs
        .iter()
        .map(|path| open(path))
        .collect::<Result<_, _>>()?;
    let page = drawing::page(&runs);
    match output {
        Some(path) => write(path, page.as_bytes()).map(|()| Exit::Passed),
        None => print(&page),
    }
}

/// `waivers update`.
pub(super) fn update_waivers(run: &Path, waivers: Option<&Path>) -> anyhow::Result<Exit> {
    let old = match waivers {
        Some(path) if path.exists() => read(path)?,
        _ => String::new(),
    };
    let new = update::updated(&old, &open(run)?)?;
    match waivers {
        Some(path) => write(path, new.as_bytes()).map(|()| Exit::Passed),
        None => print(&new),
    }
}

/// A report, or that of a bundle.
fn open(path: &Path) -> anyhow::Result<Saved> {
    let path = match path.is_dir() {
        true => path.join("report.json"),
        false => path.to_owned(),
    };
    Saved::parse(&read(&path)?).map_err(|error| anyhow!("{}: {error}", path.display()))
}
