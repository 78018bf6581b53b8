//! Frames of single bits may start anywhere in a byte.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::{Picture, Pixels};
use crate::outcome::{Verdict, ensure};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.frames.bit-packed",
    title: "frames of one bit a pixel have their own bits",
    clauses: &[Clause::ps3_18("8.7.3.3.1"), Clause::ps3_5("8.1.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.frame-byte-aligned",
    sends: "GET /frames/1 to /frames/3 of an image of 3 frames of 7 x 5 single bits",
    accepts: "35 bits each, the first pixel in the lowest bit of the first byte",
    run: |context| Box::pin(run(context)),
};

const COLUMNS: u16 = 7;
const ROWS: u16 = 5;
const FRAMES: usize = 3;

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let bits = usize::from(COLUMNS) * usize::from(ROWS);
    let is_set = |at: usize| at * at % 7 < 3;
    let mut packed = vec![0_u8; (bits * FRAMES).div_ceil(8)];
    for at in (0..bits * FRAMES).filter(|&at| is_set(at)) {
        packed[at / 8] |= 1 << (at % 8);
    }
    let picture = Picture::grey(COLUMNS, ROWS, 1, Pixels::Native(packed)).frames(FRAMES);
    let study = context.data().study(1).picture(picture).build();
    web.prepare(&study).await?;

    for frame in 0..FRAMES {
        let path = format!("{}/frames/{}", study.instances[0].path(), frame + 1);
        let parts = web.retrieve(&path, OCTETS).await?;
        ensure!(parts.len() == 1, "{} parts for one frame", parts.len());
        let got = &parts[0].content;
        ensure!(
            got.len() == bits.div_ceil(8),
            "{} bytes for the {bits} bits of frame {}",
            got.len(),
            frame + 1
        );
        let wrong = (0..bits)
            .filter(|&at| (got[at / 8] >> (at % 8) & 1 == 1) != is_set(frame * bits + at))
            .count();
        ensure!(
            wrong == 0,
            "{wrong} of {bits} bits of frame {} wrong",
            frame + 1
        );
    }
    Ok(())
}
