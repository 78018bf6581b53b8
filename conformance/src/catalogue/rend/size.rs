//! A picture is as large as its image, unless told otherwise.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::picture::Picture;
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.size",
    title: "without a viewport a picture has the columns and rows of the image",
    clauses: &[Clause::ps3_18("8.3.5.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.always-512",
    sends: "GET /rendered of images of 40 x 24 and of 24 x 40 pixels",
    accepts: "40 x 24 and 24 x 40 pixels",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, (columns, rows)) in (1..).zip([(40, 24), (24, 40)]) {
        let picture = Picture::shades(columns, rows, |x, y| (x * 4 + y) as u8);
        let study = context.data().study(n).picture(picture).build();
        web.prepare(&study).await?;
        let path = format!("{}/rendered", study.instances[0].path());
        let got = web.picture(&path, "image/jpeg").await?;
        ensure!(
            (got.width, got.height) == (usize::from(columns), usize::from(rows)),
            "{} pixels of an image of {columns} x {rows}",
            got.size()
        );
    }
    Ok(())
}
