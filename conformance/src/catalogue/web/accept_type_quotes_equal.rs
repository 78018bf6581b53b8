//! Quotes around a parameter change nothing.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::file::File;
use crate::probe::web::DICOM;

pub(crate) static CHECK: Check = Check {
    id: "web.accept.type-quotes-equal",
    title: "type=application/dicom means the same with and without quotes",
    clauses: &[Clause::ps3_18("8.7"), Clause::ps3_18("8.7.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.unquoted-type-406",
    sends: "GET of an instance with Accept: multipart/related; type=application/dicom and with the type in quotes",
    accepts: "200 and the same instance both times",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = study.instances[0].path();
    let mut files = Vec::new();
    for accept in [DICOM, "multipart/related; type=application/dicom"] {
        let answer = web.get(&path, accept).await?;
        ensure!(
            answer.status == 200,
            "{} with Accept: {accept}",
            answer.summary()
        );
        let found = parts(answer.content_type(), &answer.body)?;
        ensure!(
            found.len() == 1,
            "{} parts with Accept: {accept}",
            found.len()
        );
        files.push(File::read(&found[0].content)?);
    }
    ensure!(
        files[0].sop_instance().as_ref() == Some(&study.instances[0].uid),
        "instance {:?}",
        files[0].sop_instance()
    );
    let other = files[0].differences(&files[1]);
    ensure!(other.is_empty(), "other values in {}", other.join(", "));
    Ok(())
}
