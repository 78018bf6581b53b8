//! Everything that can be retrieved can be looked at.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::media::Media;
use crate::probe::picture::Picture;

pub(crate) static CHECK: Check = Check {
    id: "rend.resources",
    title: "a study, a series, an instance and a frame can be had as pictures",
    clauses: &[Clause::ps3_18("10.3"), Clause::ps3_18("10.4.1.1.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Rendered],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.study-404",
    sends: "GET /rendered of a study of 2 series, of a series, of an instance and of its frame 1",
    accepts: "200 with a picture, or with several",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[1, 1]).build();
    web.prepare(&study).await?;

    let instance = study.instances[0].path();
    for scope in [
        format!("/studies/{}", study.uid),
        format!("/studies/{}/series/{}", study.uid, study.series()[0]),
        instance.clone(),
        format!("{instance}/frames/1"),
    ] {
        let answer = web.get(&format!("{scope}/rendered"), "image/jpeg").await?;
        ensure!(
            answer.status == 200,
            "{} to GET {scope}/rendered",
            answer.summary()
        );
        let pictures = match Media::of(answer.content_type()).essence.as_str() {
            "multipart/related" => parts(answer.content_type(), &answer.body)?
                .into_iter()
                .map(|part| part.content)
                .collect(),
            _ => vec![answer.body],
        };
        ensure!(!pictures.is_empty(), "no picture of {scope}");
        for picture in &pictures {
            Picture::read(picture)?;
        }
    }
    Ok(())
}
