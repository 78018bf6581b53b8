//! A private attribute is named with its creator.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::search::encoded;

pub(crate) static CHECK: Check = Check {
    id: "qido.match.private-with-creator",
    title: "a private attribute is matched and returned where its creator is named too",
    clauses: &[Clause::ps3_18("8.3.4.1"), Clause::ps3_18("8.3.4.3")],
    level: Level::May,
    needs: &[Need::Store, Need::Search, Need::SearchPrivate],
    editions: Editions::ALL,
    profiles: &[],
    fault: "qido.private-no-creator",
    sends: "GET /studies/{study}/series/{series}/instances?00110010={creator}&00111001={value}&includefield=00111001 over 2 instances",
    accepts: "the instance with that value, with the creator and the value",
    run: |context| Box::pin(run(context)),
};

const CREATOR: &str = "CONFORMANCE-2";
const PRIVATE_CREATOR: Tag = Tag(0x0011, 0x0010);
const PRIVATE: Tag = Tag(0x0011, 0x1001);

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let private = |tag, value: &str| DataElement::new(tag, VR::LO, PrimitiveValue::from(value));
    let study = context
        .data()
        .study(1)
        .instances(2)
        .with(private(PRIVATE_CREATOR, CREATOR))
        .with(private(PRIVATE, "first"))
        .with_in_instance(1, 2, private(PRIVATE, "second"))
        .build();
    web.prepare(&study).await?;
    let row = web
        .row(&format!(
            "/studies/{}/series/{}/instances?00110010={}&00111001=second",
            study.uid,
            study.instances[0].series,
            encoded(CREATOR)
        ))
        .await?;
    let uid = row.text(tags::SOP_INSTANCE_UID);
    ensure!(
        uid.as_ref() == Some(&study.instances[1].uid),
        "instance {uid:?} for the value of another"
    );
    let creator = row.text(PRIVATE_CREATOR);
    ensure!(
        creator.as_deref() == Some(CREATOR),
        "(0011,0010) is {creator:?} beside (0011,1001)"
    );
    ensure!(
        row.attribute(PRIVATE).is_some(),
        "no (0011,1001) in the row"
    );
    Ok(())
}
