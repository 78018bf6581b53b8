//! A value is given in one form.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::Sample;

pub(crate) static CHECK: Check = Check {
    id: "json.one-value-form",
    title: "an attribute has at most one of Value, BulkDataURI and InlineBinary",
    clauses: &[Clause::ps3_18("F.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.value-and-uri",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "no attribute has two of them, and none has a member that Annex F does not know",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    const FORMS: [&str; 3] = ["Value", "BulkDataURI", "InlineBinary"];
    for attribute in sample.attributes() {
        let place = &attribute.place;
        let forms: Vec<_> = attribute
            .members
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|name| FORMS.contains(name))
            .collect();
        ensure!(forms.len() < 2, "{} at {place}", forms.join(" and "));
        let other = attribute
            .members
            .iter()
            .find(|(name, _)| name != "vr" && !FORMS.contains(&name.as_str()));
        ensure!(
            other.is_none(),
            "the member {:?} at {place}",
            other.map(|(name, _)| name)
        );
    }
    Ok(())
}
