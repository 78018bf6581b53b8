//! What has no value has no Value.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::model::{Node, Sample};

pub(crate) static CHECK: Check = Check {
    id: "json.empty-attribute",
    title: "an attribute without a value is an object without Value",
    clauses: &[Clause::ps3_18("F.2.5")],
    level: Level::Must,
    needs: &[Need::Store],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "json.empty-array-value",
    sends: "searches at three levels with and without includefield=all, metadata of a study and an instance, and a store, of a study with values of every form",
    accepts: "no empty Value, BulkDataURI or InlineBinary; a zero-length attribute of the stored data set is in its metadata with its vr alone",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let sample = Sample::take(context).await?;

    for attribute in sample.attributes() {
        let empty = attribute.members.iter().find(|(_, value)| match value {
            Node::List(values) => values.is_empty(),
            Node::Text(text) => text.is_empty(),
            Node::Null => true,
            _ => false,
        });
        ensure!(
            empty.is_none(),
            "{:?} without a value at {}",
            empty.map(|(name, _)| name),
            attribute.place
        );
        let only = attribute.values();
        let blank =
            only.len() == 1 && (only[0] == Node::Null || only[0] == Node::Text(String::new()));
        ensure!(!blank, "a Value of one empty value at {}", attribute.place);
    }
    for tag in [
        tags::ACCESSION_NUMBER,
        tags::POSITION_REFERENCE_INDICATOR,
        tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE,
    ] {
        match sample.in_metadata(tag) {
            Err(Finding::NotObserved(_)) => break,
            found => {
                for attribute in found? {
                    let names: Vec<_> = attribute
                        .members
                        .iter()
                        .map(|(name, _)| name.as_str())
                        .collect();
                    ensure!(
                        names == ["vr"],
                        "the members {names:?} at {}",
                        attribute.place
                    );
                }
            }
        }
    }
    Ok(())
}
