//! What is wrong is wrong over both protocols.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::web::Account;

pub(crate) static CHECK: Check = Check {
    id: "x.same-failure",
    title: "an instance that is refused is refused for the same class of reason over both protocols",
    clauses: &[Clause::ps3_18("I.2.2"), Clause::ps3_4("B.2.3")],
    level: Level::Interop,
    needs: &[Need::Store, Need::CStore],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.reasons-differ",
    sends: "POST /studies and C-STORE of an instance without a Study Instance UID",
    accepts: "the same of A7xx, A9xx, Cxxx and 01xx both ways",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).build();
    let instance = study.instances[0].altered(|data_set| {
        data_set.remove_element(tags::STUDY_INSTANCE_UID);
    });
    let answer = context.web()?.store("/studies", &[&instance]).await?;
    let account = Account::of(&answer)?;
    let over_web = account.reasons().into_iter().flatten().next();
    let mut association = context.dimse()?.associate(&[instance.sop_class]).await?;
    let over_dimse = association.store(&instance).await?;
    association.release().await?;
    let Some(reason) = over_web.and_then(|reason| u16::try_from(reason).ok()) else {
        return Err(Finding::fail(format!(
            "{} without a reason over HTTP, {over_dimse:04X}H by C-STORE",
            answer.summary()
        )));
    };
    ensure!(
        kind(reason) == kind(over_dimse),
        "{reason:04X}H over HTTP, {over_dimse:04X}H by C-STORE"
    );
    Ok(())
}

/// The class of a reason: its first byte, of Cxxx its first digit.
const fn kind(status: u16) -> u16 {
    match status >> 12 {
        0xC => 0xC,
        _ => status >> 8,
    }
}
