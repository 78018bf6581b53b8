//! A question mark is one character.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.wildcard-question",
    title: "? matches exactly one character",
    clauses: &[Clause::ps3_4("C.2.2.2.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.question-any",
    sends: "GET /studies?PatientID={id}? over the IDs {id}, {id}1 and {id}12",
    accepts: "only {id}1",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let stem = format!("{}Q", context.data().patient_prefix());
    let studies: Vec<_> = (1..)
        .zip(["", "1", "12"])
        .map(|(n, tail)| {
            context
                .data()
                .study(n)
                .patient_id(&format!("{stem}{tail}"))
                .build()
        })
        .collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    web.finds_studies(&format!("/studies?PatientID={stem}?"), &[&studies[1]])
        .await
}
