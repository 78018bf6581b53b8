//! A study row has all that Table 10.6.3-3 wants, also what is empty.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::text;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::{STUDY_KEYS, missing};

pub(crate) static CHECK: Check = Check {
    id: "qido.return.study",
    title: "a study row has every required attribute, those without a value too",
    clauses: &[Clause::ps3_18("10.6.3.3.1"), Clause::ps3_18("T10.6.3-3")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.omit-return-key",
    sends: "GET /studies?StudyInstanceUID={study} of a study with all values, and of one with six of them empty",
    accepts: "13 attributes and, where instances can be retrieved, Retrieve URL; what is empty is there without a value",
    run: |context| Box::pin(run(context)),
};

const EMPTY: [dicom_core::Tag; 6] = [
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_ID,
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let whole = context.data().study(1).build();
    let sparse = context.data().study(2);
    let sparse = EMPTY
        .iter()
        .fold(sparse, |plan, &tag| plan.with(text(tag, "")))
        .build();
    for (study, empty) in [(&whole, &[][..]), (&sparse, &EMPTY[..])] {
        web.prepare(study).await?;
        let row = web
            .row(&format!("/studies?StudyInstanceUID={}", study.uid))
            .await?;
        let mut absent = missing(&row, &STUDY_KEYS);
        if context.offers(Need::Retrieve) {
            absent.extend(missing(&row, &[tags::RETRIEVE_URL]));
        }
        ensure!(absent.is_empty(), "a row without {}", absent.join(", "));
        for &tag in STUDY_KEYS.iter().filter(|tag| !empty.contains(tag)) {
            ensure!(row.has_value(tag), "{tag} without a value");
        }
        for &tag in empty {
            ensure!(
                !row.has_value(tag),
                "{tag} with the value {:?}, stored was none",
                row.text(tag)
            );
        }
    }
    Ok(())
}
