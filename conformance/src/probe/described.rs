//! A store of metadata with bulk data beside it (PS3.18 10.5.1.4), in whichever media type.

use bytes::Bytes;
use dicom_dictionary_std::tags;

use super::file::File;
use super::upload::Upload;
use super::web::{Account, DICOM_ANY};
use crate::context::Context;
use crate::data::Instance;
use crate::outcome::{Verdict, ensure};

/// What the metadata calls the pixels.
const BULK: &str = "http://conformance.invalid/bulk/1";

/// Stores an instance as metadata in this media type, written by this function of it and of the place of its pixels, and makes sure that it is
/// taken and given back.
///
/// # Errors
/// A failure that says which of it is not so.
pub async fn taken_as(
    context: &Context,
    media: &str,
    written: fn(&Instance, &str) -> String,
) -> Verdict {
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
        .typed(&format!(
            "multipart/related; type=\"{media}\"; boundary=\"conformance-boundary-7d1f\""
        ))
        .part_with(&format!("Content-Type: {media}"), written(&instance, BULK))
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
