//! What a search says of a study is what the study says of itself.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::differences;

pub(crate) static CHECK: Check = Check {
    id: "qido.value.equals-stored",
    title: "every value of a search result equals the stored one",
    clauses: &[Clause::ps3_18("10.6.3.3.1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.replace-names",
    sends: "GET /studies?PatientID={run}* over 3 patients with names in three scripts",
    accepts: "in each row, every attribute that the stored data set has, with its value",
    run: |context| Box::pin(run(context)),
};

/// At least these are in every row (Table 10.6.3-3), so that an empty row is not right by having nothing wrong.
const COMPARED: [dicom_core::Tag; 4] = [
    tags::STUDY_INSTANCE_UID,
    tags::PATIENT_ID,
    tags::PATIENT_NAME,
    tags::STUDY_DATE,
];

/// These say something of the answer, not of the stored data set.
const OF_THE_ANSWER: [dicom_core::Tag; 3] = [
    tags::SPECIFIC_CHARACTER_SET,
    tags::RETRIEVE_URL,
    tags::TIMEZONE_OFFSET_FROM_UTC,
];

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let names = [
        "Müller^Jörg^^Dr.",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "O'Brien-Łukasz^Síle",
    ];
    let studies: Vec<_> = (1..)
        .zip(names)
        .map(|(n, name)| context.data().study(n).patient_name(name).build())
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }

    let rows = web
        .search(&format!(
            "/studies?PatientID={}*",
            context.data().patient_prefix()
        ))
        .await?;
    for study in &studies {
        let row = rows
            .iter()
            .find(|row| row.text(tags::STUDY_INSTANCE_UID).as_ref() == Some(&study.uid));
        let Some(row) = row else {
            return Err(Finding::fail(format!(
                "no row for study {} among {}",
                study.uid,
                rows.len()
            )));
        };
        let stored = &study.instances[0].data_set;
        let returned = row
            .attributes()
            .map(|(tag, _)| tag)
            .filter(|tag| !OF_THE_ANSWER.contains(tag));
        let compared = COMPARED
            .into_iter()
            .chain(returned.filter(|tag| !COMPARED.contains(tag)));
        let elements = compared.filter_map(|tag| stored.element_opt(tag).ok().flatten());
        let different = differences(elements, row);
        ensure!(
            different.is_empty(),
            "study {}: {}",
            study.uid,
            different.join("; ")
        );
    }
    Ok(())
}
