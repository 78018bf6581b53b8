//! Header names have no case.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::kept::two_taken;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.part-header-case",
    title: "header fields of a part are known in any case, and unknown ones are ignored",
    clauses: &[Clause::rfc("RFC 2045", "1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb, Profile::Robust],
    fault: "mp.header-case",
    sends: "POST /studies with content-TYPE, MIME-Version, Content-ID and Content-Description in each part",
    accepts: "200, both listed as stored and given back as sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    two_taken(context, |upload| upload.part_head(
        "MIME-Version: 1.0\r\ncontent-TYPE: Application/DICOM\r\nContent-ID: <a@b>\r\nContent-Description: one",
    )).await
}
