//! What comes is a DICOM file with all that belongs to one.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.p10.file-meta",
    title: "each retrieved file has a preamble and file meta information that agrees with its data set",
    clauses: &[Clause::ps3_18("8.7.3.1"), Clause::ps3_10("7")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.no-preamble",
    sends: "GET of an instance",
    accepts: "a preamble, DICM, a true group length, and class, instance and transfer syntax as in the data set",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let instance = &study.instances[0];
    let file = web.file(&instance.path(), DICOM_ANY).await?;
    let length = file
        .value(tags::FILE_META_INFORMATION_GROUP_LENGTH)
        .and_then(|value| value.as_ref().try_into().ok())
        .map(u32::from_le_bytes);
    ensure!(
        length == Some(file.meta_length as u32),
        "group length {length:?} where {} bytes follow",
        file.meta_length
    );
    for (meta, own, name) in [
        (
            tags::MEDIA_STORAGE_SOP_CLASS_UID,
            tags::SOP_CLASS_UID,
            "SOP class",
        ),
        (
            tags::MEDIA_STORAGE_SOP_INSTANCE_UID,
            tags::SOP_INSTANCE_UID,
            "SOP instance",
        ),
    ] {
        let (meta, own) = (file.text(meta), file.text(own));
        ensure!(
            meta.is_some() && meta == own,
            "{name} {meta:?} in the file meta information, {own:?} in the data set"
        );
    }
    for (tag, name) in [
        (tags::FILE_META_INFORMATION_VERSION, "version"),
        (tags::TRANSFER_SYNTAX_UID, "transfer syntax"),
        (tags::IMPLEMENTATION_CLASS_UID, "implementation class UID"),
    ] {
        ensure!(
            file.value(tag).is_some_and(|value| !value.is_empty()),
            "file meta information without {name}"
        );
    }
    Ok(())
}
