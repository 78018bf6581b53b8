//! A message may be cut into fragments of any size.

use bytes::BytesMut;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::command::{VERIFICATION, echo_answered, echo_rq};
use crate::probe::pdu::{COMMAND, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdv.fragments",
    title: "a command in two-byte fragments is understood",
    clauses: &[Clause::ps3_8("E.1"), Clause::ps3_8("9.3.5")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.one-pdv-only",
    sends: "C-ECHO-RQ in presentation data values of 2 bytes, one a PDU",
    accepts: "C-ECHO-RSP with status 0000H for that message ID, and a release",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let proposal = dimse.proposal().implicit(VERIFICATION);
    let (mut wire, _) = dimse.wire(&proposal).await?;

    let message_id = (context.dice().roll() % 0xFFFE) as u16 + 1;
    let command = echo_rq(message_id);
    let fragments = command.chunks(2).count();
    let mut pdus = BytesMut::new();
    for (n, fragment) in command.chunks(2).enumerate() {
        let control = if n + 1 == fragments {
            COMMAND | LAST
        } else {
            COMMAND
        };
        pdus.extend_from_slice(&pdu(kind::DATA, &data_value(1, control, fragment)));
    }
    wire.write(
        &pdus,
        &format!("C-ECHO-RQ {message_id} in {fragments} fragments"),
    )
    .await?;

    let answer = wire.message().await?;
    ensure!(
        answer.context == 1,
        "a message for presentation context {}",
        answer.context
    );
    echo_answered(&answer.command, message_id)?;
    wire.release().await
}
