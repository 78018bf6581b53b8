//! Everything about a run in one folder, for whoever has to believe it.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::saved::Saved;
use super::{Report, badge, html, json, junit};

/// What a bundle needs beside the report.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// When the run began, in seconds since 1970.
    pub started: u64,
    /// The statement as it was written, if there is one.
    pub statement: Option<&'a str>,
    /// The waivers as they were written, if there are any.
    pub waivers: Option<&'a str>,
}

/// Writes the folder: reports in every form, transcripts with their hashes, and how to repeat the run.
///
/// # Errors
/// Files that cannot be written.
pub fn write(folder: &Path, report: &Report, source: Source<'_>) -> io::Result<()> {
    let Source {
        started,
        statement,
        waivers,
    } = source;
    std::fs::create_dir_all(folder.join("transcript"))?;
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let value = json::report(report, started);
    files.push(("report.json".into(), format!("{value:#}\n").into_bytes()));
    let xml = junit::render(report).map_err(io::Error::other)?;
    files.push(("junit.xml".into(), xml.into_bytes()));
    let saved = Saved::parse(&value.to_string()).map_err(io::Error::other)?;
    files.push(("report.html".into(), html::page(&[saved]).into_bytes()));
    if let Ok(badge) = badge::badge(report) {
        files.push(("badge.svg".into(), badge.svg().into_bytes()));
    }
    if let Some(statement) = statement {
        files.push(("statement.toml".into(), statement.into()));
    }
    if let Some(waivers) = waivers {
        files.push(("waivers.toml".into(), waivers.into()));
    }
    files.push(("product.toml".into(), product(report, started).into_bytes()));
    files.push(("README.md".into(), readme(report, started).into_bytes()));
    let smoke = report.observed.transcript().text();
    files.push(("transcript/smoke.txt".into(), smoke.into_bytes()));
    for judged in &report.checks {
        let name = format!("transcript/{}.txt", judged.check.id);
        files.push((name, judged.transcript.text().into_bytes()));
    }
    let mut hashes = String::new();
    for (name, bytes) in &files {
        std::fs::write(folder.join(name), bytes)?;
        let digest = Sha256::digest(bytes);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let _ = writeln!(hashes, "{digest}  {name}");
    }
    std::fs::write(folder.join("SHA256SUMS"), hashes)
}

fn product(report: &Report, started: u64) -> String {
    let product = report.product().cloned().unwrap_or_default();
    let text = |text: &str| toml::Value::from(text).to_string();
    format!(
        "name = {}\nversion = {}\ntested = {}\nharness = {}\nedition = {}\n",
        text(&product.name),
        text(&product.version),
        text(&json::rfc3339(started)),
        text(env!("CARGO_PKG_VERSION")),
        text(&report.edition.to_string()),
    )
}

fn readme(report: &Report, started: u64) -> String {
    let mut out = format!(
        "# Conformance run {}\n\nOf {}, by dicom-conformance {}, edition {}, at {}. A pass is not certification.\n\n",
        report.identity.patient_prefix(),
        report.target.line(),
        env!("CARGO_PKG_VERSION"),
        report.edition,
        json::rfc3339(started),
    );
    for it in report.profiles() {
        let _ = writeln!(
            out,
            "- {}: {} ({} of {})",
            it.profile,
            it.verdict.word(),
            it.passed,
            it.checks
        );
    }
    let _ = write!(
        out,
        "\nTo repeat it:\n\n    dicom-conformance run {}--seed {} --edition {}\n\n\
         `sha256sum -c SHA256SUMS` says whether the files are as they were written.\n",
        match report.target.arguments.as_str() {
            "" => String::new(),
            arguments => format!("{arguments} "),
        },
        report.identity.seed(),
        report.edition,
    );
    out
}
