//! A transfer syntax that is not taken.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Difference, Finding, Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.transfer-syntax-c122",
    title: "an instance in an unsupported transfer syntax fails with C122H",
    clauses: &[Clause::ps3_18("I.2.2"), Clause::ps3_18("T.I.2-2")],
    level: Level::Must,
    needs: &[Need::Store, Need::TransferSyntaxLimit],
    editions: Editions::ALL,
    profiles: &[],
    fault: "stow.ts-reject-0110",
    sends: "POST /studies with 1 instance in the transfer syntax that is claimed to be unsupported and 1 in explicit little endian",
    accepts: "the first in FailedSOPSequence with Failure Reason C122H (49442); another of C000H to CFFFH or 0122H is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let claimed = context
        .claimed(Need::TransferSyntaxLimit)
        .unwrap_or_default();
    let known = [
        uids::RLE_LOSSLESS,
        uids::JPEG_LOSSLESS_SV1,
        uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    ];
    let Some(syntax) = known.into_iter().find(|syntax| *syntax == claimed) else {
        return Err(Finding::NotApplicable(
            "no image in the claimed transfer syntax can be made here".into(),
        ));
    };
    let good = context.data().study(1).build();
    let bad = context.data().study(2).transfer_syntax(syntax).build();
    let (good, bad) = (&good.instances[0], &bad.instances[0]);
    let answer = web.store("/studies", &[good, bad]).await?;
    let account = Account::of(&answer)?;
    ensure!(
        account.referenced == [good.uid.clone()],
        "{}; {} instances listed as stored, not the good one alone",
        answer.status,
        account.referenced.len()
    );
    let failed = account.failed.iter().find(|(uid, _)| *uid == bad.uid);
    let got = format!(
        "{}; Failure Reason {:?} for the instance in {syntax}",
        answer.status,
        failed.and_then(|(_, reason)| *reason)
    );
    match failed.and_then(|(_, reason)| *reason) {
        Some(0xC122) => Ok(()),
        Some(0x0122 | 0xC000..=0xCFFF) => Err(Finding::Warn(Difference {
            expected: None,
            got,
        })),
        _ => Err(Finding::fail(got)),
    }
}
