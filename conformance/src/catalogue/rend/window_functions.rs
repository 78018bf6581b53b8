//! Three functions, three curves.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::ramp::{RAMP_EDGE, ramp, ramp_value};
use crate::outcome::{Verdict, ensure};
use crate::probe::window::{Curve, linear, linear_exact, sigmoid};

pub(crate) static CHECK: Check = Check {
    id: "rend.window.functions",
    title: "linear, linear-exact and sigmoid windows follow their functions",
    clauses: &[Clause::ps3_18("8.3.5.1.4"), Clause::ps3_3("C.11.2.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.sigmoid-as-linear",
    sends: "GET /rendered of a ramp as PNG with window=100,9,linear, linear-exact and sigmoid",
    accepts: "each pixel within 1 of the function of PS3.3 C.11.2.1.2.1, C.11.2.1.3.2 and C.11.2.1.3.1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(ramp()).build();
    web.prepare(&study).await?;

    // So narrow that linear and linear-exact are far apart.
    let (center, width) = (100.0, 9.0);
    let curves: [(&str, Curve); 3] = [
        ("linear", linear),
        ("linear-exact", linear_exact),
        ("sigmoid", sigmoid),
    ];
    for (name, curve) in curves {
        let path = format!(
            "{}/rendered?window={center},{width},{name}",
            study.instances[0].path()
        );
        let got = web.picture(&path, "image/png").await?;
        ensure!(
            (got.width, got.height) == (RAMP_EDGE, RAMP_EDGE),
            "{} pixels of an image of {RAMP_EDGE} x {RAMP_EDGE}",
            got.size()
        );
        let wrong = got.off_by_more_than(1.0, |x, y| curve(ramp_value(x, y), center, width));
        ensure!(wrong.is_none(), "{} to {name}", wrong.unwrap_or_default());
    }
    Ok(())
}
