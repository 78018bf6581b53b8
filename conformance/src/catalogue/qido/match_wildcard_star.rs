//! A star is any run of characters, none too.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.wildcard-star",
    title: "* matches any run of characters, also of length zero",
    clauses: &[Clause::ps3_4("C.2.2.2.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.literal-star",
    sends: "GET /studies?PatientName={word}* and *{word}*X over four names",
    accepts: "the names that begin with the word, itself too; the names that contain it and end in X",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let word = context.data().word();
    let names = [
        word.clone(),
        format!("{word}sonX"),
        format!("{word}Y"),
        format!("Mac{word}X"),
    ];
    let studies: Vec<_> = (1..)
        .zip(&names)
        .map(|(n, name)| context.data().study(n).patient_name(name).build())
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    let path = format!("/studies?PatientName={word}*");
    web.finds_studies(&path, &[&studies[0], &studies[1], &studies[2]])
        .await?;
    let path = format!("/studies?PatientName=*{word}*X");
    web.finds_studies(&path, &[&studies[1], &studies[3]]).await
}
