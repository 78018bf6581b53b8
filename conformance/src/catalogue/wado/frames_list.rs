//! A list of frames is answered in its order.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::numbered::{described, numbered, shade_of};
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.list",
    title: "a list of frames is answered with those frames in that order",
    clauses: &[Clause::ps3_18("10.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-list-first",
    sends: "GET /frames/2,3,7 and /frames/7,1,4 of an image of 8 frames",
    accepts: "three parts with the frames asked for, in the order of the list",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(numbered(8)).build();
    web.prepare(&study).await?;

    for list in [[2, 3, 7], [7, 1, 4]] {
        let [a, b, c] = list;
        let path = format!("{}/frames/{a},{b},{c}", study.instances[0].path());
        let parts = web.retrieve(&path, OCTETS).await?;
        ensure!(
            parts.len() == 3,
            "{} parts for frames {a},{b},{c}",
            parts.len()
        );
        for (frame, part) in list.into_iter().zip(&parts) {
            ensure!(
                part.content == shade_of(frame),
                "{} where frame {frame} of {a},{b},{c} is due",
                described(&part.content)
            );
        }
    }
    Ok(())
}
