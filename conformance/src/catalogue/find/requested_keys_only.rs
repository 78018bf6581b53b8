//! A match has what was asked for.

use dicom_core::Tag;
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.requested-keys-only",
    title: "a match has the attributes that were asked for and no others",
    clauses: &[Clause::ps3_4("C.4.1.1.3.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.returns-all",
    sends: "C-FIND of a study with 3 return keys",
    accepts: "these keys, and of others only level, character set, time zone, retrieve AE title, availability and media identifiers",
    run: |context| Box::pin(run(context)),
};

/// What an archive may add (PS3.4 C.4.1.1.3.2).
const MAY_ADD: [Tag; 7] = [
    tags::SPECIFIC_CHARACTER_SET,
    tags::TIMEZONE_OFFSET_FROM_UTC,
    tags::QUERY_RETRIEVE_LEVEL,
    tags::RETRIEVE_AE_TITLE,
    tags::INSTANCE_AVAILABILITY,
    tags::STORAGE_MEDIA_FILE_SET_ID,
    tags::STORAGE_MEDIA_FILE_SET_UID,
];

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let asked = [tags::STUDY_DATE, tags::PATIENT_ID, tags::STUDY_ID];
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let keys = Keys::study(&study.uid).and(&asked);
    let found = association.find(STUDY_FIND, &keys).await?;
    let [Some(only)] = &found.matches[..] else {
        return Err(Finding::fail(format!(
            "{} matches for one study",
            found.matches.len()
        )));
    };
    let got = only.tags();
    let lost: Vec<_> = asked.iter().filter(|tag| !got.contains(tag)).collect();
    ensure!(lost.is_empty(), "no {} in the match", lost[0]);
    let wanted = |tag: &Tag| {
        asked.contains(tag) || MAY_ADD.contains(tag) || *tag == tags::STUDY_INSTANCE_UID
    };
    let added: Vec<_> = got.iter().filter(|tag| !wanted(tag)).collect();
    ensure!(
        added.is_empty(),
        "{} attributes that nobody asked for, {} among them",
        added.len(),
        added[0]
    );
    let date = study.instances[0].data_set.element(tags::STUDY_DATE).ok();
    let date = date.and_then(|element| element.to_str().ok());
    let found = only.text(tags::STUDY_DATE);
    ensure!(
        found.as_deref() == date.as_deref(),
        "study date {found:?}, stored {date:?}"
    );
    association.release().await
}
