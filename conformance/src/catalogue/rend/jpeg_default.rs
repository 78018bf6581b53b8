//! Without a wish a picture is one that every viewer shows.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::picture::{Format, jpeg_frame};

pub(crate) static CHECK: Check = Check {
    id: "rend.jpeg.default",
    title: "the default picture is a baseline JPEG of 8 bits",
    clauses: &[Clause::ps3_18("8.7.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.png-as-jpeg",
    sends: "GET /rendered of an instance with Accept: */* and with Accept: image/jpeg",
    accepts: "200, image/jpeg, and a JPEG of process 1 with 8 bits in it",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let path = format!("{}/rendered", study.instances[0].path());
    for accept in ["image/jpeg", "*/*"] {
        let answer = web.get(&path, accept).await?;
        ensure!(answer.status == 200, "{} to {accept}", answer.summary());
        let said = Media::of(answer.content_type()).essence;
        let frame = jpeg_frame(&answer.body);
        ensure!(
            said == "image/jpeg" && frame == Some((0xC0, 8)),
            "{said} to {accept}, {}",
            match (Format::of(&answer.body), frame) {
                (_, Some((marker, bits))) =>
                    format!("a JPEG with frame header FF{marker:02X} and {bits} bits"),
                (Some(format), None) => format!("which is {}", format.media()),
                (None, None) => format!("{} bytes that are no picture", answer.body.len()),
            }
        );
    }
    Ok(())
}
