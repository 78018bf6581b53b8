//! What an archive can do and what it gets wrong, from a short run of probes that change nothing.

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::query::{Level, Matching};
use dicom_wire::uid::Uid;

use crate::backend::{Backend, Deadline, Format, Instance};
use crate::error::Failure;
use crate::query::{Filter, Include, Search, Terms};
use crate::row::Row;
use crate::text;

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

async fn searches(backend: &Backend, deadline: &Deadline, findings: &mut Vec<Finding>) {
    let all = search(Level::Study, Vec::new());
    let page = match backend.search(&all, 2, 0, deadline).await {
        Ok(page) => page,
        Err(failure) => {
            findings.push(failed("search", &failure));
            return;
        }
    };
    let rows: Vec<&Row> = page.rows.iter().filter(|row| !row.is_empty()).collect();
    findings.push(found(
        "search",
        Verdict::Works,
        format!("studies are found: {} of at most 2 asked for", rows.len()),
    ));
    let Some(first) = rows.first() else {
        findings.push(found(
            "search.further",
            Verdict::Unknown,
            "there is no study to look at more closely",
        ));
        return;
    };
    if rows.len() > 2 {
        findings.push(found(
            "search.limit",
            Verdict::Wrong,
            "ignores limit: returns more rows than asked for",
        ));
    } else {
        findings.push(found("search.limit", Verdict::Works, "keeps to limit"));
    }
    findings.push(next_page(backend, &rows, deadline).await);
    findings.push(nothing(backend, deadline).await);
    findings.push(names(backend, first, deadline).await);
    findings.push(unknown_key(backend, deadline).await);
    if let Some(web) = backend.web()
        && web.takes_raw_queries()
    {
        findings.push(found(
            "web.percent-decoding",
            Verdict::Wrong,
            "does not decode percent-encoded queries: they are sent to it unencoded from now on",
        ));
    }
    retrieval(backend, first, deadline, findings).await;
}

async fn next_page(backend: &Backend, rows: &[&Row], deadline: &Deadline) -> Finding {
    let probe = "search.offset";
    let [first, _second, ..] = rows else {
        return found(probe, Verdict::Unknown, "one study is not enough to tell");
    };
    match backend
        .search(&search(Level::Study, Vec::new()), 1, 1, deadline)
        .await
    {
        Ok(page) => match page.rows.first() {
            Some(row)
                if row.text(tags::STUDY_INSTANCE_UID) != first.text(tags::STUDY_INSTANCE_UID) =>
            {
                found(probe, Verdict::Works, "keeps to offset")
            }
            Some(_) => found(
                probe,
                Verdict::Wrong,
                "ignores offset: what comes after the first page cannot be had",
            ),
            None => found(
                probe,
                Verdict::Wrong,
                "finds nothing at offset 1, though there are two studies",
            ),
        },
        Err(failure) => failed(probe, &failure),
    }
}

/// A filter that nothing can match has to find nothing.
async fn nothing(backend: &Backend, deadline: &Deadline) -> Finding {
    let probe = "search.none";
    let filter = Filter::exact(tags::STUDY_INSTANCE_UID, "2.25.1.2.3.4.5.6.7.8.9");
    match backend
        .search(&search(Level::Study, vec![filter]), 2, 0, deadline)
        .await
    {
        Ok(page) if page.rows.iter().all(Row::is_empty) => {
            found(probe, Verdict::Works, "says none where there is none")
        }
        Ok(_) => found(
            probe,
            Verdict::Wrong,
            "ignores StudyInstanceUID: returns studies that were not asked for, which are filtered here",
        ),
        Err(failure) => failed(probe, &failure),
    }
}

/// The name of a patient that is there has to be found, carets and all.
async fn names(backend: &Backend, row: &Row, deadline: &Deadline) -> Finding {
    let probe = "search.names";
    let Some(name) = row.text(tags::PATIENT_NAME) else {
        return found(
            probe,
            Verdict::Unknown,
            "the first study has no patient name",
        );
    };
    let first = name.split('=').next().unwrap_or_default();
    if first.is_empty() || first.contains(['*', '?', '\\']) {
        return found(
            probe,
            Verdict::Unknown,
            "the first patient's name cannot be searched for",
        );
    }
    let filter = Filter {
        path: vec![crate::attribute::Attribute::of(tags::PATIENT_NAME)],
        matching: Matching::Value(first.to_owned()),
    };
    match backend
        .search(&search(Level::Study, vec![filter]), 2, 0, deadline)
        .await
    {
        Ok(page) if page.rows.iter().any(|row| !row.is_empty()) => found(
            probe,
            Verdict::Works,
            "finds a patient by the name that it shows",
        ),
        Ok(_) => found(
            probe,
            Verdict::Wrong,
            "does not find a patient by the very name that it shows",
        ),
        Err(failure) => failed(probe, &failure),
    }
}

/// A key that few archives match on: ignored or not, it has to be known.
async fn unknown_key(backend: &Backend, deadline: &Deadline) -> Finding {
    let probe = "search.ignored-keys";
    let tag: Tag = tags::INSTITUTION_NAME;
    let mut asked = search(Level::Study, vec![Filter::exact(tag, "NO SUCH PLACE 7F3A")]);
    asked.terms.include = Include::default();
    match backend.search(&asked, 2, 0, deadline).await {
        Ok(page) if page.rows.iter().all(Row::is_empty) => found(
            probe,
            Verdict::Works,
            "matches InstitutionName, or finds none",
        ),
        Ok(_) => found(
            probe,
            Verdict::Wrong,
            "ignores keys that it does not match, as InstitutionName, and returns everything: such rows are filtered here",
        ),
        Err(failure) => failed(probe, &failure),
    }
}

async fn retrieval(
    backend: &Backend,
    study: &Row,
    deadline: &Deadline,
    findings: &mut Vec<Finding>,
) {
    let instance = match an_instance(backend, study, deadline).await {
        Ok(Some(instance)) => instance,
        Ok(None) => {
            findings.push(found(
                "retrieve",
                Verdict::Unknown,
                "no instance is found to retrieve",
            ));
            return;
        }
        Err(failure) => {
            findings.push(failed("search.instances", &failure));
            return;
        }
    };
    findings.push(match backend.metadata(&instance, deadline).await {
        Ok(_) => found(
            "metadata",
            Verdict::Works,
            "gives the attributes of an instance",
        ),
        Err(failure) => failed("metadata", &failure),
    });
    findings.push(match backend.retrieve(&instance, deadline).await {
        Ok(bytes) => found(
            "retrieve",
            Verdict::Works,
            format!("gives an instance whole, {} bytes", bytes.len()),
        ),
        Err(failure) => failed("retrieve", &failure),
    });
    if let Some(rendered) = backend
        .render(&instance, 1, Format::Jpeg, None, deadline)
        .await
    {
        findings.push(match rendered {
            Ok(_) => found("web.rendered", Verdict::Works, "renders pictures"),
            Err(failure) => {
                let mut finding = failed("web.rendered", &failure);
                finding.words.push_str(": pictures are made here");
                finding
            }
        });
    }
}

/// Some instance of a study, an image where there is one.
async fn an_instance(
    backend: &Backend,
    study: &Row,
    deadline: &Deadline,
) -> Result<Option<Instance>, Failure> {
    let uid = |row: &Row, tag| row.text(tag).and_then(|text| Uid::parse(&text).ok());
    let Some(of) = uid(study, tags::STUDY_INSTANCE_UID) else {
        return Ok(None);
    };
    let mut series = search(Level::Series, Vec::new());
    series.study = Some(of.clone());
    let page = backend.search(&series, 20, 0, deadline).await?;
    let is_report = |row: &&Row| {
        row.text(tags::MODALITY)
            .is_some_and(|modality| matches!(modality.as_str(), "SR" | "KO" | "PR" | "DOC"))
    };
    let row = page
        .rows
        .iter()
        .find(|row| !is_report(row))
        .or(page.rows.first());
    let Some(within) = row.and_then(|row| uid(row, tags::SERIES_INSTANCE_UID)) else {
        return Ok(None);
    };
    let mut instances = search(Level::Instance, Vec::new());
    instances.study = Some(of.clone());
    instances.series = Some(within.clone());
    let page = backend.search(&instances, 1, 0, deadline).await?;
    let instance = page
        .rows
        .first()
        .and_then(|row| uid(row, tags::SOP_INSTANCE_UID));
    Ok(instance.map(|instance| Instance {
        study: of,
        series: within,
        instance,
    }))
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
