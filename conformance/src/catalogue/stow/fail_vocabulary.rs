//! Failure reasons that everybody knows.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "stow.fail.vocabulary",
    title: "every Failure Reason is one that the standard lists",
    clauses: &[Clause::ps3_18("I.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.fail-reason-9999",
    sends: "POST /studies/{study} with instances of another study, with noise and with a part that is no DICOM",
    accepts: "each (0008,1197) is A7xxH, A9xxH, CxxxH, 0110H or 0122H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(3).build();
    let other = context.data().study(2).build();
    let path = format!("/studies/{}", study.uid);
    let [a, b, c] = [0, 1, 2].map(|n| &study.instances[n]);
    let uploads = [
        Upload::of(&[a, &other.instances[0]]),
        Upload::of(&[b]).part(c.corrupt()),
        Upload::of(&[b]).part("not DICOM at all"),
    ];
    let mut seen = 0;
    for upload in &uploads {
        let answer = web.upload(&path, upload).await?;
        let Ok(account) = Account::of(&answer) else {
            continue;
        };
        for reason in account.reasons() {
            let known = matches!(
                reason,
                Some(0x0110 | 0x0122 | 0xA700..=0xA7FF | 0xA900..=0xA9FF | 0xC000..=0xCFFF)
            );
            ensure!(
                known,
                "{} with the reason {}",
                answer.status,
                match reason {
                    Some(code) => format!("{code:04X}H"),
                    None => "nothing".into(),
                }
            );
            seen += 1;
        }
    }
    match seen {
        0 => Err(Finding::NotObserved("no failure was listed".into())),
        _ => Ok(()),
    }
}
