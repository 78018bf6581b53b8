//! An error tells what is wrong, not whose it is.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::Instance;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND, STUDY_MOVE};
use crate::probe::pdu::command;
use crate::probe::web::{Answer, DICOM_ANY, JSON};

pub(crate) static CHECK: Check = Check {
    id: "x.no-phi-in-errors",
    title: "no error names a patient",
    clauses: &[Clause::ps3_18("8.5"), Clause::ps3_18("8.11")],
    level: Level::Should,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.phi-in-error",
    sends: "what is refused: a search with a wrong date, GET of an instance that is not there, POST and C-STORE of an instance without a study, C-FIND with a wrong level, C-MOVE to nobody",
    accepts: "neither the name nor the ID of the patient in a status line, header, body or Error Comment of a failure",
    run: |context| Box::pin(run(context)),
};

const NAME: &str = "Nevershow^Thisname";

async fn run(context: &Context) -> Verdict {
    let study = context.data().study(1).patient_name(NAME).build();
    let id = &study.patient_id;
    let broken = study.instances[0].altered(|data_set| {
        data_set.remove_element(tags::STUDY_INSTANCE_UID);
    });
    let web = [Need::Search, Need::Retrieve, Need::Store].map(|need| context.offers(need));
    if !web.contains(&true) && !context.offers(Need::Dimse) {
        return Err(Finding::NotApplicable("nothing is offered".into()));
    }
    if web.contains(&true) {
        over_web(context, &broken, id).await?;
    }
    if context.offers(Need::Dimse) {
        over_dimse(context, &broken, id).await?;
    }
    Ok(())
}

async fn over_web(context: &Context, broken: &Instance, id: &str) -> Verdict {
    let web = context.web()?;
    let mut answers: Vec<Answer> = Vec::new();
    if context.offers(Need::Store) {
        answers.push(web.store("/studies", &[broken]).await?);
    }
    if context.offers(Need::Search) {
        let name = "Nevershow%5EThisname";
        let path = format!("/studies?PatientID={id}&PatientName={name}&StudyDate=nonsense");
        answers.push(web.get(&path, JSON).await?);
    }
    if context.offers(Need::Retrieve) {
        answers.push(web.get(&broken.path(), DICOM_ANY).await?);
    }
    for answer in answers.iter().filter(|answer| answer.status >= 400) {
        let headers: Vec<_> = answer
            .headers
            .values()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        let body = String::from_utf8_lossy(&answer.body);
        for text in headers.iter().map(String::as_str).chain([&*body]) {
            silent(text, id, &answer.summary())?;
        }
    }
    Ok(())
}

async fn over_dimse(context: &Context, broken: &Instance, id: &str) -> Verdict {
    /// Error Comment.
    const COMMENT: u16 = 0x0902;
    let dimse = context.dimse()?;
    let classes = [broken.sop_class, STUDY_FIND, STUDY_MOVE];
    let mut association = dimse.associate(&classes).await?;
    let named = |level: &str| {
        Keys::level(level)
            .key(tags::PATIENT_ID, id)
            .key(tags::PATIENT_NAME, NAME)
    };
    if association.context(broken.sop_class).is_some() {
        association.store(broken).await?;
    }
    if association.context(STUDY_FIND).is_some() {
        association.find(STUDY_FIND, &named("BOGUS")).await?;
        association.find(STUDY_FIND, &named("SERIES")).await?;
    }
    if association.context(STUDY_MOVE).is_some() {
        let keys = named("STUDY").key(tags::STUDY_INSTANCE_UID, &broken.study);
        association.move_to(STUDY_MOVE, &keys, "NOWHERE").await?;
    }
    for set in association.heard() {
        let comment = command::text(set, COMMENT).unwrap_or_default();
        silent(&comment, id, "an Error Comment")?;
    }
    association.release().await
}

fn silent(text: &str, id: &str, place: &str) -> Verdict {
    let lower = text.to_lowercase();
    ensure!(
        !lower.contains("nevershow") && !lower.contains("thisname"),
        "the patient's name in {place}"
    );
    ensure!(!text.contains(id), "the patient's ID in {place}");
    Ok(())
}
