//! Red stays red.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::colours::{COLOUR_EDGE, colour, colours};
use crate::outcome::{Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "rend.colour",
    title: "colour pictures have the colours that were stored, whatever their interpretation",
    clauses: &[Clause::ps3_18("10.4.3.3.3"), Clause::ps3_3("C.7.6.3.1.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.swap-rb",
    sends: "GET /rendered as PNG of the same colours as RGB by pixel, RGB by plane, YBR_FULL_422 and PALETTE COLOR",
    accepts: "a mean error under 3 in each channel",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    for (n, (name, picture)) in (1..).zip(colours()) {
        let study = context.data().study(n).picture(picture).build();
        web.prepare(&study).await?;
        let path = format!("{}/rendered", study.instances[0].path());
        let got = web.picture(&path, "image/png").await?;
        ensure!(
            (got.width, got.height) == (COLOUR_EDGE, COLOUR_EDGE),
            "{} pixels of {name}",
            got.size()
        );
        let mut errors = [0.0; 3];
        for (x, y) in (0..COLOUR_EDGE).flat_map(|y| (0..COLOUR_EDGE).map(move |x| (x, y))) {
            let due = colour(x, y);
            for (channel, error) in errors.iter_mut().enumerate() {
                let apart = f64::from(got.at(x, y)[channel]) - f64::from(due[channel]);
                *error += apart.abs() / (COLOUR_EDGE * COLOUR_EDGE) as f64;
            }
        }
        ensure!(
            errors.iter().all(|&error| error < 3.0),
            "mean errors of {:.1}, {:.1} and {:.1} in red, green and blue of {name}",
            errors[0],
            errors[1],
            errors[2]
        );
    }
    Ok(())
}
