//! Metadata is what is retrieved.

use dicom_core::header::Header;
use dicom_object::from_reader;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::{Row, differences};
use crate::probe::web::{DICOM_ANY, JSON};

pub(crate) static CHECK: Check = Check {
    id: "x.metadata-is-dataset",
    title: "metadata has the attributes and values of the retrieved instance",
    clauses: &[Clause::ps3_18("10.4.1.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "x.metadata-stale",
    sends: "GET of an instance in any transfer syntax, and of its metadata",
    accepts: "every element of the file in the metadata with the same VR and value; bulk values may be references",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let instance = &study.instances[0];
    let parts = web.retrieve(&instance.path(), DICOM_ANY).await?;
    ensure!(parts.len() == 1, "{} parts for one instance", parts.len());
    let file = from_reader(&parts[0].content[..])
        .map_err(|error| Finding::fail(format!("no DICOM file: {error}")))?;
    let path = format!("{}/metadata", instance.path());
    let answer = web.get(&path, JSON).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let row = Row::one(&answer.body)?;
    let retrieved = file.iter().filter(|element| element.tag().element() != 0);
    let found = differences(retrieved, &row);
    ensure!(
        found.is_empty(),
        "{} differences: {}",
        found.len(),
        found[0]
    );
    let alone = row.attributes().find(|(tag, _)| {
        // Where it is retrieved from, and how it was stored, are not in the data set.
        tag.group() != 2 && file.element(*tag).is_err() && !MAY_ADD.contains(tag)
    });
    ensure!(
        alone.is_none(),
        "{} is in the metadata only",
        alone.map_or(String::new(), |(tag, _)| tag.to_string())
    );
    Ok(())
}

/// What metadata may have besides the data set (PS3.18 10.4.3.3.2, F.4).
const MAY_ADD: [dicom_core::Tag; 4] = [
    dicom_dictionary_std::tags::RETRIEVE_URL,
    dicom_dictionary_std::tags::INSTANCE_AVAILABILITY,
    dicom_dictionary_std::tags::AVAILABLE_TRANSFER_SYNTAX_UID,
    dicom_dictionary_std::tags::RETRIEVE_AE_TITLE,
];
