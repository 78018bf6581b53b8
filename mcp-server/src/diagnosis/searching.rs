//! Probes of the searches: pages, filters, names, keys that are not known.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::{Level, Matching};

use super::retrieving::retrieval;
use super::{Finding, Verdict, failed, found, search};
use crate::attribute::Attribute;
use crate::backend::{Backend, Deadline};
use crate::query::{Filter, Include};
use crate::row::Row;

/// Asks for studies in several ways, and retrieves from the first.
pub(super) async fn searches(backend: &Backend, deadline: &Deadline, findings: &mut Vec<Finding>) {
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
        path: vec![Attribute::of(tags::PATIENT_NAME)],
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
