//! Command sets are written as PS3.7 wants them.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::conversation::sample;
use crate::probe::pdu::command::{COMMAND_FIELD, elements, number};

pub(crate) static CHECK: Check = Check {
    id: "cmd.order-and-length",
    title: "command sets are ascending, in implicit little endian, with the right group length",
    clauses: &[Clause::ps3_7("6.3.1")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "cmd.wrong-group-length",
    sends: "C-ECHO, C-STORE, C-FIND, C-GET and C-MOVE, as far as they are offered",
    accepts: "every command set: group length first and right, ascending elements of group 0000 only, even lengths",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    for set in sample(context).await? {
        let field = number(&set, COMMAND_FIELD).unwrap_or_default();
        let found = elements(&set)?;
        let Some((0, length)) = found.first() else {
            return Err(Finding::fail(format!(
                "no group length at the beginning of command {field:04X}H"
            )));
        };
        let declared = length.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
        let actual = set.len() - 8 - length.len();
        ensure!(
            length.len() == 4 && declared == Some(actual as u32),
            "group length {declared:?} for {actual} bytes in command {field:04X}H"
        );
        for pair in found.windows(2) {
            let [(before, _), (after, value)] = pair else {
                continue;
            };
            ensure!(
                before < after,
                "(0000,{after:04X}) after (0000,{before:04X}) in command {field:04X}H"
            );
            ensure!(
                value.len() % 2 == 0,
                "(0000,{after:04X}) of {} bytes in command {field:04X}H",
                value.len()
            );
        }
    }
    Ok(())
}
