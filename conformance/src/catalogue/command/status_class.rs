//! Statuses come from the list.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::conversation::sample;
use crate::probe::pdu::command::{COMMAND_FIELD, STATUS, number};

pub(crate) static CHECK: Check = Check {
    id: "cmd.status-class",
    title: "every status lies in the ranges of the standard",
    clauses: &[Clause::ps3_7("C")],
    level: Level::Must,
    needs: &[Need::Dimse],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "cmd.status-1234",
    sends: "C-ECHO, C-STORE, C-FIND, C-GET and C-MOVE, as far as they are offered",
    accepts: "0000H; 0001H, 0107H, 0116H, Bxxx; Axxx, Cxxx, 01xx, 02xx; FE00H; FF00H, FF01H",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    for set in sample(context).await? {
        let field = number(&set, COMMAND_FIELD).unwrap_or_default();
        let status = number(&set, STATUS);
        if field & 0x8000 == 0 {
            continue;
        }
        let is_listed = matches!(
            status,
            Some(0x0000..=0x0001 | 0x0100..=0x02FF | 0xA000..=0xCFFF | 0xFE00 | 0xFF00 | 0xFF01)
        );
        ensure!(
            is_listed,
            "status {} in command {field:04X}H",
            status.map_or("absent".to_owned(), |status| format!("{status:04X}H"))
        );
    }
    Ok(())
}
