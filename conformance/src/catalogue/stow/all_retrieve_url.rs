//! The links of a store response lead to what was stored.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::body::parts;
use crate::probe::file::File;
use crate::probe::json::Row;
use crate::probe::web::{DICOM_ANY, Web};

pub(crate) static CHECK: Check = Check {
    id: "stow.all.retrieve-url",
    title: "every Retrieve URL of a store response can be retrieved",
    clauses: &[Clause::ps3_18("I.1"), Clause::ps3_18("T.I.1-1")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.retrieve-url-dead",
    sends: "POST /studies with 2 instances of a new study, then GET of (0008,1190) of the response and of each item",
    accepts: "a value of VR UR in each place, and 200 with the study and the instance",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    let instances: Vec<_> = study.instances.iter().collect();
    let answer = web.store("/studies", &instances).await?;
    ensure!(matches!(answer.status, 200..300), "{}", answer.summary());

    let row = Row::one(&answer.body)?;
    let whole = files(&web, &row, "the response").await?;
    ensure!(
        whole == study.uids(),
        "{} instances behind its URL",
        whole.len()
    );
    let items = row.items(tags::REFERENCED_SOP_SEQUENCE);
    ensure!(items.len() == 2, "{} items for 2 instances", items.len());
    for item in &items {
        let uid = item.text(tags::REFERENCED_SOP_INSTANCE_UID);
        let behind = files(&web, item, "an item").await?;
        ensure!(
            behind.len() == 1 && Some(&behind[0]) == uid.as_ref(),
            "{behind:?} behind the URL of instance {uid:?}"
        );
    }
    Ok(())
}

/// The instances behind the Retrieve URL of a data set, sorted.
async fn files(web: &Web, row: &Row, what: &str) -> Verdict<Vec<String>> {
    let attribute = row.attribute(tags::RETRIEVE_URL);
    let vr = attribute.and_then(|attribute| attribute["vr"].as_str());
    let Some(url) = row.text(tags::RETRIEVE_URL) else {
        return Err(Finding::fail(format!("{what} without a Retrieve URL")));
    };
    ensure!(
        vr == Some("UR"),
        "the Retrieve URL of {what} with VR {vr:?}"
    );
    let answer = web.get_url(&url, DICOM_ANY).await?;
    ensure!(
        answer.status == 200,
        "{} to the Retrieve URL of {what}, {url}",
        answer.summary()
    );
    let mut uids = Vec::new();
    for part in parts(answer.content_type(), &answer.body)? {
        uids.extend(File::read(&part.content)?.sop_instance());
    }
    Ok(sorted(uids))
}
