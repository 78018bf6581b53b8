//! Too much is refused as too much.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::encode;

pub(crate) static CHECK: Check = Check {
    id: "store.out-of-resources",
    title: "an instance above the limit is refused for want of resources, with a comment",
    clauses: &[Clause::ps3_4("B.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::Quota],
    editions: Editions::ALL,
    profiles: &[],
    fault: "store.full-0110",
    sends: "C-STORE of an instance longer than is claimed",
    accepts: "A7xx with an Error Comment",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let limit: usize = context.claimed_number(Need::Quota)?;
    let long = DataElement::new(tags::TEXT_VALUE, VR::UT, "x".repeat(limit + 1));
    let study = context.data().study(1).with(long).build();
    let instance = &study.instances[0];
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let (id, syntax) = association.required(instance.sop_class)?;
    let data_set = encode(&instance.data_set, &syntax)?;
    let response = association
        .store_bytes(id, instance.sop_class, &instance.uid, data_set)
        .await?;
    let status = response.outcome.status.0;
    ensure!(
        status & 0xFF00 == 0xA700,
        "status {status:04X}H for more than {limit} bytes"
    );
    ensure!(
        response.outcome.comment.is_some(),
        "{status:04X}H without an Error Comment"
    );
    association.release().await
}
