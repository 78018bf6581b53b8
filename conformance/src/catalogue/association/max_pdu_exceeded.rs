//! What is longer than agreed does not make an archive hang.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict};
use crate::probe::pdu::command::{self, VERIFICATION};
use crate::probe::pdu::{COMMAND, Heard, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.max-pdu.exceeded",
    title: "a PDU above the archive's limit is refused or taken, in bounded time",
    clauses: &[Clause::ps3_8("D.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.oversize-hang",
    sends: "C-ECHO-RQ with so much padding in its command that its P-DATA-TF is longer than the archive takes",
    accepts: "A-ABORT, the end of the connection, or an answer",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);
/// Beyond this no limit is worth being exceeded.
const MOST: u32 = 16 * 1024 * 1024;

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, acceptance) = dimse.wire(&proposal).await?;
    let limit = acceptance.max_length();
    if limit == 0 || limit > MOST {
        return Err(Finding::NotObserved(format!(
            "its maximum length is {limit}"
        )));
    }
    let padding = vec![b' '; limit as usize];
    let request = command::set(&[
        (command::AFFECTED_SOP_CLASS, VERIFICATION.as_bytes()),
        (command::COMMAND_FIELD, &0x0030_u16.to_le_bytes()),
        (command::MESSAGE_ID, &9_u16.to_le_bytes()),
        (command::DATA_SET_TYPE, &command::NO_DATA_SET.to_le_bytes()),
        (0x0902, &padding),
    ]);
    let value = data_value(1, COMMAND | LAST, &request);
    let line = format!("P-DATA-TF of {} bytes", value.len());
    // An archive that has aborted already takes no more bytes: that too is an answer.
    if wire.write(&pdu(kind::DATA, &value), &line).await.is_err() {
        return Ok(());
    }
    match wire.hear_within(PATIENCE).await? {
        heard @ Heard::Nothing(_) => Err(Finding::fail(heard.words())),
        _ => Ok(()),
    }
}
