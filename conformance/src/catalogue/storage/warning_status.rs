//! Who changes an instance says so.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::presence::is_kept;

pub(crate) static CHECK: Check = Check {
    id: "store.warning-status",
    title: "an instance that is changed is stored with a warning",
    clauses: &[Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Coerces],
    editions: Editions::ALL,
    profiles: &[],
    fault: "store.coerce-0000",
    sends: "C-STORE of two instances of one study, the second with another Patient ID",
    accepts: "0000H, then B000H, and the second instance can be had again",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).instances(2).build();
    let other = context.data().study(2).build().patient_id;
    let second = study.instances[1].altered(|data_set| {
        data_set.put(DataElement::new(tags::PATIENT_ID, VR::LO, other.as_str()));
    });
    let mut association = context.dimse()?.associate(&[second.sop_class]).await?;
    let first = association.store(&study.instances[0]).await?;
    ensure!(first == 0, "status {first:04X}H for the first instance");
    let status = association.store(&second).await?;
    ensure!(
        status == 0xB000,
        "status {status:04X}H for an instance that is changed"
    );
    association.release().await?;
    let kept = is_kept(context, &second).await?;
    ensure!(kept, "B000H, and then the instance is not there");
    Ok(())
}
