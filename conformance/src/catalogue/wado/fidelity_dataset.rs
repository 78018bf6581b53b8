//! What was stored is what comes back.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::file::{File, leaves};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "wado.fidelity.dataset",
    title: "a retrieved data set has every element that was stored, and its value",
    clauses: &[Clause::ps3_18("10.4.3.3.1"), Clause::ps3_18("10.5.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.drops-element",
    sends: "store of an instance with nested sequences, private elements and an empty one, then GET with transfer-syntax=*",
    accepts: "the same values at every depth, apart from those that an Original Attributes Sequence lists as changed",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;

    let instance = &study.instances[0];
    let stored = File::read(&instance.file)?;
    let file = web.file(&instance.path(), DICOM_ANY).await?;
    ensure!(
        file.transfer_syntax == stored.transfer_syntax,
        "transfer syntax {} of an instance stored in {}",
        file.transfer_syntax,
        stored.transfer_syntax
    );
    let stored = leaves(&stored.data_set, &stored.transfer_syntax)?;
    let found = leaves(&file.data_set, &file.transfer_syntax)?;
    let declared = declared(&found);
    let is_declared = |path: &str| {
        path.starts_with("04000561") || declared.iter().any(|tag| path.starts_with(tag))
    };
    for (path, value) in &stored {
        let got = found.get(path);
        ensure!(
            got == Some(value) || is_declared(path),
            "{path} is {}, stored was {:?}",
            got.map_or("missing".into(), |got| format!(
                "{:?}",
                String::from_utf8_lossy(got)
            )),
            String::from_utf8_lossy(&value[..value.len().min(64)])
        );
    }
    let added = found
        .keys()
        .find(|path| !stored.contains_key(*path) && !is_declared(path));
    ensure!(added.is_none(), "{added:?} that was not stored");
    Ok(())
}

/// The attributes that the Original Attributes Sequence says were changed (PS3.3 C.12.1.1.9).
fn declared(found: &BTreeMap<String, Bytes>) -> Vec<String> {
    let modified = |path: &String| {
        let inner = path.strip_prefix("04000561[")?.split_once("04000550[")?.1;
        inner.split_once('.').map(|(_, tag)| tag.to_owned())
    };
    found.keys().filter_map(modified).collect()
}
