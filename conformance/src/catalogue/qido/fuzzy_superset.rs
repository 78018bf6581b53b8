//! Fuzzy matching finds what literal matching finds, and more.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::search::warning;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.fuzzy.superset",
    title: "fuzzy matching finds at least the literal matches",
    clauses: &[Clause::ps3_18("8.3.4.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.fuzzy-drops",
    sends: "GET /studies?PatientName={name} with fuzzymatching=false and =true, for whole names and wildcards over 3 names",
    accepts: "with =true at least what =false finds; an answer with Warning 299 is not judged",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let word = context.data().word();
    for (n, name) in (1..).zip([word.clone(), format!("{word}a^Anna"), format!("{word}b")]) {
        web.prepare(&context.data().study(n).patient_name(&name).build())
            .await?;
    }
    let mut judged = 0;
    for name in [
        word.clone(),
        format!("{word}*"),
        format!("*{word}a*"),
        format!("{word}?"),
    ] {
        let path = |fuzzy: bool| format!("/studies?PatientName={name}&fuzzymatching={fuzzy}");
        let literal = web.found(&path(false), tags::STUDY_INSTANCE_UID).await?;
        ensure!(!literal.is_empty(), "no row of GET {}", path(false));
        let answer = web.get(&path(true), JSON).await?;
        if warning(&answer).is_some() {
            continue;
        }
        let fuzzy = web.found(&path(true), tags::STUDY_INSTANCE_UID).await?;
        let lost = literal.iter().filter(|uid| !fuzzy.contains(uid)).count();
        ensure!(
            lost == 0,
            "{lost} of {} literal matches lost of GET {}",
            literal.len(),
            path(true)
        );
        judged += 1;
    }
    match judged {
        0 => Err(Finding::NotApplicable(
            "fuzzy: its answers warn that it is not supported".into(),
        )),
        _ => Ok(()),
    }
}
