//! Multiple value matching is done, or said not to be.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::warning;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.multivalue.warning-or-support",
    title: "multiplevaluematching finds any of the values, or warns that it cannot",
    clauses: &[Clause::ps3_18("8.3.4.6"), Clause::ps3_4("C.2.2.2.8")],
    level: Level::May,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.multivalue-silent",
    sends: "GET /studies?AccessionNumber={a}\\{c}&multiplevaluematching=true over 3 studies, the values with a backslash and with a comma between",
    accepts: "the two studies for either form, or Warning 299",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let studies: Vec<_> = (1..=3).map(|n| context.data().study(n).build()).collect();
    for study in &studies {
        web.prepare(study).await?;
    }
    let number = |n: usize| studies[n].instances[0].value(tags::ACCESSION_NUMBER);
    let mut found = Ok(());
    for separator in ["%5C", ","] {
        let path = format!(
            "/studies?AccessionNumber={}{separator}{}&multiplevaluematching=true",
            number(0),
            number(2)
        );
        let answer = web.get(&path, JSON).await?;
        ensure!(
            matches!(answer.status, 200 | 204),
            "{} to GET {path}",
            answer.summary()
        );
        if warning(&answer).is_some() {
            return Ok(());
        }
        found = web.finds_studies(&path, &[&studies[0], &studies[2]]).await;
        if found.is_ok() {
            break;
        }
    }
    found.map_err(|finding| finding.after("no Warning 299"))
}
