//! In MONOCHROME1 the lowest value is white.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.monochrome1",
    title: "a MONOCHROME1 picture is the negative of the MONOCHROME2 one",
    clauses: &[Clause::ps3_18("10.4.3.3.3"), Clause::ps3_3("C.7.6.3.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.mono1-not-inverted",
    sends: "GET /rendered as PNG of the same ramp as MONOCHROME2 and as MONOCHROME1, both with the same window",
    accepts: "shades that add up to 255 within 1, bright ends at opposite sides",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let mut pictures = Vec::new();
    for (n, interpretation) in (1..).zip(["MONOCHROME2", "MONOCHROME1"]) {
        let picture = Picture::shades(16, 16, |x, y| (y * 16 + x) as u8);
        let picture = picture.window("128", "256").photometric(interpretation, 1);
        let study = context.data().study(n).picture(picture).build();
        web.prepare(&study).await?;
        let path = format!("{}/rendered", study.instances[0].path());
        pictures.push(web.picture(&path, "image/png").await?);
    }
    let [straight, inverted] = &pictures[..] else {
        unreachable!("two pictures were asked for")
    };
    ensure!(
        straight.size() == inverted.size(),
        "{} and {} pixels",
        straight.size(),
        inverted.size()
    );
    let wrong = inverted.off_by_more_than(1.0, |x, y| 255.0 - f64::from(straight.shade(x, y)));
    ensure!(
        wrong.is_none(),
        "{} of MONOCHROME1",
        wrong.unwrap_or_default()
    );
    let (dark, bright) = (straight.shade(0, 0), straight.shade(15, 15));
    ensure!(
        dark < 32 && bright > 223,
        "shades from {dark} to {bright} in MONOCHROME2"
    );
    Ok(())
}
