//! One association too many is told to come again.

use std::time::Duration;

use super::rj_protocol_version::rejected;
use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::VERIFICATION;

pub(crate) static CHECK: Check = Check {
    id: "ul.rj.transient-limit",
    title: "above the limit of associations one is rejected for now, and later accepted",
    clauses: &[Clause::ps3_8("9.3.4"), Clause::ps3_8("T9-21")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::MaxAssociations],
    editions: Editions::ALL,
    profiles: &[],
    fault: "ul.limit-drops-tcp",
    sends: "as many associations as are claimed, one more, and another after one was released",
    accepts: "A-ASSOCIATE-RJ with result 2, source 3 and reason 1 or 2 for the one more; then A-ASSOCIATE-AC",
    run: |context| Box::pin(run(context)),
};

/// How often, and how far apart, the place of a released association is asked for.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let limit: usize = context.claimed_number(Need::MaxAssociations)?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let mut open = Vec::new();
    for n in 1..=limit {
        let opened = dimse.wire(&proposal).await;
        let (wire, _) = opened.map_err(|finding| finding.after(&format!("{} open", n - 1)))?;
        open.push(wire);
    }
    rejected(&dimse, &proposal, &[[2, 3, 1], [2, 3, 2]]).await?;

    if let Some(wire) = open.pop() {
        wire.release().await?;
    }
    let mut last = Ok(());
    for _ in 0..TRIES {
        match dimse.wire(&proposal).await {
            Ok((wire, _)) => return wire.release().await,
            Err(finding) => last = Err(finding.after("a release")),
        }
        tokio::time::sleep(PAUSE).await;
    }
    last
}
