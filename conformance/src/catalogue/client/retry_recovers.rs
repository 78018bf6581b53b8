//! What passes is waited for.

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.retry.recovers",
    title: "everything is stored when the archive was unavailable once",
    clauses: &[Clause::rfc("RFC 9110", "15.6.4"), Clause::ps3_8("9.3.4")],
    level: Level::Interop,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.gives-up",
    sends: "three files to an archive that answers its first store 503 with Retry-After: 1, or rejects its first association as temporary congestion",
    accepts: "all stored, and exit code 0",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;
    stage.turn(r#"{"when":{"service":"store","protocol":"web"},"then":{"http-status":{"status":503,"retry-after":"1"}},"often":"once"}"#)?;
    stage.turn(r#"{"when":{"service":"associate"},"then":{"reject-association":{"result":2,"source":3,"reason":1}},"often":"once"}"#)?;
    let ended = stage.run().await?;
    let stored = stage.stored();
    ensure!(
        stored.iter().all(|&stored| stored),
        "stored {stored:?}, {}",
        ended.summary()
    );
    ensure!(ended.code == Some(0), "{}", ended.summary());
    Ok(())
}
