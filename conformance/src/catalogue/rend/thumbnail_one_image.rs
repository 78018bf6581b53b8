//! A thumbnail is one picture, whatever it stands for.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::media::Media;
use crate::probe::picture::{Format, Picture};

pub(crate) static CHECK: Check = Check {
    id: "rend.thumbnail.one-image",
    title: "the thumbnail of a study is a single JPEG unless told otherwise",
    clauses: &[Clause::ps3_18("10.4.3.3.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Thumbnail],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "rend.thumb-multipart",
    sends: "GET /thumbnail of a study of 2 series with Accept: */*",
    accepts: "200 with one image/jpeg, not larger than the image",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).series(&[2, 1]).build();
    web.prepare(&study).await?;

    let path = format!("/studies/{}/thumbnail", study.uid);
    let answer = web.get(&path, "*/*").await?;
    ensure!(answer.status == 200, "{}", answer.summary());
    let said = Media::of(answer.content_type()).essence;
    ensure!(said == "image/jpeg", "a thumbnail of type {said}");
    let picture = Picture::read(&answer.body)?;
    ensure!(
        picture.format == Format::Jpeg,
        "image/jpeg that is {}",
        picture.format.media()
    );
    Ok(())
}
