//! Names are objects of their component groups.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.pn-object",
    title: "names are objects with Alphabetic, Ideographic and Phonetic",
    clauses: &[Clause::ps3_18("F.2.2")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.pn-string",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "each name is an object of these members, and that of the patient has the three groups that were stored",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    const GROUPS: [&str; 3] = ["Alphabetic", "Ideographic", "Phonetic"];
    let mut patients = 0;
    for attribute in sample
        .attributes()
        .iter()
        .filter(|attribute| attribute.vr() == "PN")
    {
        for value in attribute
            .values()
            .iter()
            .filter(|value| **value != Node::Null)
        {
            let place = &attribute.place;
            let Node::Object(groups) = value else {
                return Err(Finding::fail(format!(
                    "{} for a name at {place}",
                    value.kind()
                )));
            };
            let other = groups
                .iter()
                .find(|(name, text)| !GROUPS.contains(&name.as_str()) || text.as_text().is_none());
            ensure!(
                other.is_none(),
                "the member {:?} of a name at {place}",
                other.map(|(name, _)| name)
            );
            if attribute.key == "00100010" {
                patients += 1;
                let texts: Vec<_> = GROUPS
                    .iter()
                    .filter_map(|group| groups.iter().find(|(name, _)| name == group))
                    .filter_map(|(_, text)| text.as_text())
                    .collect();
                let stored = ["Yamada^Tarou", "山田^太郎", "やまだ^たろう"];
                ensure!(
                    texts == stored,
                    "the groups {texts:?} at {place}, not {stored:?}"
                );
            }
        }
    }
    ensure!(patients > 0, "no patient's name in any body");
    Ok(())
}
