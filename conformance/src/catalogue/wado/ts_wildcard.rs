//! Whoever takes everything gets something.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.wildcard",
    title: "transfer-syntax=* is answered with what is stored, or with explicit little endian",
    clauses: &[Clause::ps3_18("8.7.3.5.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.star-406",
    sends: "GET of an instance stored in Explicit VR, of an RLE and of a JPEG Lossless one, with transfer-syntax=*",
    accepts: "200, the stored transfer syntax or 1.2.840.10008.1.2.1",
    run: |context| Box::pin(run(context)),
};

const STORED: [&str; 3] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::RLE_LOSSLESS,
    uids::JPEG_LOSSLESS_SV1,
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, syntax) in (1..).zip(STORED) {
        let study = context.data().study(n).transfer_syntax(syntax).build();
        let instance = &study.instances[0];
        if syntax == uids::EXPLICIT_VR_LITTLE_ENDIAN {
            web.prepare(&study).await?;
        } else if !web.takes(instance).await? {
            continue;
        }
        let got = web.file(&instance.path(), DICOM_ANY).await?.transfer_syntax;
        ensure!(
            got == syntax || got == uids::EXPLICIT_VR_LITTLE_ENDIAN,
            "{got} for an instance stored as {syntax}"
        );
    }
    Ok(())
}
