//! Parts that end like a delimiter begins.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::EDGE;
use crate::outcome::Verdict;
use crate::probe::kept::all_taken;
use crate::probe::upload::Upload;

pub(crate) static CHECK: Check = Check {
    id: "stow.mp.compact-file-end",
    title: "the last bytes of a part are part of it, whatever they are",
    clauses: &[Clause::rfc("RFC 2046", "5.1.1")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::Robust],
    fault: "mp.trims-trailing-crlf",
    sends: "POST /studies with instances whose last bytes are CRLF, two hyphens, a space, and CRLF with two hyphens",
    accepts: "200, and the same bytes on retrieval",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let length = usize::from(EDGE) * usize::from(EDGE) * 2;
    for (n, end) in (1..).zip(["\r\n", "--", "  ", "\r\n--", "\r\n\r\n"]) {
        let mut pixels = vec![7; length - end.len()];
        pixels.extend(end.bytes());
        let study = context.data().study(n).pixels(&pixels).build();
        let upload = Upload::of(&[&study.instances[0]]);
        let taken = all_taken(context, &web, &upload, &study.instances).await;
        taken.map_err(|finding| finding.after(&format!("a part that ends in {end:?}")))?;
    }
    Ok(())
}
