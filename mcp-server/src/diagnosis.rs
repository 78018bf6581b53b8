//! What an archive can do and what it gets wrong, from a short run of probes that change nothing.

mod retrieving;
mod searching;

use dicom_dictionary_std::uids;
use dicom_wire::query::Level;

use crate::backend::{Backend, Deadline};
use crate::error::Failure;
use crate::query::{Filter, Search, Terms};
use crate::text;

use searching::searches;

/// What one probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at: `web.search`, `dimse.move`.
    pub probe: &'static str,
    /// How it came out.
    pub verdict: Verdict,
    /// In words.
    pub words: String,
}

/// How a probe came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Works,
    /// It does, but not as the standard has it.
    Wrong,
    /// The archive does not offer it.
    Missing,
    /// It could not be found out.
    Unknown,
}

impl Verdict {
    /// As a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Wrong => "wrong",
            Self::Missing => "missing",
            Self::Unknown => "unknown",
        }
    }
}

/// DIMSE services that are asked for, with the names of their probes.
const SERVICES: [(&str, &str, &str); 7] = [
    ("dimse.echo", uids::VERIFICATION, "C-ECHO"),
    (
        "dimse.find-patient",
        uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
        "C-FIND of patients",
    ),
    (
        "dimse.find",
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
        "C-FIND of studies",
    ),
    (
        "dimse.get",
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET,
        "C-GET",
    ),
    (
        "dimse.move",
        uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE,
        "C-MOVE",
    ),
    (
        "dimse.store-ct",
        uids::CT_IMAGE_STORAGE,
        "C-STORE of CT images",
    ),
    (
        "dimse.store-sr",
        uids::COMPREHENSIVE_SR_STORAGE,
        "C-STORE of structured reports",
    ),
];

/// Asks an archive, over each protocol that it has; the whole run within the time of one call.
pub async fn run(backend: &Backend, deadline: &Deadline) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(web) = backend.web() {
        let told = web.capabilities(deadline).await;
        findings.push(match told {
            Ok(told) => found(
                "web.capabilities",
                Verdict::Works,
                format!("describes itself as {}", text::escape(&told.content_type)),
            ),
            Err(failure) => failed("web.capabilities", &failure),
        });
        searches(backend, deadline, &mut findings).await;
    }
    if let Some(dimse) = backend.dimse() {
        let classes = SERVICES.map(|(_, class, _)| class);
        match dimse.services(&classes, deadline).await {
            Ok(accepted) => findings.extend(SERVICES.map(|(probe, class, name)| {
                if accepted.contains(&class) {
                    found(probe, Verdict::Works, format!("{name} is accepted"))
                } else {
                    found(probe, Verdict::Missing, format!("{name} is not accepted"))
                }
            })),
            Err(failure) => findings.push(failed("dimse.association", &failure)),
        }
        if backend.web().is_none() {
            searches(backend, deadline, &mut findings).await;
        }
    }
    findings
}

fn found(probe: &'static str, verdict: Verdict, words: impl Into<String>) -> Finding {
    Finding {
        probe,
        verdict,
        words: words.into(),
    }
}

fn failed(probe: &'static str, failure: &Failure) -> Finding {
    let verdict = match failure {
        Failure::Status {
            status: 404 | 405 | 406 | 415 | 501,
            ..
        }
        | Failure::NotAccepted { .. } => Verdict::Missing,
        _ => Verdict::Unknown,
    };
    found(probe, verdict, failure.brief())
}

fn search(level: Level, filters: Vec<Filter>) -> Search {
    Search {
        level,
        study: None,
        series: None,
        terms: Terms {
            filters,
            ..Terms::default()
        },
    }
}

/// The findings as lines for people.
pub fn lines(findings: &[Finding]) -> String {
    let lines = findings.iter().map(|finding| {
        format!(
            "{} | {} | {}",
            finding.verdict.word(),
            finding.probe,
            finding.words
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
