//! Frames are plain little endian bytes unless another form is asked for.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.media-and-ts",
    title: "a frame asked for as octet-stream is in Explicit VR Little Endian",
    clauses: &[Clause::ps3_18("8.7.3.3"), Clause::ps3_18("10.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-big-endian",
    sends: "GET /frames/1 of a 16 bit image stored in Explicit VR and of one stored as RLE, as application/octet-stream",
    accepts: "a part of application/octet-stream, transfer syntax 1.2.840.10008.1.2.1 or unsaid, with the samples in little endian; 406 where the archive cannot decode",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, syntax) in (1..).zip([uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::RLE_LOSSLESS]) {
        let study = context.data().study(n).transfer_syntax(syntax).build();
        let instance = &study.instances[0];
        let path = format!("{}/frames/1", instance.path());
        if syntax == uids::EXPLICIT_VR_LITTLE_ENDIAN {
            web.prepare(&study).await?;
        } else if !web.takes(instance).await? || web.status(&path, OCTETS).await? == 406 {
            continue;
        }
        let parts = web.retrieve(&path, OCTETS).await?;
        ensure!(parts.len() == 1, "{} parts for one frame", parts.len());
        let media = parts[0].media();
        let said = media
            .parameter("transfer-syntax")
            .unwrap_or(uids::EXPLICIT_VR_LITTLE_ENDIAN);
        ensure!(
            media.essence == "application/octet-stream" && said == uids::EXPLICIT_VR_LITTLE_ENDIAN,
            "a part of type {:?}",
            parts[0].header("content-type")
        );
        ensure!(
            parts[0].content == instance.pixels,
            "{} bytes, other than the {} that were stored as {syntax}",
            parts[0].content.len(),
            instance.pixels.len()
        );
    }
    Ok(())
}
