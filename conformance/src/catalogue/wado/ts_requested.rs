//! Who asks for one transfer syntax gets that one.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::codestream::JPEG_2000;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::file::File;
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "wado.ts.requested",
    title: "an instance comes in the transfer syntax that was asked for",
    clauses: &[Clause::ps3_18("8.7.8.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.ts-ignored",
    sends: "GET of an RLE, a JPEG Lossless and a JPEG 2000 instance with their own transfer syntax and with 1.2.840.10008.1.2.1",
    accepts: "exactly the one asked for; 406 only where the archive cannot convert",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let plan = |n| context.data().study(n);
    let studies = [
        plan(1).transfer_syntax(uids::RLE_LOSSLESS).build(),
        plan(2).transfer_syntax(uids::JPEG_LOSSLESS_SV1).build(),
        plan(3)
            .transfer_syntax(JPEG_2000.transfer_syntax)
            .picture(JPEG_2000.picture())
            .build(),
    ];
    let mut judged = 0;
    for study in &studies {
        let instance = &study.instances[0];
        if !web.takes(instance).await? {
            continue;
        }
        judged += 1;
        for syntax in [instance.transfer_syntax, uids::EXPLICIT_VR_LITTLE_ENDIAN] {
            let accept = format!("{DICOM}; transfer-syntax={syntax}");
            let answer = web.get(&instance.path(), &accept).await?;
            if answer.status == 406 && syntax != instance.transfer_syntax {
                continue;
            }
            ensure!(answer.status == 200, "{} to {syntax}", answer.summary());
            for part in parts(answer.content_type(), &answer.body)? {
                let got = File::read(&part.content)?.transfer_syntax;
                ensure!(
                    got == syntax,
                    "{got}, asked for was {syntax}, stored is {}",
                    instance.transfer_syntax
                );
            }
        }
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "it stores no compressed images".into(),
        )),
        _ => Ok(()),
    }
}
