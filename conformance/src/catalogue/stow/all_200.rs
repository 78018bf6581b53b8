//! All stored: 200, and they are there.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "stow.all.200",
    title: "a store of valid instances is answered 200 and keeps them",
    clauses: &[Clause::ps3_18("10.5.3.1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.all-ok-202",
    sends: "POST /studies with 2 instances of a new study, then GET of each",
    accepts: "200, and each instance can be retrieved",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let answer = web
        .store("/studies", &study.instances.iter().collect::<Vec<_>>())
        .await?;
    ensure!(answer.status == 200, "{}", answer.summary());

    if !context.offers(Need::Retrieve) {
        return Ok(());
    }
    for instance in &study.instances {
        let retrieved = web.retrieve(&instance.path(), DICOM_ANY).await;
        let parts = retrieved.map_err(|finding| finding.after("200"))?;
        ensure!(
            parts.len() == 1,
            "200, and then {} parts for instance {}",
            parts.len(),
            instance.uid
        );
        let retrieved = File::read(&parts[0].content)?.sop_instance();
        ensure!(
            retrieved.as_ref() == Some(&instance.uid),
            "200, and then {retrieved:?} for instance {}",
            instance.uid
        );
    }
    Ok(())
}
