//! Matches as XML are one part each.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::sorted;
use crate::outcome::{Verdict, ensure};
use crate::probe::body;
use crate::probe::search::encoded;
use crate::probe::web::XML_PARTS;
use crate::probe::xml::Element;

pub(crate) static CHECK: Check = Check {
    id: "qido.media.xml",
    title: "a search answers one Native DICOM Model part for each match",
    clauses: &[Clause::ps3_18("10.6.4"), Clause::ps3_18("8.7.3.5.2")],
    level: Level::Must,
    needs: &[Need::Store, Need::Search, Need::SearchXml],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "qido.xml-as-json",
    sends: "GET /studies?PatientID={patient} over 2 studies, Accept: multipart/related; type=\"application/dicom+xml\"",
    accepts: "multipart/related with a part of application/dicom+xml for each match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let first = context.data().study(1).build();
    let second = context
        .data()
        .study(2)
        .patient_id(&first.patient_id)
        .build();
    web.prepare(&first).await?;
    web.prepare(&second).await?;
    let path = format!("/studies?PatientID={}", encoded(&first.patient_id));
    let answer = web.get(&path, XML_PARTS).await?;
    ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
    let parts = body::parts(answer.content_type(), &answer.body)?;
    let mut found = Vec::new();
    for part in &parts {
        let kind = part.headers.iter().find(|(name, _)| name == "content-type");
        let kind = kind.map_or("", |(_, value)| value.as_str());
        ensure!(
            kind.starts_with("application/dicom+xml"),
            "a part of type {kind:?}"
        );
        let document = Element::read(&part.content)?;
        ensure!(
            document.name == "NativeDicomModel",
            "a part with the root {:?}",
            document.name
        );
        let uid = |element: &&Element| {
            element
                .attributes
                .get("tag")
                .is_some_and(|tag| tag == "0020000D")
        };
        let values = document
            .children
            .iter()
            .filter(uid)
            .flat_map(|attribute| &attribute.children);
        found.extend(values.map(|value| value.text.trim().to_owned()));
    }
    let (found, stored) = (sorted(found), sorted([first.uid, second.uid]));
    ensure!(
        found == stored,
        "{} parts with the studies {found:?}, not {stored:?}",
        parts.len()
    );
    Ok(())
}
