//! Probes of what is behind a study: metadata, an instance, its picture.

use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::{Finding, Verdict, failed, found, search};
use crate::backend::{Backend, Deadline, Format, Instance};
use crate::error::Failure;
use crate::row::Row;

/// Gets one instance of the study in every way.
pub(super) async fn retrieval(
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
