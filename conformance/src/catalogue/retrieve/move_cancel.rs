//! A move can be ended.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_MOVE, Step};

pub(crate) static CHECK: Check = Check {
    id: "move.cancel",
    title: "a cancelled move ends as cancelled, with counts, and nothing more is sent",
    clauses: &[Clause::ps3_4("C.4.2.3"), Clause::ps3_7("9.3.4.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.ignores-cancel",
    sends: "C-MOVE of a study of 20 to us; the third C-STORE is answered only after a C-CANCEL-RQ was sent",
    accepts: "FE00H with counts that sum to 20; less than 20 instances tried",
    run: |context| Box::pin(run(context)),
};

const COUNT: usize = 20;
/// How often is looked whether the third instance has come.
const LOOK: Duration = Duration::from_millis(5);

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(COUNT as u32).build();
    dimse.prepare(&study).await?;
    let uids = study.uids();
    let third = destination.hold_nth(&uids, 3);
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let keys = Keys::study(&study.uid);
    let id = association
        .begin_move(STUDY_MOVE, &keys, destination.ae_title())
        .await?;
    while destination.arrivals(&uids).len() < 3 {
        tokio::time::sleep(LOOK).await;
    }
    association.cancel(STUDY_MOVE, id).await?;
    drop(third);
    let mut last = None;
    while last.is_none() {
        if let Step::Last(response, _) = association.step().await? {
            last = Some(response);
        }
    }
    association.release().await?;
    let Some(last) = last else {
        return Err(Finding::error("a move without an end"));
    };
    let tried = destination.arrivals(&uids).len();
    let counts = last.sub_operations;
    let sum: u16 = [
        counts.remaining,
        counts.completed,
        counts.failed,
        counts.warning,
    ]
    .iter()
    .map(|count| count.unwrap_or(0))
    .sum();
    let status = last.outcome.status.0;
    ensure!(
        status == 0xFE00 && tried < COUNT && usize::from(sum) == COUNT,
        "{status:04X}H, counts that sum to {sum}, {tried} of {COUNT} tried"
    );
    Ok(())
}
