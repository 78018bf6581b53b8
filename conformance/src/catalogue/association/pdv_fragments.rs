//! A message may be cut into fragments of any size.

use bytes::BytesMut;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::pdu::{Wire, command_number, data_value, echo_rq, kind, pdu};

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

const VERIFICATION: &str = "1.2.840.10008.1.1";
/// Message control header: a fragment of a command; and the last one (PS3.8 E.2).
const COMMAND: u8 = 0x01;
const LAST: u8 = 0x02;

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut wire = Wire::associate(dimse.target(), VERIFICATION, context.transcript()).await?;

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

    let mut answer = Vec::new();
    'message: loop {
        for (context_id, control, fragment) in wire.read().await?.values()? {
            ensure!(
                context_id == 1,
                "a value for presentation context {context_id}"
            );
            answer.extend_from_slice(&fragment);
            if control & LAST != 0 {
                break 'message;
            }
        }
    }
    let [field, responded_to, status] =
        [0x0100, 0x0120, 0x0900].map(|element| command_number(&answer, element));
    ensure!(
        field == Some(0x8030),
        "command field {field:04X?} in place of C-ECHO-RSP"
    );
    ensure!(
        responded_to == Some(message_id),
        "a response to message {responded_to:?}, not {message_id}"
    );
    ensure!(status == Some(0), "status {status:04X?}");
    wire.release().await
}
