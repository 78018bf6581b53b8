//! Both sides may want to end an association at the same time.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::STUDY_MOVE;

pub(crate) static CHECK: Check = Check {
    id: "ul.release.collision",
    title: "a release collision ends the association on both sides",
    clauses: &[Clause::ps3_8("9.2")],
    level: Level::May,
    needs: &[
        Need::Dimse,
        Need::CStore,
        Need::CMove,
        Need::MoveDestination,
    ],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.collision-hang",
    sends: "C-MOVE to us; where the archive asks for the release of its association, we ask too before we answer",
    accepts: "A-RELEASE-RP from the archive after our request, and the end of its association after ours",
    run: |context| Box::pin(run(context)),
};

/// Longer than an archive waits for anything here.
const PATIENCE: Duration = Duration::from_secs(5);

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let collision = destination.collide_after(&study.instances[0].uid);
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    association
        .move_study(&study.uid, destination.ae_title())
        .await?;
    let ended = tokio::time::timeout(PATIENCE, collision).await;
    let heard = match ended {
        Err(_) => {
            return Err(Finding::fail(format!(
                "no end within {} s",
                PATIENCE.as_secs()
            )));
        }
        // An archive that closes or aborts instead of releasing cannot collide.
        Ok(Err(_)) => {
            return Err(Finding::NotObserved(
                "the archive did not ask for a release".into(),
            ));
        }
        Ok(Ok(heard)) => heard,
    };
    ensure!(
        heard == ["A-RELEASE-RP", "the connection was closed"],
        "{} in the collision",
        heard.join(", then ")
    );
    association.release().await
}
