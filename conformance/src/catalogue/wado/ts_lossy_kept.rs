//! What was lossy is not made to look lossless.

use bytes::Bytes;
use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::codestream::JPEG_BASELINE;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.lossy-kept",
    title: "a lossy image comes as it was stored, or decoded, and says which",
    clauses: &[Clause::ps3_18("8.7.3.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.lossy-mislabelled",
    sends: "GET of an instance stored as JPEG Baseline, without transfer-syntax",
    accepts: "the stored codestream labelled 1.2.840.10008.1.2.4.50, or native pixels labelled 1.2.840.10008.1.2.1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context
        .data()
        .study(1)
        .transfer_syntax(JPEG_BASELINE.transfer_syntax);
    let study = study.picture(JPEG_BASELINE.picture()).build();
    let instance = &study.instances[0];
    if !web.takes(instance).await? {
        return Err(Finding::NotApplicable(
            "it does not store JPEG Baseline".into(),
        ));
    }
    let file = web.file(&instance.path(), DICOM).await?;
    let fragments = file.fragments();
    let codestream: Vec<u8> = fragments.iter().skip(1).flatten().copied().collect();
    match file.transfer_syntax.as_str() {
        uids::EXPLICIT_VR_LITTLE_ENDIAN => {
            let length = file.value(tags::PIXEL_DATA).map_or(0, Bytes::len);
            ensure!(
                fragments.is_empty() && length == JPEG_BASELINE.native_length(),
                "labelled 1.2.840.10008.1.2.1, with {length} bytes of pixel data in {} items where {} bytes are due",
                fragments.len(),
                JPEG_BASELINE.native_length()
            );
        }
        uids::JPEG_BASELINE8_BIT => ensure!(
            codestream == JPEG_BASELINE.bytes,
            "labelled as it was stored, with another codestream of {} bytes",
            codestream.len()
        ),
        other => return Err(Finding::fail(format!("transfer syntax {other}"))),
    }
    Ok(())
}
