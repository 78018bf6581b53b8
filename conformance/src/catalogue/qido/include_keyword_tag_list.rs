//! Fields to include can be named in each way.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::search::{OPTIONAL_KEYS, name};

pub(crate) static CHECK: Check = Check {
    id: "qido.include.keyword-tag-list",
    title: "includefield repeated, as a list and by tags gives the same attributes",
    clauses: &[Clause::ps3_18("8.3.4.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.include-first-only",
    sends: "GET /studies?StudyInstanceUID={study} with the attributes that the archive returns one by one: includefield repeated, with commas, and as tags",
    accepts: "the same row each time, with all of these attributes",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context
        .data()
        .study(1)
        .with(text(tags::PATIENT_AGE, "042Y"))
        .with(text(tags::REQUESTING_PHYSICIAN, "Anforderer^A"))
        .build();
    web.prepare(&study).await?;
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let supported = web.includable(&path).await?;
    if supported.len() < 2 {
        let reason = format!(
            "{} of {} optional attributes can be included",
            supported.len(),
            OPTIONAL_KEYS.len()
        );
        return Err(Finding::NotObserved(reason));
    }
    let keywords: Vec<_> = supported.iter().map(|&tag| name(tag)).collect();
    let number = |tag: &dicom_core::Tag| format!("{:04X}{:04X}", tag.group(), tag.element());
    let numbers: Vec<_> = supported.iter().map(number).collect();
    let mut first: Option<Row> = None;
    for fields in [
        keywords
            .iter()
            .map(|keyword| format!("&includefield={keyword}"))
            .collect::<String>(),
        format!("&includefield={}", keywords.join(",")),
        format!("&includefield={}", numbers.join(",")),
        numbers
            .iter()
            .map(|number| format!("&includefield={number}"))
            .collect::<String>(),
    ] {
        let row = web.row(&format!("{path}{fields}")).await?;
        for &tag in &supported {
            ensure!(row.has_value(tag), "no {} for {fields}", name(tag));
        }
        let same = first.get_or_insert_with(|| row.clone()) == &row;
        ensure!(same, "another row for {fields}");
    }
    Ok(())
}
