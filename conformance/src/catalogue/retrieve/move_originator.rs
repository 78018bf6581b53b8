//! Moved instances say who wanted them.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_MOVE, Step};

pub(crate) static CHECK: Check = Check {
    id: "move.originator",
    title: "moved instances name the originator of the move and its message ID",
    clauses: &[Clause::ps3_7("9.3.1.1")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.no-originator",
    sends: "C-MOVE of a study to us",
    accepts: "(0000,1030) with our AE title and (0000,1031) with the message ID of the C-MOVE in every C-STORE-RQ",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).instances(2).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let keys = Keys::study(&study.uid);
    let id = association
        .begin_move(STUDY_MOVE, &keys, destination.ae_title())
        .await?;
    while !matches!(association.step().await?, Step::Last(..)) {}
    association.release().await?;

    let arrivals = destination.arrivals(&study.uids());
    ensure!(
        arrivals.len() == 2,
        "{} of 2 instances came to us",
        arrivals.len()
    );
    let ours = (dimse.target().calling.clone(), id);
    for arrival in arrivals {
        match arrival.originator {
            Some(by) if by == ours => {}
            Some((title, message)) => {
                let same = if message == id {
                    ""
                } else {
                    ", of another message"
                };
                return Err(Finding::fail(format!("originator {title:?}{same}")));
            }
            None => return Err(Finding::fail("no originator")),
        }
    }
    Ok(())
}
