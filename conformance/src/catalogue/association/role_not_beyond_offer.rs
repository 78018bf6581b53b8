//! A role that was not offered cannot be accepted.

use dicom_dictionary_std::uids;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::SYNTAXES;
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "ul.role.not-beyond-offer",
    title: "no role is granted that was not proposed",
    clauses: &[Clause::ps3_7("D.3.3.4")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.role-grants-unasked",
    sends: "role selections 1/0 for CT, 1/1 for MR and 0/1 for secondary capture",
    accepts: "answers, if any, with 1 only where 1 was proposed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let asked = [
        (uids::CT_IMAGE_STORAGE, [1, 0]),
        (uids::MR_IMAGE_STORAGE, [1, 1]),
        (uids::SECONDARY_CAPTURE_IMAGE_STORAGE, [0, 1]),
    ];
    let proposal = asked.iter().fold(
        dimse.proposal().implicit(uids::VERIFICATION),
        |proposal, (class, [scu, scp])| proposal.context(class, &SYNTAXES).role(class, *scu, *scp),
    );
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    for answer in acceptance.user(item::ROLE_SELECTION) {
        let (class, roles) = answer
            .get(2..)
            .and_then(|rest| rest.split_last_chunk::<2>())
            .ok_or_else(|| Finding::fail(format!("a sub-item 54H of {} bytes", answer.len())))?;
        let class = String::from_utf8_lossy(class);
        let offer = asked.iter().find(|(asked, _)| *asked == class);
        let Some((_, offer)) = offer else {
            return Err(Finding::fail(format!("a role for {class}, not proposed")));
        };
        ensure!(
            roles[0] <= offer[0] && roles[1] <= offer[1],
            "roles {roles:?} granted for {class} where {offer:?} was proposed"
        );
    }
    wire.release().await
}
