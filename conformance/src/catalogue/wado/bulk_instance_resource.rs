//! All bulk data of something at once.

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::data::large::large_values;
use crate::data::sorted;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::reference::references;
use crate::probe::web::OCTETS;

pub(crate) static CHECK: Check = Check {
    id: "wado.bulk.instance-resource",
    title: "/bulkdata and /pixeldata of a study, series and instance have every value that metadata refers to",
    clauses: &[Clause::ps3_18("10.4.1.1.5"), Clause::ps3_18("10.4.3.3.6")],
    level: Level::May,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[],
    fault: "wado.bulk-omits-item",
    sends: "GET of /bulkdata and /pixeldata of an instance, its series and its study",
    accepts: "200 with a part for each BulkDataURI of the metadata, or for each of the pixels; 404, 406 or 501 from archives without these resources",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).picture(large_values()).build();
    web.prepare(&study).await?;

    let instance = study.instances[0].path();
    let mut absent = 0;
    for scope in [
        instance.clone(),
        format!("/studies/{}/series/{}", study.uid, study.series()[0]),
        format!("/studies/{}", study.uid),
    ] {
        let path = format!("{scope}/metadata");
        let all = references(&web.metadata(&path).await?);
        for resource in ["bulkdata", "pixeldata"] {
            let answer = web.get(&format!("{scope}/{resource}"), OCTETS).await?;
            if matches!(answer.status, 400 | 404 | 405 | 406 | 501) {
                absent += 1;
                continue;
            }
            ensure!(
                answer.status == 200,
                "{} to GET {scope}/{resource}",
                answer.summary()
            );
            let mut due = Vec::new();
            for (place, uri) in &all {
                if resource == "bulkdata" || place == "7FE00010" {
                    due.push(web.below(&path, uri)?);
                }
            }
            let mut got = Vec::new();
            for part in parts(answer.content_type(), &answer.body)? {
                let location = part.header("content-location").unwrap_or_default();
                got.push(web.below(&path, location)?);
            }
            ensure!(
                sorted(got.clone()) == sorted(due.clone()),
                "{} parts to GET {scope}/{resource}, where the metadata refers to {}",
                got.len(),
                due.len()
            );
        }
    }
    match absent {
        6 => Err(Finding::NotApplicable(
            "it has neither /bulkdata nor /pixeldata".into(),
        )),
        _ => Ok(()),
    }
}
