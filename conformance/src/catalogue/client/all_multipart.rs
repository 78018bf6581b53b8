//! The request says what it holds.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.all.multipart",
    title: "the store request is multipart/related with a type and a boundary",
    clauses: &[
        Clause::ps3_18("10.5.1"),
        Clause::ps3_18("8.6.1.2"),
        Clause::rfc("RFC 2387", "3.1"),
    ],
    level: Level::Must,
    needs: &[Need::StowClient],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.bare-multipart",
    sends: "three files",
    accepts: "Content-Type multipart/related with type application/dicom and a boundary in every POST",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;

    let ended = stage.run().await?;
    let types = stage.headers("content-type");
    ensure!(!types.is_empty(), "no POST at all, {}", ended.summary());
    for value in &types {
        let plain = value.to_ascii_lowercase().replace(['"', ' '], "");
        let right = plain.starts_with("multipart/related;")
            && plain.contains(";type=application/dicom")
            && plain.contains(";boundary=");
        ensure!(right, "Content-Type {value:?}");
    }
    Ok(())
}
