//! What a service does not have is refused.

use std::time::Duration;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::pdu::command::{self, VERIFICATION};
use crate::probe::pdu::{Heard, kind, message_pdus};

pub(crate) static CHECK: Check = Check {
    id: "cmd.unrecognized-0211",
    title: "an operation that Verification does not have is refused",
    clauses: &[Clause::ps3_7("9.1.5"), Clause::ps3_7("C.5")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "cmd.unknown-silent",
    sends: "N-GET-RQ on a context for Verification",
    accepts: "a response with 0211H, 0112H or another failure, A-ABORT, or the end of the connection; within 5 s",
    run: |context| Box::pin(run(context)),
};

const PATIENCE: Duration = Duration::from_secs(5);
/// N-GET-RQ (PS3.7 E.1).
const N_GET_RQ: u16 = 0x0110;
/// Requested SOP Class and Instance UID.
const REQUESTED: [u16; 2] = [0x0003, 0x1001];

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, acceptance) = dimse.wire(&proposal).await?;
    let request = command::set(&[
        (REQUESTED[0], VERIFICATION.as_bytes()),
        (command::COMMAND_FIELD, &N_GET_RQ.to_le_bytes()),
        (command::MESSAGE_ID, &7_u16.to_le_bytes()),
        (command::DATA_SET_TYPE, &command::NO_DATA_SET.to_le_bytes()),
        (REQUESTED[1], b"1.2.840.10008.1.1.1"),
    ]);
    let pdus = message_pdus(1, &request, None, acceptance.max_length());
    wire.write(&pdus, "N-GET-RQ on Verification").await?;
    match wire.hear_within(PATIENCE).await? {
        Heard::Closed | Heard::Broken(_) => Ok(()),
        Heard::Pdu(pdu) if pdu.kind == kind::ABORT => Ok(()),
        Heard::Pdu(pdu) => {
            let values = pdu.values()?;
            let status = values
                .first()
                .and_then(|(_, _, set)| command::number(set, command::STATUS));
            ensure!(
                matches!(
                    status,
                    Some(0x0100..=0x02FF | 0xA000..=0xAFFF | 0xC000..=0xCFFF)
                ),
                "status {status:04X?} to N-GET-RQ"
            );
            Ok(())
        }
        heard @ Heard::Nothing(_) => {
            Err(Finding::fail(format!("{} after N-GET-RQ", heard.words())))
        }
    }
}
