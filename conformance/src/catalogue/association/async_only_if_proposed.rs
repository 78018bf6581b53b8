//! Several operations at once are agreed to by both sides or not at all.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::VERIFICATION;
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "ul.async.only-if-proposed",
    title: "the asynchronous operations window is answered only where it was proposed, with no more than was offered",
    clauses: &[Clause::ps3_7("D.3.3.3")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.async-unasked",
    sends: "A-ASSOCIATE-RQ without sub-item 53H, then one with 5 and 5",
    accepts: "no sub-item 53H in the first acceptance; none or at most 5 and 5 (never 0) in the second",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    let unasked = acceptance.user(item::ASYNCHRONOUS_WINDOW).len();
    ensure!(
        unasked == 0,
        "{unasked} sub-items 53H that nobody asked for"
    );
    wire.release().await?;

    let proposal = proposal.user(item::ASYNCHRONOUS_WINDOW, [0, 5, 0, 5]);
    let (wire, acceptance) = dimse.wire(&proposal).await?;
    for answer in acceptance.user(item::ASYNCHRONOUS_WINDOW) {
        // 0 means any number, which is above any offer.
        let is_within = |bytes: &[u8]| (1..=5).contains(&u16::from_be_bytes([bytes[0], bytes[1]]));
        ensure!(
            answer.len() == 4 && is_within(&answer[..2]) && is_within(&answer[2..]),
            "window {answer:02X?} for an offer of 5 and 5"
        );
    }
    wire.release().await
}
