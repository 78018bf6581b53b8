//! A store response in XML.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::upload::Upload;
use crate::probe::web::XML;
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "stow.resp.xml",
    title: "a store response can be had as a Native DICOM Model",
    clauses: &[Clause::ps3_18("10.5.4"), Clause::ps3_18("I.3")],
    level: Level::Must,
    needs: &[Need::Store, Need::StoreXml],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.resp-xml-as-json",
    sends: "POST /studies/{study} with 1 instance of that study and 1 of another, Accept: application/dicom+xml",
    accepts: "application/dicom+xml with the first in ReferencedSOPSequence and the second in FailedSOPSequence",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    let other = context.data().study(2).build();
    let (good, bad) = (&study.instances[0], &other.instances[0]);
    let upload = Upload::of(&[good, bad]).accept(XML);
    let path = format!("/studies/{}", study.uid);
    let answer = web.upload(&path, &upload).await?;
    ensure!(answer.status == 202, "{}", answer.summary());
    let kind = answer.content_type().split(';').next().unwrap_or_default();
    ensure!(kind.trim() == XML, "Content-Type {kind:?}");
    let document = Element::read(&answer.body)?;
    ensure!(
        document.name == "NativeDicomModel",
        "a document of {:?}",
        document.name
    );
    for (tag, expected) in [
        (tags::REFERENCED_SOP_SEQUENCE, good),
        (tags::FAILED_SOP_SEQUENCE, bad),
    ] {
        let items: Vec<_> = match document.dicom(tag) {
            Some(sequence) => sequence.all("Item").collect(),
            None => Vec::new(),
        };
        let uid = items.first().and_then(|item| {
            let uid = item.dicom(tags::REFERENCED_SOP_INSTANCE_UID)?;
            Some(uid.all("Value").next()?.text.trim().to_owned())
        });
        ensure!(
            items.len() == 1 && uid.as_ref() == Some(&expected.uid),
            "{} items in {tag}, the first of instance {uid:?}",
            items.len()
        );
    }
    Ok(())
}
