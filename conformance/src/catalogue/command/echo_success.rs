//! An archive is there.

use crate::check::{Check, Clause, Editions, Level, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::{self, VERIFICATION};
use crate::probe::pdu::{COMMAND, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "echo.success",
    title: "C-ECHO is answered with success",
    clauses: &[Clause::ps3_7("9.3.5.2"), Clause::ps3_4("A.4")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "echo.status-0110",
    sends: "C-ECHO-RQ",
    accepts: "C-ECHO-RSP (8030H) with status 0000H, the Verification class if any, and no data set",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;
    let echo = data_value(1, COMMAND | LAST, &command::echo_rq(0x0708));
    wire.write(&pdu(kind::DATA, &echo), "C-ECHO-RQ").await?;
    let answer = wire.message().await?;
    command::echo_answered(&answer.command, 0x0708)?;
    let class = command::text(&answer.command, command::AFFECTED_SOP_CLASS);
    ensure!(
        class.as_deref().is_none_or(|class| class == VERIFICATION),
        "affected SOP class {class:?}"
    );
    let follows = command::number(&answer.command, command::DATA_SET_TYPE);
    ensure!(
        follows == Some(command::NO_DATA_SET),
        "command data set type {follows:04X?}"
    );
    wire.release().await
}
