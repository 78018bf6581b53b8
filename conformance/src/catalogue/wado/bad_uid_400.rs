//! What is no UID is the fault of the client.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.400.bad-uid",
    title: "a path with something that is no UID is answered 400 or 404",
    clauses: &[Clause::ps3_18("10.4.3.1")],
    level: Level::Should,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "wado.bad-uid-500",
    sends: "GET of a stored study, and of studies called not_a_uid, 65 digits, an encoded ../.. and a percent-encoded zero byte",
    accepts: "200 for the stored one, 400 or 404 for the others",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    // Who has nothing to give at all has not looked at the UID.
    web.retrieve(&format!("/studies/{}", study.uid), DICOM_ANY)
        .await?;
    let long = format!("1.{}", "2".repeat(63));
    for uid in ["not_a_uid", &long, "..%2F..%2Fetc", "1.2%00", "1..2"] {
        let path = format!("/studies/{uid}");
        let answer = web.get(&path, DICOM_ANY).await?;
        ensure!(
            matches!(answer.status, 400 | 404),
            "{} to GET {path}",
            answer.summary()
        );
    }
    Ok(())
}
