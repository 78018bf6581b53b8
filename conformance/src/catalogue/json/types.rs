//! The type of a value is that of its vr.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.types",
    title: "values have the JSON type of their vr",
    clauses: &[Clause::ps3_18("F.2.3"), Clause::ps3_18("T.F.2.3-1")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.us-as-string",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "numbers for FL, FD, SL, SS, UL and US; numbers or strings for DS, IS, SV and UV; objects for PN and SQ; 8 hexadecimal digits for AT; else strings",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        for value in attribute
            .values()
            .iter()
            .filter(|value| **value != Node::Null)
        {
            let fits = match attribute.vr() {
                "FL" | "FD" | "SL" | "SS" | "UL" | "US" => matches!(value, Node::Number(_)),
                "DS" | "IS" | "SV" | "UV" => matches!(value, Node::Number(_) | Node::Text(_)),
                // A name as a string is the question of another check.
                "PN" => matches!(value, Node::Object(_) | Node::Text(_)),
                "SQ" => matches!(value, Node::Object(_)),
                "AT" => value.as_text().is_some_and(is_tag),
                _ => matches!(value, Node::Text(_)),
            };
            ensure!(
                fits,
                "{} for {} at {}",
                value.kind(),
                attribute.vr(),
                attribute.place
            );
        }
        let value = attribute.member("Value");
        ensure!(
            value.is_none_or(|value| matches!(value, Node::List(_))),
            "Value that is no array at {}",
            attribute.place
        );
    }
    Ok(())
}

fn is_tag(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
