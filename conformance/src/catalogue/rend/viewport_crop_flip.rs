//! A viewport can show a part, and mirror it.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.viewport.crop-flip",
    title: "a viewport with a region shows that region, mirrored where its width is negative",
    clauses: &[Clause::ps3_18("8.3.5.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.viewport-no-flip",
    sends: "GET /rendered of a ramp with viewport=16,16,8,0,16,16, then with a negative width, then with a negative height",
    accepts: "16 x 16 pixels of that region; the second mirrored left to right, the third upside down",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let shade = |x: u16, y: u16| (x * 5 + y * 2) as u8;
    let picture = Picture::shades(32, 32, shade).window("128", "256");
    let study = context.data().study(1).picture(picture).build();
    web.prepare(&study).await?;

    for (width, height) in [(16, 16), (-16, 16), (16, -16)] {
        let viewport = format!("16,16,8,0,{width},{height}");
        let path = format!(
            "{}/rendered?viewport={viewport}&window=128,256,linear",
            study.instances[0].path()
        );
        let got = web.picture(&path, "image/png").await?;
        ensure!(
            (got.width, got.height) == (16, 16),
            "{} pixels to viewport={viewport}",
            got.size()
        );
        let turned = |at: usize, length: i32| if length < 0 { 15 - at } else { at } as u16;
        let due = |x, y| f64::from(shade(8 + turned(x, width), turned(y, height)));
        let wrong = got.off_by_more_than(2.0, due);
        ensure!(
            wrong.is_none(),
            "{} to viewport={viewport}",
            wrong.unwrap_or_default()
        );
    }
    Ok(())
}
