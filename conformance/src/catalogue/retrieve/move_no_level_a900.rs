//! Without a level there is no move.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_MOVE};

pub(crate) static CHECK: Check = Check {
    id: "move.no-level-a900",
    title: "a move without a level is refused, and moves nothing",
    clauses: &[Clause::ps3_4("C.4.2.1.5")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CMove, Need::MoveDestination],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "move.no-level-moves-all",
    sends: "C-MOVE to us with a Study Instance UID and no (0008,0052)",
    accepts: "A900H (Cxxx is a warning), and no instance at our SCP",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let (dimse, destination) = (context.dimse()?, context.destination()?);
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let keys = Keys::none().key(tags::STUDY_INSTANCE_UID, &study.uid);
    let mut association = dimse.associate(&[STUDY_MOVE]).await?;
    let moved = association
        .move_to(STUDY_MOVE, &keys, destination.ae_title())
        .await?;
    association.release().await?;
    let came = destination.arrivals(&study.uids()).len();
    let status = moved.status().0;
    let got = format!("{status:04X}H without a level, {came} instances moved");
    ensure!(
        came == 0 && matches!(status, 0xA900 | 0xC000..=0xCFFF),
        "{got}"
    );
    if status != 0xA900 {
        return Err(Finding::Warn(Difference {
            expected: None,
            got,
        }));
    }
    Ok(())
}
