//! Every required study key filters.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::{Study, text};
use crate::outcome::Verdict;
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.study-keys",
    title: "each of the nine study keys of Table 10.6.1-5 finds exactly what has its value",
    clauses: &[Clause::ps3_18("10.6.1.2.3"), Clause::ps3_18("T10.6.1-5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.ignores-key",
    sends: "GET /studies with each of 9 keys over 3 studies of 2 patients",
    accepts: "each time the studies whose value it is",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let data = context.data();
    let word = data.word();
    let magnetic = data
        .study(1)
        .patient_name(&format!("{word}A"))
        .series_class(1, uids::MR_IMAGE_STORAGE)
        .with(text(tags::REFERRING_PHYSICIAN_NAME, "Overweiser"))
        .build();
    let second = data
        .study(2)
        .patient_id(&magnetic.patient_id)
        .patient_name(&format!("{word}A"))
        .build();
    let other = data.study(3).patient_name(&format!("{word}B")).build();
    for study in [&magnetic, &second, &other] {
        web.prepare(study).await?;
    }

    let of_patient = format!("PatientID={}", encoded(&magnetic.patient_id));
    let with = |key: &str, value: &str| format!("{key}={}&{of_patient}", encoded(value));
    let cases = [
        (
            with("StudyDate", &value(&second, tags::STUDY_DATE)),
            vec![&second],
        ),
        (
            with("StudyTime", &value(&magnetic, tags::STUDY_TIME)),
            vec![&magnetic],
        ),
        (
            with("AccessionNumber", &value(&second, tags::ACCESSION_NUMBER)),
            vec![&second],
        ),
        (with("ModalitiesInStudy", "MR"), vec![&magnetic]),
        (
            with("ReferringPhysicianName", "Overweiser"),
            vec![&magnetic],
        ),
        (
            format!("PatientName={}", encoded(&format!("{word}B"))),
            vec![&other],
        ),
        (of_patient.clone(), vec![&magnetic, &second]),
        (format!("StudyInstanceUID={}", other.uid), vec![&other]),
        (
            with("StudyID", &value(&second, tags::STUDY_ID)),
            vec![&second],
        ),
    ];
    for (query, stored) in cases {
        web.finds_studies(&format!("/studies?{query}"), &stored)
            .await?;
    }
    Ok(())
}

fn value(study: &Study, tag: dicom_core::Tag) -> String {
    study.instances[0].value(tag)
}
