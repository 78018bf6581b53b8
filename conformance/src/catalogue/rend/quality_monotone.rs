//! Quality costs bytes.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.quality.monotone",
    title: "a picture of low quality is smaller than one of high quality",
    clauses: &[Clause::ps3_18("8.3.5.1.2")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[],
    fault: "rend.quality-ignored",
    sends: "GET /rendered of a noisy image of 64 x 64 pixels as JPEG with quality=10 and with quality=95",
    accepts: "fewer bytes for quality=10",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let noise =
        |x: u16, y: u16| (x.wrapping_mul(7919) ^ y.wrapping_mul(104)).wrapping_mul(31) as u8;
    let picture = Picture::shades(64, 64, noise).window("128", "256");
    let study = context.data().study(1).picture(picture).build();
    web.prepare(&study).await?;

    let mut sizes = Vec::new();
    for quality in [10, 95] {
        let path = format!("{}/rendered?quality={quality}", study.instances[0].path());
        let answer = web.get(&path, "image/jpeg").await?;
        ensure!(
            answer.status == 200,
            "{} to quality={quality}",
            answer.summary()
        );
        crate::probe::picture::Picture::read(&answer.body)?;
        sizes.push(answer.body.len());
    }
    ensure!(
        sizes[0] < sizes[1],
        "{} bytes at quality 10, {} at 95",
        sizes[0],
        sizes[1]
    );
    Ok(())
}
