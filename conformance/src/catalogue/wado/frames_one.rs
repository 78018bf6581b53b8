//! Frames are counted from 1.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::numbered::{described, numbered, shade_of};
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.one",
    title: "frame 1 is the first one, byte for byte",
    clauses: &[Clause::ps3_18("10.3"), Clause::ps3_18("10.4.1.1.6")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-zero-based",
    sends: "GET /frames/1 and /frames/3 of an image of 3 frames as application/octet-stream",
    accepts: "one part with the bytes of that frame",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(numbered(3)).build();
    web.prepare(&study).await?;

    for frame in [1, 3] {
        let path = format!("{}/frames/{frame}", study.instances[0].path());
        let parts = web.retrieve(&path, OCTETS).await?;
        ensure!(parts.len() == 1, "{} parts for frame {frame}", parts.len());
        let got = &parts[0].content;
        ensure!(
            *got == shade_of(frame),
            "{} for frame {frame}",
            described(got)
        );
    }
    Ok(())
}
