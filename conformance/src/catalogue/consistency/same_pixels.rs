//! One picture, however it is fetched.

use bytes::Bytes;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};
use crate::probe::file::{File, data_set};
use crate::probe::json::Row;
use crate::probe::web::{DICOM, JSON, Web};

pub(crate) static CHECK: Check = Check {
    id: "x.same-pixels",
    title: "C-GET, WADO-RS, frames and bulk data give the same pixels",
    clauses: &[Clause::ps3_18("8.7.3.4"), Clause::ps3_5("8")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "x.web-byteswap",
    sends: "C-GET, GET of the instance, of its frame 1, and of the BulkDataURI of its pixels (as far as there are these resources)",
    accepts: "the bytes stored, four times",
    run: |context| Box::pin(run(context)),
};

/// One uncompressed frame, or any bulk data.
const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let instance = &study.instances[0];
    let mut ways: Vec<(&str, Option<Bytes>)> = Vec::new();

    let class = uids::CT_IMAGE_STORAGE;
    let mut association = context
        .dimse()?
        .associate_to_get(STUDY_GET, &[class])
        .await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            Reply::Status(Status::SUCCESS)
        })
        .await?;
    ensure!(got.stored.len() == 1, "C-GET: {}", got.words());
    let stored = &got.stored[0];
    let read = data_set(&stored.data_set, &association.syntax(stored.context))?;
    ways.push(("C-GET", read.get(&tags::PIXEL_DATA).cloned()));
    association.release().await?;

    let parts = web.retrieve(&instance.path(), DICOM).await?;
    ensure!(parts.len() == 1, "{} parts for one instance", parts.len());
    let file = File::read(&parts[0].content)?;
    ways.push(("WADO-RS", file.value(tags::PIXEL_DATA).cloned()));

    let path = format!("{}/frames/1", instance.path());
    ways.push(("the frame", octets(&web, &path).await?));

    let path = format!("{}/metadata", instance.path());
    let row = Row::one(&web.get(&path, JSON).await?.body)?;
    let uri = row.attribute(tags::PIXEL_DATA);
    let uri = uri.and_then(|pixels| pixels["BulkDataURI"].as_str());
    if let Some(path) = uri.and_then(|uri| uri.get(uri.find("/studies/")?..)) {
        ways.push(("bulk data", octets(&web, path).await?));
    }
    for (way, pixels) in ways {
        let Some(pixels) = pixels else { continue };
        ensure!(
            pixels == instance.pixels,
            "{way}: {} bytes of pixels that are not the {} stored",
            pixels.len(),
            instance.pixels.len()
        );
    }
    Ok(())
}

/// The one part of a resource; nothing if the archive does not have such resources.
async fn octets(web: &Web, path: &str) -> Verdict<Option<Bytes>> {
    let answer = web.get(path, OCTETS).await?;
    if matches!(answer.status, 404 | 406 | 501) {
        return Ok(None);
    }
    let parts = web.retrieve(path, OCTETS).await?;
    ensure!(parts.len() == 1, "{} parts of GET {path}", parts.len());
    Ok(Some(parts[0].content.clone()))
}
