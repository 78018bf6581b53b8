//! No data without an association.

use super::pdu_unknown_before::aborted;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::pdu::command::echo_rq;
use crate::probe::pdu::{COMMAND, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdu.data-before-rq",
    title: "data in place of a request is answered with A-ABORT",
    clauses: &[Clause::ps3_8("9.2"), Clause::ps3_8("9.3.8")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.data-first-ok",
    sends: "C-ECHO-RQ in a P-DATA-TF on a new connection",
    accepts: "A-ABORT; the end of the connection without one is a warning",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let mut wire = context.dimse()?.connect().await?;
    let echo = data_value(1, COMMAND | LAST, &echo_rq(1));
    wire.write(&pdu(kind::DATA, &echo), "C-ECHO-RQ before any association")
        .await?;
    aborted(&mut wire, "data before a request").await
}
