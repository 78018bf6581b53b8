//! What was stored is listed.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;

pub(crate) static CHECK: Check = Check {
    id: "stow.all.referenced-sop",
    title: "a store response lists every stored instance with its class",
    clauses: &[Clause::ps3_18("I.1"), Clause::ps3_18("T.I.1-1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.drop-referenced-item",
    sends: "POST /studies with 2 instances of a new study",
    accepts: "a response with ReferencedSOPSequence (0008,1199) of exactly the two, each with its SOP class",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    let row = Row::one(&answer.body)?;
    let listed = row.items(tags::REFERENCED_SOP_SEQUENCE);
    let listed = sorted(listed.iter().map(|item| {
        let text = |tag| item.text(tag).unwrap_or_else(|| "nothing".into());
        format!(
            "{} of class {}",
            text(tags::REFERENCED_SOP_INSTANCE_UID),
            text(tags::REFERENCED_SOP_CLASS_UID)
        )
    }));
    let sent = sorted(
        (study.instances.iter())
            .map(|instance| format!("{} of class {}", instance.uid, instance.sop_class)),
    );
    ensure!(
        listed == sent,
        "a response with {} items: {}",
        listed.len(),
        listed.join("; ")
    );
    Ok(())
}
