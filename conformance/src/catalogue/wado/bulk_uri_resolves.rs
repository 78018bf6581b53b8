//! A reference is worth what it leads to.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::large::large_values;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::{File, leaves};
use crate::probe::reference::{references, value};
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.bulk.uri-resolves",
    title: "every BulkDataURI of metadata leads to the value it stands for",
    clauses: &[Clause::ps3_18("10.4.3.3.5"), Clause::ps3_18("F.2.6")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.bulk-uri-404",
    sends: "GET of the metadata of an instance with pixels and a large private value in a sequence, then of every BulkDataURI",
    accepts: "200 with the bytes of the value in little endian",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(large_values()).build();
    web.prepare(&study).await?;

    let instance = &study.instances[0];
    let stored = File::read(&instance.file)?;
    let stored = leaves(&stored.data_set, &stored.transfer_syntax)?;
    let path = format!("{}/metadata", instance.path());
    let references = references(&web.metadata(&path).await?);
    if references.is_empty() {
        return Err(Finding::NotObserved(
            "metadata without a BulkDataURI".into(),
        ));
    }
    for (place, uri) in references {
        let below = web.below(&path, &uri)?;
        let answer = web.get(&below, OCTETS).await?;
        ensure!(
            answer.status == 200,
            "{} to the BulkDataURI of {place}",
            answer.summary()
        );
        let value = value(&answer)?;
        let due = stored.get(&place);
        ensure!(
            due.is_some_and(|due| same(due, &value)),
            "{} bytes for {place}, stored were {}",
            value.len(),
            due.map_or(0, Bytes::len)
        );
    }
    Ok(())
}

/// Whether two values are the same but for the padding to an even length.
fn same(stored: &Bytes, got: &Bytes) -> bool {
    stored == got || stored.len() == got.len() + 1 && stored.starts_with(got)
}
