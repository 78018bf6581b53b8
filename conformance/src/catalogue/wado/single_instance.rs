//! One instance can come as it is, without multipart around it.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::File;
use crate::probe::media::Media;

pub(crate) static CHECK: Check = Check {
    id: "wado.single.instance",
    title: "an instance can be had as a bare DICOM file",
    clauses: &[Clause::ps3_18("10.4.4")],
    level: Level::May,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "wado.single-wrapped",
    sends: "GET of an instance with Accept: application/dicom",
    accepts: "200 with a DICOM file and nothing around it, or 406",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let instance = &study.instances[0];
    let answer = web.get(&instance.path(), "application/dicom").await?;
    if answer.status == 406 {
        return Err(Finding::NotApplicable("406: not offered".into()));
    }
    ensure!(answer.status == 200, "{}", answer.summary());
    let media = Media::of(answer.content_type());
    ensure!(
        media.essence == "application/dicom",
        "content type {:?}",
        answer.content_type()
    );
    let found = File::read(&answer.body)?.sop_instance();
    ensure!(
        found.as_ref() == Some(&instance.uid),
        "instance {found:?}, asked for was {}",
        instance.uid
    );
    Ok(())
}
