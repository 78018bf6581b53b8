//! Who cannot match fuzzily says so.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::json::Row;
use crate::probe::search::warning;
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "qido.fuzzy.unsupported-warning",
    title: "without fuzzy matching the literal result comes with a warning 299",
    clauses: &[Clause::ps3_18("8.3.4.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::NoFuzzy],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.fuzzy-silent",
    sends: "GET /studies?PatientName={name}&fuzzymatching=true, with three names that only fuzzy matching finds, and with the beginning of the stored one",
    accepts: "the literal result and Warning 299; where fuzzy matching finds something the check does not apply",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let word = context.data().word();
    let study = context
        .data()
        .study(1)
        .patient_name(&format!("{word}^Anna"))
        .build();
    web.prepare(&study).await?;
    // The smoke run may have been too early to see it.
    for name in unlike(&word) {
        let path = format!("/studies?PatientName={name}&fuzzymatching=true");
        if !web.search(&path).await?.is_empty() {
            return Err(Finding::NotApplicable(
                "no-fuzzy: fuzzy matching finds names".into(),
            ));
        }
    }
    let path = format!("/studies?PatientName={word}*&fuzzymatching=true");
    let answer = web.get(&path, JSON).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let rows = Row::all(&answer.body)?;
    ensure!(
        rows.len() == 1,
        "{} rows for the one literal match",
        rows.len()
    );
    ensure!(
        warning(&answer).is_some(),
        "fuzzymatching=true finds nothing more, and there is no Warning 299"
    );
    Ok(())
}

/// What nothing but fuzzy matching finds under the name `{word}^Anna`: other order, no separator, the beginning of words.
fn unlike(word: &str) -> [String; 3] {
    [
        format!("Anna%20{word}"),
        format!("Anna%5E{word}"),
        format!("{}%5EAnna", &word[..word.len() - 1]),
    ]
}
