//! Asterisks and question marks.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.wildcard",
    title: "wildcards match in names and texts, and are none in UIDs",
    clauses: &[Clause::ps3_4("C.2.2.2.4"), Clause::ps3_4("C.2.2.2.1")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.literal-star",
    sends: "C-FIND with * and ? in Patient's Name and Study Description, and with * in Study Instance UID, over 3 studies",
    accepts: "exactly the studies whose values fit; nothing (or a failure) for the UID",
    run: |context| Box::pin(run(context)),
};

const NAMES: [&str; 3] = ["Wildcard^Anna", "Wildcard^Anne", "Wildcard^Bert"];
const TEXTS: [&str; 3] = ["Head with contrast", "Head without", "Neck without"];

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut uids = Vec::new();
    for (n, (name, text)) in (1..).zip(NAMES.iter().zip(TEXTS)) {
        let text = DataElement::new(tags::STUDY_DESCRIPTION, VR::LO, text);
        let plan = context.data().study(n).patient_name(name);
        let study = plan.with(text).build();
        dimse.prepare(&study).await?;
        uids.push(study.uid);
    }
    let ours = format!("{}*", context.data().patient_prefix());
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    for (tag, value, expected) in [
        (tags::PATIENT_NAME, "Wildcard^Ann?", &[0, 1][..]),
        (tags::PATIENT_NAME, "Wildcard*", &[0, 1, 2]),
        (tags::PATIENT_NAME, "*Bert", &[2]),
        (tags::PATIENT_NAME, "Wildcard^?", &[]),
        (tags::STUDY_DESCRIPTION, "Head*", &[0, 1]),
        (tags::STUDY_DESCRIPTION, "*with*", &[0, 1, 2]),
        (tags::STUDY_DESCRIPTION, "?e?? without", &[1, 2]),
        (tags::STUDY_DESCRIPTION, "Head", &[]),
    ] {
        let wanted = expected.iter().map(|&n: &usize| uids[n].clone());
        association
            .finds_studies(&ours, (tag, value), wanted)
            .await?;
    }
    let stem = uids[0].trim_end_matches(|c: char| c != '.');
    let keys = Keys::study(&format!("{stem}*")).key(tags::PATIENT_ID, &ours);
    let found = association.find(STUDY_FIND, &keys).await?;
    ensure!(
        found.matches.is_empty(),
        "{} studies for a UID with an asterisk",
        found.matches.len()
    );
    association.release().await
}
