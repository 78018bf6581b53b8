//! A match says where it can be had.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "find.retrieve-aet",
    title: "every match has a Retrieve AE Title, or the storage media it is on",
    clauses: &[Clause::ps3_4("C.4.1.1.3.2")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.wrong-retrieve-aet",
    sends: "C-FIND of a study",
    accepts: "(0008,0054) with the archive's AE title among its values (any value where the archive was called ANY-SCP), or (0088,0130) and (0088,0140)",
    run: |context| Box::pin(run(context)),
};

/// Called so, an archive need not have this name.
const ANYBODY: &str = "ANY-SCP";

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let found = association
        .find(STUDY_FIND, &Keys::study(&study.uid))
        .await?;
    let [Some(only)] = &found.matches[..] else {
        return Err(Finding::fail(format!(
            "{} matches for one study",
            found.matches.len()
        )));
    };
    let titles = only.values(tags::RETRIEVE_AE_TITLE);
    let media = only.text(tags::STORAGE_MEDIA_FILE_SET_UID).is_some();
    let called = &dimse.target().called;
    ensure!(
        media
            || titles
                .iter()
                .any(|title| title == called || called == ANYBODY),
        "Retrieve AE Title {titles:?}, called {called:?}"
    );
    association.release().await
}
