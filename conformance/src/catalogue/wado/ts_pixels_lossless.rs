//! Lossless is lossless.

use bytes::Bytes;
use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::codestream::{JPEG_2000, JPEG_LS};
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.pixels-lossless",
    title: "decoding a lossless image changes no pixel",
    clauses: &[Clause::ps3_18("8.7.3.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.transcode-off-by-one",
    sends: "GET in 1.2.840.10008.1.2.1 of images with every kind of value stored as RLE, JPEG Lossless, JPEG 2000 and JPEG-LS",
    accepts: "native pixels equal to those before compression, for each syntax that the archive stores and decodes",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let plan = |n| context.data().study(n);
    // The ends of the range and the steps between them.
    let extremes: Vec<u8> = (0..256_u16)
        .map(|n| [0, 0xFFFF, 0x8000, 0x7FFF, n * 257][usize::from(n % 5)])
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut cases = Vec::new();
    for (n, syntax) in (1..).zip([uids::RLE_LOSSLESS, uids::JPEG_LOSSLESS_SV1]) {
        let study = plan(n).pixels(&extremes).transfer_syntax(syntax).build();
        cases.push((study, Bytes::from(extremes.clone())));
    }
    for (n, codestream) in (3..).zip([JPEG_2000, JPEG_LS]) {
        let plan = plan(n).transfer_syntax(codestream.transfer_syntax);
        let native = Bytes::from_static(codestream.native.unwrap_or_default());
        cases.push((plan.picture(codestream.picture()).build(), native));
    }
    let accept = format!(
        "{DICOM}; transfer-syntax={}",
        uids::EXPLICIT_VR_LITTLE_ENDIAN
    );
    let mut judged = 0;
    for (study, native) in &cases {
        let instance = &study.instances[0];
        if !web.takes(instance).await? || web.status(&instance.path(), &accept).await? == 406 {
            continue;
        }
        judged += 1;
        let file = web.file(&instance.path(), &accept).await?;
        let got = file.value(tags::PIXEL_DATA).cloned().unwrap_or_default();
        let differing = got.iter().zip(native).filter(|(a, b)| a != b).count();
        ensure!(
            got == *native,
            "{} bytes of pixels, {differing} of them different, where {} were stored as {}",
            got.len(),
            native.len(),
            instance.transfer_syntax
        );
    }
    match judged {
        0 => Err(Finding::NotApplicable("it decodes nothing".into())),
        _ => Ok(()),
    }
}
