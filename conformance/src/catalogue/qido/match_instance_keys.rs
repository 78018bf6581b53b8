//! Every required instance key filters.

use dicom_dictionary_std::{tags, uids};

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.instance-keys",
    title: "each of the three instance keys of Table 10.6.1-5 finds exactly what has its value",
    clauses: &[Clause::ps3_18("T10.6.1-5")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.ignores-instance-key",
    sends: "GET /studies/{study}/series/{series}/instances with each of 3 keys over 3 CT images",
    accepts: "each time the instances whose value it is",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(3).build();
    web.prepare(&study).await?;
    let second = vec![study.instances[1].uid.clone()];
    let cases = [
        (
            format!("SOPClassUID={}", uids::CT_IMAGE_STORAGE),
            study.uids(),
        ),
        (
            format!("SOPClassUID={}", uids::MR_IMAGE_STORAGE),
            Vec::new(),
        ),
        (format!("SOPInstanceUID={}", second[0]), second.clone()),
        ("InstanceNumber=2".to_owned(), second),
    ];
    let series = format!(
        "/studies/{}/series/{}/instances",
        study.uid, study.instances[0].series
    );
    for (query, stored) in cases {
        web.finds(
            &format!("{series}?{query}"),
            tags::SOP_INSTANCE_UID,
            &stored,
        )
        .await?;
    }
    Ok(())
}
