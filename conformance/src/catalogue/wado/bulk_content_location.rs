//! A part says which reference it answers.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::large::large_values;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::media::Media;
use crate::probe::reference::references;
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.bulk.content-location",
    title: "a part of bulk data has its BulkDataURI as Content-Location",
    clauses: &[Clause::ps3_18("10.4.3.3.5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.bulk-no-location",
    sends: "GET of every BulkDataURI of an instance as multipart/related",
    accepts: "a Content-Location that is the URI in the metadata",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(large_values()).build();
    web.prepare(&study).await?;

    let path = format!("{}/metadata", study.instances[0].path());
    let references = references(&web.metadata(&path).await?);
    let mut judged = 0;
    for (place, uri) in references {
        let below = web.below(&path, &uri)?;
        let answer = web.get(&below, OCTETS).await?;
        if Media::of(answer.content_type()).essence != "multipart/related" {
            continue;
        }
        judged += 1;
        for part in parts(answer.content_type(), &answer.body)? {
            let location = part.header("content-location").unwrap_or_default();
            ensure!(
                !location.is_empty() && web.below(&below, location).is_ok_and(|own| own == below),
                "Content-Location {location:?} of the bulk data of {place} at {below}"
            );
        }
    }
    match judged {
        0 => Err(Finding::NotObserved(
            "no multipart answer with bulk data".into(),
        )),
        _ => Ok(()),
    }
}
