//! Who does not ask for a transfer syntax gets one that everybody can read.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::{Account, DICOM};

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.default-explicit-le",
    title: "without a transfer-syntax parameter lossless images come in Explicit VR Little Endian",
    clauses: &[Clause::ps3_18("8.7.3.4"), Clause::ps3_18("8.7.8.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.default-as-stored",
    sends: "GET of an instance stored as RLE Lossless, of one stored as JPEG Lossless and of one stored deflated, without transfer-syntax",
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
    let mut judged = 0;
    for (n, (name, syntax)) in (1..).zip(STORED) {
        let study = context.data().study(n).transfer_syntax(syntax).build();
        let instance = &study.instances[0];
        let answer = web.store("/studies", &[instance]).await?;
        if !Account::of(&answer).is_ok_and(|account| account.referenced.contains(&instance.uid)) {
            // Which transfer syntaxes an archive takes is its own choice.
            continue;
        }
        judged += 1;
        let parts = web.retrieve(&instance.path(), DICOM).await?;
        ensure!(
            parts.len() == 1,
            "{} parts for the instance stored as {name}",
            parts.len()
        );
        let file = File::read(&parts[0].content)?;
        let got = &file.transfer_syntax;
        ensure!(
            got == uids::EXPLICIT_VR_LITTLE_ENDIAN,
            "{got} for the instance stored as {name}"
        );
        let same = file.value(tags::PIXEL_DATA) == Some(&instance.pixels);
        ensure!(
            same,
            "1.2.840.10008.1.2.1, and other pixels than were stored as {name}"
        );
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "it stores none of RLE Lossless, JPEG Lossless and deflated".into(),
        )),
        _ => Ok(()),
    }
}
