//! One match is still a list.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.media.json-array",
    title: "a search answers an array of data sets as application/dicom+json, also for one match",
    clauses: &[Clause::ps3_18("10.6.4"), Clause::ps3_18("F.2.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.single-object",
    sends: "GET /studies?StudyInstanceUID={study}",
    accepts: "application/dicom+json, an array of one object",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let answer = web.get(&path, JSON).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let kind = answer
        .content_type()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    ensure!(
        kind.eq_ignore_ascii_case(JSON),
        "content type {:?}",
        answer.content_type()
    );
    let rows = Row::all(&answer.body)?;
    ensure!(rows.len() == 1, "{} rows for one match", rows.len());
    let uid = rows[0].text(tags::STUDY_INSTANCE_UID).unwrap_or_default();
    ensure!(uid == study.uid, "study {uid:?} in place of {}", study.uid);
    Ok(())
}
