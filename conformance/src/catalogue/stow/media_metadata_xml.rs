//! Metadata in XML, and pixels beside it.

use bytes::Bytes;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::upload::Upload;
use crate::probe::web::{Account, DICOM_ANY};

pub(crate) static CHECK: Check = Check {
    id: "stow.media.metadata-xml",
    title: "metadata in XML with bulk data is stored",
    clauses: &[Clause::ps3_18("10.5.4"), Clause::ps3_18("10.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::StoreMetadata, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.meta-xml-415",
    sends: "POST /studies with a part of application/dicom+xml that refers to a part of application/octet-stream",
    accepts: "200, and the same pixels and attributes on retrieval",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let instance = study.instances[0].altered(|data_set| {
        let private: Vec<_> = data_set
            .iter()
            .map(|element| element.header().tag)
            .collect();
        for tag in private.into_iter().filter(|tag| tag.group() % 2 == 1) {
            data_set.remove_element(tag);
        }
    });

    let upload = Upload::of(&[])
        .typed("multipart/related; type=\"application/dicom+xml\"; boundary=\"conformance-boundary-7d1f\"")
        .part_with("Content-Type: application/dicom+xml", instance.as_xml(BULK))
        .part_with(
            &format!("Content-Type: application/octet-stream\r\nContent-Location: {BULK}"),
            instance.pixels.clone(),
        );
    context.transcript().leave(&study.uid);
    let answer = web.upload("/studies", &upload).await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let listed = Account::of(&answer)?.referenced;
    ensure!(
        listed == [instance.uid.clone()],
        "200 with {} instances listed as stored",
        listed.len()
    );
    let parts = web.retrieve(&instance.path(), DICOM_ANY).await?;
    ensure!(parts.len() == 1, "200, and then {} parts", parts.len());
    let (sent, got) = (File::read(&instance.file)?, File::read(&parts[0].content)?);
    ensure!(
        got.value(tags::PIXEL_DATA) == Some(&instance.pixels),
        "200, and then {} bytes of other pixels",
        got.value(tags::PIXEL_DATA).map_or(0, Bytes::len)
    );
    let same = [
        tags::PATIENT_ID,
        tags::PATIENT_NAME,
        tags::STUDY_INSTANCE_UID,
        tags::SOP_CLASS_UID,
        tags::ROWS,
        tags::STUDY_DATE,
    ];
    for tag in same {
        ensure!(
            sent.value(tag) == got.value(tag),
            "200, and then another value of {tag}"
        );
    }
    Ok(())
}

/// What the metadata calls the pixels.
const BULK: &str = "http://conformance.invalid/bulk/1";
