//! Without a level there is no query.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Dimse, Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.no-level-a900",
    title: "an identifier without a level is refused",
    clauses: &[Clause::ps3_4("C.4.1.1.4"), Clause::ps3_4("C.4.1.3")],
    level: Level::Must,
    needs: &[Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.no-level-ok",
    sends: "C-FIND with a Study Instance UID and no (0008,0052)",
    accepts: "A900H; Cxxx is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let keys = Keys::none().key(tags::STUDY_INSTANCE_UID, "1.2.3.4");
    let status = refused(&context.dimse()?, &keys, "an identifier without a level").await?;
    if status & 0xF000 == 0xC000 {
        return Err(Finding::Warn(Difference {
            expected: None,
            got: format!("{status:04X}H for an identifier without a level"),
        }));
    }
    Ok(())
}

/// Whether a query is refused with A900H or Cxxx, at once; the status.
pub(super) async fn refused(dimse: &Dimse, keys: &Keys, what: &str) -> Verdict<u16> {
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let found = association.find(STUDY_FIND, keys).await?;
    let status = found.status();
    ensure!(
        found.pending.is_empty() && matches!(status, 0xA900 | 0xC000..=0xCFFF),
        "{} pending responses and {status:04X}H for {what}",
        found.pending.len()
    );
    association.release().await?;
    Ok(status)
}
