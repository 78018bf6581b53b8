//! What arrives is what was sent.

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::file::{File, leaves};
use crate::probe::web::Web;
use crate::subject::client::Stage;

pub(crate) static CHECK: Check = Check {
    id: "client.all.unchanged",
    title: "the data sets arrive as they were",
    clauses: &[Clause::ps3_18("10.5.1"), Clause::ps3_4("B.2.1")],
    level: Level::Must,
    needs: &[],
    editions: Editions::ALL,
    profiles: &[],
    fault: "client.changes-bytes",
    sends: "three files, each instance retrieved afterwards",
    accepts: "the values of the file at every depth, however lengths are written; a private sequence may come under UN",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let stage = Stage::open(context).await?;

    stage.run().await?;
    let base = stage
        .target
        .web
        .as_ref()
        .ok_or_else(|| Finding::error("no address"))?;
    let web = Web::new(base, context.transcript().clone())?;
    for instance in &stage.study.instances {
        let parts = web.retrieve(&instance.path(), EXPLICIT).await?;
        ensure!(
            parts.len() == 1,
            "{} parts for instance {}",
            parts.len(),
            instance.uid
        );
        let (sent, got) = (File::read(&instance.file)?, File::read(&parts[0].content)?);
        let sent = leaves(&sent.data_set, &sent.transfer_syntax)?;
        let got = leaves(&got.data_set, &got.transfer_syntax)?;
        // PS3.5 6.2.2: a sender that does not know a private sequence writes it as one value under UN.
        let sealed: Vec<_> = (got.iter())
            .filter(|(path, value)| {
                !value.is_empty() && sent.get(*path).is_some_and(Bytes::is_empty)
            })
            .filter(|(path, _)| is_private(path))
            .map(|(path, _)| format!("{path}["))
            .collect();
        let opened = |path: &str| {
            let prefix =
                |seal: &String| path.starts_with(&**seal) || path == &seal[..seal.len() - 1];
            sealed.iter().any(prefix)
        };
        for (path, value) in sent.iter().filter(|(path, _)| !opened(path)) {
            let arrived = got.get(path);
            ensure!(
                arrived == Some(value),
                "{path} of instance {} {}",
                instance.uid,
                if arrived.is_some() {
                    "has another value"
                } else {
                    "is missing"
                }
            );
        }
        let added = got.keys().find(|path| !sent.contains_key(*path));
        ensure!(added.is_none(), "{added:?} that is not in the file");
    }
    Ok(())
}

/// With the VR of each element, whichever way the client wrote it.
const EXPLICIT: &str =
    "multipart/related; type=\"application/dicom\"; transfer-syntax=1.2.840.10008.1.2.1";

/// Whether a path begins with an element of an odd group.
fn is_private(path: &str) -> bool {
    let group = path.get(..4).map(|group| u16::from_str_radix(group, 16));
    matches!(group, Some(Ok(group)) if group % 2 == 1)
}
