//! Bytes that are no data set.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Difference;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::encode;

pub(crate) static CHECK: Check = Check {
    id: "store.not-understood",
    title: "a data set that cannot be read is refused as such, and the association goes on",
    clauses: &[Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "store.corrupt-abort",
    sends: "C-STORE of a CT image whose data set is cut inside a value, then a good one",
    accepts: "Cxxx (A9xx is a warning) for the first, 0000H for the second on the same association",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).instances(2).build();
    let [broken, good] = &study.instances[..] else {
        return Err(Finding::error("two instances were planned"));
    };
    let mut association = context.dimse()?.associate(&[broken.sop_class]).await?;
    let (id, syntax) = association.required(broken.sop_class)?;
    let data_set = encode(&broken.data_set, &syntax)?;
    // In the middle of SOP Instance UID, so that not even that can be read.
    let cut = data_set.slice(..140);
    let response = association
        .store_bytes(id, broken.sop_class, &broken.uid, cut)
        .await?;
    let status = response.outcome.status.0;
    ensure!(
        matches!(status, 0xA900..=0xA9FF | 0xC000..=0xCFFF),
        "status {status:04X}H for a data set that ends inside a value"
    );
    let after = association
        .store(good)
        .await
        .map_err(|finding| finding.after(&format!("{status:04X}H")))?;
    ensure!(
        after == 0,
        "{status:04X}H, and then {after:04X}H for a good instance"
    );
    association.release().await?;
    if status & 0xF000 != 0xC000 {
        return Err(Finding::Warn(Difference {
            expected: None,
            got: format!("status {status:04X}H for a data set that cannot be read"),
        }));
    }
    Ok(())
}
