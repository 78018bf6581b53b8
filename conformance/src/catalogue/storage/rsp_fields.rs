//! A C-STORE-RSP says what it answers.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command;

pub(crate) static CHECK: Check = Check {
    id: "store.rsp-fields",
    title: "a C-STORE-RSP has the class and the UID of its request, and no data set",
    clauses: &[Clause::ps3_7("9.3.1.2")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.rsp-no-uid",
    sends: "C-STORE of a CT image",
    accepts: "command field 8001H, data set type 0101H, Affected SOP Class and Instance UID as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let status = association.store(instance).await?;
    ensure!(status == 0, "C-STORE was answered {status:04X}H");
    let set = association.heard().last().cloned().unwrap_or_default();
    let field = command::number(&set, command::COMMAND_FIELD);
    ensure!(field == Some(0x8001), "command field {field:04X?}");
    let follows = command::number(&set, command::DATA_SET_TYPE);
    ensure!(
        follows == Some(command::NO_DATA_SET),
        "command data set type {follows:04X?}"
    );
    for (element, sent) in [
        (command::AFFECTED_SOP_CLASS, instance.sop_class),
        (command::AFFECTED_SOP_INSTANCE, instance.uid.as_str()),
    ] {
        let got = command::text(&set, element);
        ensure!(
            got.as_deref() == Some(sent),
            "(0000,{element:04X}) is {got:?} for {sent:?}"
        );
    }
    association.release().await
}
