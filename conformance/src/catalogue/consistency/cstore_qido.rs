//! What comes over DIMSE is found over HTTP.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};

pub(crate) static CHECK: Check = Check {
    id: "x.cstore-qido",
    title: "a study stored by C-STORE is found over HTTP, with its name and its counts",
    clauses: &[Clause::ps3_18("10.6.1"), Clause::ps3_4("C.6")],
    level: Level::Interop,
    needs: &[Need::CStore, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.dimse-not-in-web",
    sends: "C-STORE of 2 series of 2 and 1 instances, then GET /studies of the study and its instances",
    accepts: "the study once, with the name stored, 3 where a count is given; 3 instances",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let plan = context.data().study(1).patient_name("Across^Protocols");
    let study = plan.series(&[2, 1]).build();
    context.dimse()?.prepare(&study).await?;
    let web = context.web()?;
    let path = format!("/studies?StudyInstanceUID={}", study.uid);
    let rows = web.search(&path).await?;
    let [only] = &rows[..] else {
        return Err(Finding::fail(format!(
            "{} rows over HTTP for a study stored by C-STORE",
            rows.len()
        )));
    };
    let id = only.text(tags::PATIENT_ID);
    ensure!(
        id.as_ref() == Some(&study.patient_id),
        "patient ID {id:?}, stored {:?}",
        study.patient_id
    );
    let name = only.attribute(tags::PATIENT_NAME);
    let name = name.and_then(|name| name["Value"][0]["Alphabetic"].as_str());
    ensure!(
        name == Some("Across^Protocols"),
        "patient's name {name:?}, stored \"Across^Protocols\""
    );
    let count = only.number(tags::NUMBER_OF_STUDY_RELATED_INSTANCES);
    ensure!(
        count.is_none_or(|count| count == 3),
        "{count:?} instances for 3"
    );
    let path = format!("/studies/{}/instances", study.uid);
    let rows = web.search(&path).await?;
    let uids = rows
        .iter()
        .filter_map(|row| row.text(tags::SOP_INSTANCE_UID));
    let uids = crate::data::sorted(uids);
    ensure!(
        uids == study.uids(),
        "{} rows over HTTP for 3 instances stored by C-STORE",
        uids.len()
    );
    Ok(())
}
