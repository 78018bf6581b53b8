//! Whoever reads XML gets XML.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "wado.meta.xml",
    title: "metadata comes as Native DICOM Models in XML when that is asked for",
    clauses: &[Clause::ps3_18("10.4.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "wado.meta-xml-406",
    sends: "GET of the metadata of 2 instances with Accept: multipart/related; type=\"application/dicom+xml\"",
    accepts: "200, a part with a NativeDicomModel for each instance",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).instances(2).build();
    web.prepare(&study).await?;

    let path = format!("/studies/{}/metadata", study.uid);
    let accept = "multipart/related; type=\"application/dicom+xml\"";
    let mut found = Vec::new();
    for part in web.retrieve(&path, accept).await? {
        let model = Element::read(&part.content)?;
        ensure!(
            model.name == "NativeDicomModel",
            "a document that is a {}",
            model.name
        );
        ensure!(
            part.media().essence == "application/dicom+xml",
            "a part of type {:?}",
            part.header("content-type")
        );
        let uid = model.dicom(tags::SOP_INSTANCE_UID);
        let value = uid.and_then(|uid| uid.all("Value").next());
        found.extend(value.map(|value| value.text.clone()));
    }
    let found = sorted(found);
    ensure!(
        found == study.uids(),
        "models of {found:?}, stored were {:?}",
        study.uids()
    );
    Ok(())
}
