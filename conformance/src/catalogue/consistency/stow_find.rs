//! What comes over HTTP is found over DIMSE.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND};

pub(crate) static CHECK: Check = Check {
    id: "x.stow-find",
    title: "a study stored over HTTP is found by C-FIND, with its name and its counts",
    clauses: &[Clause::ps3_18("10.6.1"), Clause::ps3_4("C.6")],
    level: Level::Interop,
    needs: &[Need::Store, Need::CFind],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.index-split",
    sends: "POST /studies of 2 series of 2 and 1 instances, then C-FIND of the study",
    accepts: "the study once, with the name stored, and 3 instances where a count is given",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let plan = context.data().study(1).patient_name("Across^Protocols");
    let study = plan.series(&[2, 1]).build();
    context.web()?.prepare(&study).await?;
    let mut association = context.dimse()?.associate(&[STUDY_FIND]).await?;
    let count = tags::NUMBER_OF_STUDY_RELATED_INSTANCES;
    let keys = Keys::study(&study.uid).and(&[tags::PATIENT_NAME, tags::PATIENT_ID, count]);
    let found = association.find(STUDY_FIND, &keys).await?;
    association.release().await?;
    let [Some(only)] = &found.matches[..] else {
        return Err(Finding::fail(format!(
            "{} matches by C-FIND for a study stored over HTTP",
            found.matches.len()
        )));
    };
    for (tag, stored) in [
        (tags::PATIENT_NAME, "Across^Protocols"),
        (tags::PATIENT_ID, &study.patient_id),
    ] {
        let got = only.text(tag);
        ensure!(
            got.as_deref() == Some(stored),
            "{tag} is {got:?}, stored {stored:?}"
        );
    }
    let got = only.text(count);
    ensure!(
        got.as_deref().is_none_or(|count| count == "3"),
        "{got:?} instances for 3"
    );
    Ok(())
}
