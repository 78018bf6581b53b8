//! get-study-overview: patient, studies, series and reports as one tree.

mod counts;
mod told;

use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::{Effect, Pending, Session, Tool, reports};
use crate::answer::Answer;
use crate::arguments::{Arguments, Kind, Parameter};
use crate::attribute::Attribute;
use crate::backend::Deadline;
use crate::error::Failure;
use crate::listing::{Listing, More};
use crate::query::{Filter, Include, Search, Terms};
use crate::row::Row;
use crate::{find, text};

use counts::miscounted;
use told::{answer, schema};

/// The most studies of a patient that are told.
const MAX_STUDIES: usize = 20;

pub(super) const TOOL: Tool = Tool {
    name: "get-study-overview",
    title: "Overview of a study or a patient",
    about: "Gives a study, or all studies of a patient with the newest first, as a tree: patient, study, its series and its reports, with \
            the UIDs to go on with. It warns where one study has several patient IDs. Use it to see in one call what there is. It does not \
            read reports or show images.",
    parameters: &[
        Parameter {
            name: "studyInstanceUid",
            kind: Kind::Uid,
            required: false,
            about: "This study. Give it or patientId.",
        },
        Parameter {
            name: "patientId",
            kind: Kind::Text(64),
            required: false,
            about: "All studies of the patient with exactly this ID.",
        },
    ],
    output: schema,
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let filter = match (
            arguments.optional_uid("studyInstanceUid")?,
            arguments.text("patientId"),
        ) {
            (Some(study), "") => Filter::exact(tags::STUDY_INSTANCE_UID, study.as_str()),
            (None, "") => {
                return Err(Failure::Argument {
                    name: "studyInstanceUid".into(),
                    problem: "neither a study nor a patient is named".into(),
                    advice: Some(
                        "studyInstanceUid or patientId, as find-studies shows them".into(),
                    ),
                });
            }
            (None, patient) if patient.contains(['*', '?', '\\']) => {
                return Err(Failure::Argument {
                    name: "patientId".into(),
                    problem: format!("{:?} is a pattern, not an ID", text::escape(patient)),
                    advice: Some("find-patients searches with patterns".into()),
                });
            }
            (None, patient) => Filter::exact(tags::PATIENT_ID, patient),
            (Some(_), _) => {
                return Err(Failure::argument(
                    "patientId",
                    "a study and a patient exclude each other",
                ));
            }
        };
        overview(session, filter).await
    })
}

/// A study with what is in it.
struct Branch {
    study: Row,
    series: Vec<Row>,
    reports: Vec<Row>,
    complete: bool,
}

pub(crate) async fn overview(session: &Session, filter: Filter) -> Result<Answer, Failure> {
    let deadline = session.deadline();
    let one = filter
        .path
        .first()
        .is_some_and(|key| key.tag == tags::STUDY_INSTANCE_UID);
    let search = session.meant(&Search {
        level: Level::Study,
        study: None,
        series: None,
        terms: Terms {
            filters: vec![filter],
            limit: Some(if one { 10 } else { 1000 }),
            ..Terms::default()
        },
    });
    let mut listing = if one {
        // Two rows for one study are what has to be seen here, so the page is looked at before it is tidied.
        let raw = session.backend.search(&search, 10, 0, &deadline).await?;
        let patients: BTreeSet<String> = raw
            .rows
            .iter()
            .filter_map(|row| row.text(tags::PATIENT_ID))
            .collect();
        let mut listing = find::page(&session.backend, &search, &deadline).await?;
        if patients.len() > 1 {
            listing.warnings.push(conflict(session, &patients));
        }
        listing
    } else {
        find::all(&session.backend, &search, &deadline).await?
    };
    if listing.rows.is_empty() && one {
        let uid = match search.terms.filters.first().map(|filter| &filter.matching) {
            Some(dicom_wire::query::Matching::Value(uid)) => uid.clone(),
            _ => String::new(),
        };
        return Err(Failure::Absent { what: "study", uid });
    }
    listing.sort();
    let more = if listing.rows.len() > MAX_STUDIES {
        More::Yes
    } else {
        listing.more.clone()
    };
    let mut warnings = std::mem::take(&mut listing.warnings);
    listing.rows.truncate(MAX_STUDIES);
    let mut branches = Vec::new();
    for row in listing.rows {
        branches.push(branch(session, row, &mut warnings, &deadline).await?);
    }
    for branch in &mut branches {
        session.mask.rows(std::slice::from_mut(&mut branch.study));
        session.mask.rows(&mut branch.series);
        session.mask.rows(&mut branch.reports);
    }
    Ok(answer(
        &branches,
        &more,
        &warnings,
        session.config.limits.text,
    ))
}

fn conflict(session: &Session, patients: &BTreeSet<String>) -> String {
    let named = if session.mask.shows_all() {
        let shown = patients
            .iter()
            .map(|patient| format!("{:?}", text::escape(patient)));
        format!(": {}", shown.collect::<Vec<_>>().join(", "))
    } else {
        String::new()
    };
    format!(
        "the study has {} different patient IDs{named}: it may hold images of different people",
        patients.len()
    )
}

async fn branch(
    session: &Session,
    study: Row,
    warnings: &mut Vec<String>,
    deadline: &Deadline,
) -> Result<Branch, Failure> {
    let uid = study.text(tags::STUDY_INSTANCE_UID).unwrap_or_default();
    let uid = Uid::parse(&uid).map_err(|error| Failure::Unusable {
        doing: "search studies".into(),
        reason: format!("a study of the archive has no UID: {error}"),
        said: None,
    })?;
    let below = |level, further: &[Tag]| Search {
        level,
        study: Some(uid.clone()),
        series: None,
        terms: Terms {
            include: Include::Attributes(further.iter().copied().map(Attribute::of).collect()),
            ..Terms::default()
        },
    };
    let mut series = find::all(&session.backend, &below(Level::Series, &[]), deadline).await?;
    series.sort();
    let further: Vec<Tag> = [tags::PATIENT_ID]
        .into_iter()
        .chain(reports::ASKED)
        .collect();
    let mut instances = find::all(
        &session.backend,
        &below(Level::Instance, &further),
        deadline,
    )
    .await?;
    instances.sort();
    let mut patients: BTreeSet<String> = instances
        .rows
        .iter()
        .filter_map(|row| row.text(tags::PATIENT_ID))
        .collect();
    patients.extend(study.text(tags::PATIENT_ID));
    if patients.len() > 1 {
        let warning = conflict(session, &patients);
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    warnings.extend(miscounted(&study, &series, &instances));
    let is_report = |row: &Row| {
        row.text(tags::SOP_CLASS_UID).is_some_and(|class| {
            reports::is_structured(&class) || class == uids::ENCAPSULATED_PDF_STORAGE
        })
    };
    let all = |listing: &Listing| listing.more == More::No;
    let complete = all(&series) && all(&instances);
    for listing in [&series, &instances] {
        if let More::Unknown(why) = &listing.more {
            warnings.push(format!(
                "whether all of the study is told is unknown: {why}"
            ));
        }
        for warning in &listing.warnings {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
    }
    let mut reports: Vec<Row> = instances.rows.into_iter().filter(is_report).collect();
    reports.iter_mut().for_each(reports::give_title);
    Ok(Branch {
        reports,
        series: series.rows,
        study,
        complete,
    })
}
