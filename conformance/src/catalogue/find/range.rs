//! From, to, and from to.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::dimse::STUDY_FIND;

pub(crate) static CHECK: Check = Check {
    id: "find.range",
    title: "ranges of dates and times include their ends",
    clauses: &[Clause::ps3_4("C.2.2.2.5")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.range-exclusive",
    sends: "C-FIND with a- , -b and a-b in Study Date and Study Time over 4 studies",
    accepts: "exactly the studies in the range, those at its ends too",
    run: |context| Box::pin(run(context)),
};

const DATES: [&str; 4] = ["20200229", "20200301", "20200315", "20201231"];
const TIMES: [&str; 4] = ["081500", "120000", "120001", "235959"];

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut uids = Vec::new();
    for (n, (date, time)) in (1..).zip(DATES.iter().zip(TIMES)) {
        let plan = context.data().study(n);
        let date = DataElement::new(tags::STUDY_DATE, VR::DA, *date);
        let time = DataElement::new(tags::STUDY_TIME, VR::TM, time);
        let study = plan.with(date).with(time).build();
        dimse.prepare(&study).await?;
        uids.push(study.uid);
    }
    let ours = format!("{}*", context.data().patient_prefix());
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    for (tag, value, expected) in [
        (tags::STUDY_DATE, "20200301-20200315", &[1, 2][..]),
        (tags::STUDY_DATE, "20200301-", &[1, 2, 3]),
        (tags::STUDY_DATE, "-20200301", &[0, 1]),
        (tags::STUDY_DATE, "20200302-20200314", &[]),
        (tags::STUDY_TIME, "120000-120001", &[1, 2]),
        (tags::STUDY_TIME, "120001-", &[2, 3]),
        (tags::STUDY_TIME, "-081500", &[0]),
    ] {
        let wanted = expected.iter().map(|&n: &usize| uids[n].clone());
        association
            .finds_studies(&ours, (tag, value), wanted)
            .await?;
    }
    association.release().await
}
