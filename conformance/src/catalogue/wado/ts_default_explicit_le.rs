//! Who does not ask for a transfer syntax gets one that everybody can read.

use bytes::Bytes;
use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::codestream::{JPEG_2000, JPEG_LS};
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.default-explicit-le",
    title: "without a transfer-syntax parameter lossless images come in Explicit VR Little Endian",
    clauses: &[Clause::ps3_18("8.7.3.4"), Clause::ps3_18("8.7.8.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.default-as-stored",
    sends: "GET of instances stored as RLE Lossless, JPEG Lossless, JPEG 2000 Lossless, JPEG-LS Lossless and deflated, without transfer-syntax",
    accepts: "1.2.840.10008.1.2.1 and the pixels that were compressed, for each syntax that the archive stores",
    run: |context| Box::pin(run(context)),
};

const STORED: [(&str, &str); 3] = [
    ("RLE Lossless", uids::RLE_LOSSLESS),
    ("JPEG Lossless", uids::JPEG_LOSSLESS_SV1),
    (
        "Deflated Explicit VR Little Endian",
        uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    ),
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let mut studies = Vec::new();
    for (n, (name, syntax)) in (1..).zip(STORED) {
        let study = context.data().study(n).transfer_syntax(syntax).build();
        let native = study.instances[0].pixels.clone();
        studies.push((name, study, native));
    }
    for (n, codestream) in (4..).zip([JPEG_2000, JPEG_LS]) {
        let plan = context.data().study(n).picture(codestream.picture());
        let study = plan.transfer_syntax(codestream.transfer_syntax).build();
        let native = Bytes::from_static(codestream.native.unwrap_or_default());
        studies.push((codestream.name, study, native));
    }
    let mut judged = 0;
    for (name, study, native) in &studies {
        let instance = &study.instances[0];
        if !web.takes(instance).await? {
            // Which transfer syntaxes an archive takes is its own choice.
            continue;
        }
        judged += 1;
        let file = web.file(&instance.path(), DICOM).await?;
        let got = &file.transfer_syntax;
        ensure!(
            got == uids::EXPLICIT_VR_LITTLE_ENDIAN,
            "{got} for the instance stored as {name}"
        );
        ensure!(
            file.value(tags::PIXEL_DATA) == Some(native),
            "1.2.840.10008.1.2.1, and other pixels than were stored as {name}"
        );
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "it stores neither compressed nor deflated instances".into(),
        )),
        _ => Ok(()),
    }
}
