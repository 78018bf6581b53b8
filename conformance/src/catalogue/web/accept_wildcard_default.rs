//! Whoever takes everything gets the default.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::File;
use crate::probe::json::Row;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "web.accept.wildcard-default",
    title: "Accept: */* gets the default type of each resource",
    clauses: &[Clause::ps3_18("8.7.7"), Clause::ps3_18("10.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "neg.wildcard-406",
    sends: "GET with Accept: */* of an instance, of its metadata and of a search",
    accepts: "200 each, as multipart/related; type=\"application/dicom\", application/dicom+json and application/dicom+json",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let instance = &study.instances[0];
    let path = instance.path();
    let retrieved = web.retrieve(&path, "*/*").await?;
    ensure!(
        retrieved.len() == 1,
        "{} parts for an instance",
        retrieved.len()
    );
    let found = File::read(&retrieved[0].content)?.sop_instance();
    ensure!(
        found.as_ref() == Some(&instance.uid),
        "a part that is {found:?}"
    );
    let metadata = format!("{path}/metadata");
    let search = format!("/studies?StudyInstanceUID={}", study.uid);
    for path in [&metadata, &search] {
        let answer = web.get(path, "*/*").await?;
        let kind = answer.content_type().split(';').next().unwrap_or_default();
        ensure!(
            answer.status == 200 && kind.trim() == JSON,
            "{} to GET {path}",
            answer.summary()
        );
        let rows = Row::all(&answer.body)?;
        let uid = rows
            .first()
            .and_then(|row| row.text(tags::STUDY_INSTANCE_UID));
        ensure!(
            rows.len() == 1 && uid.as_ref() == Some(&study.uid),
            "{} data sets, the first of study {uid:?}, to GET {path}",
            rows.len()
        );
    }
    Ok(())
}
