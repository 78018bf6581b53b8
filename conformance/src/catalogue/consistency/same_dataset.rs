//! One data set, however it is fetched.

use dicom_core::Tag;
use dicom_dictionary_std::uids;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET};
use crate::probe::file::{File, data_set};
use crate::probe::web::DICOM_ANY;

pub(crate) static CHECK: Check = Check {
    id: "x.same-dataset",
    title: "C-GET and WADO-RS give the same data set",
    clauses: &[Clause::ps3_18("8.7.3"), Clause::ps3_4("C.4.3")],
    level: Level::Interop,
    needs: &[Need::Store, Need::Retrieve, Need::CGet],
    editions: Editions::ALL,
    profiles: &[],
    fault: "x.web-drops-private",
    sends: "C-GET of an instance, and GET of it in any transfer syntax",
    accepts: "the same elements at the top level with the same bytes, group 0002 and group lengths apart",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let web = context.web()?;
    let study = context.data().study(1).build();
    web.prepare(&study).await?;
    let instance = &study.instances[0];
    let explicit = uids::EXPLICIT_VR_LITTLE_ENDIAN;
    let class = instance.sop_class;
    let dimse = context.dimse()?;
    let proposal = dimse
        .proposal()
        .context(STUDY_GET, &[explicit, uids::IMPLICIT_VR_LITTLE_ENDIAN])
        .context(class, &[explicit])
        .role(class, 0, 1);
    let mut association = dimse.open(proposal).await?;
    let got = association
        .get(STUDY_GET, &Keys::study(&study.uid), |_| {
            Reply::Status(Status::SUCCESS)
        })
        .await?;
    association.release().await?;
    ensure!(got.stored.len() == 1, "C-GET: {}", got.words());
    let over_dimse = data_set(&got.stored[0].data_set, explicit)?;

    let parts = web.retrieve(&instance.path(), DICOM_ANY).await?;
    ensure!(parts.len() == 1, "{} parts for one instance", parts.len());
    let file = File::read(&parts[0].content)?;
    if file.transfer_syntax != explicit {
        return Err(Finding::NotObserved(format!(
            "it comes in {} over HTTP",
            file.transfer_syntax
        )));
    }
    let counts = |tag: &Tag| tag.group() != 2 && tag.element() != 0;
    for (tag, value) in over_dimse.iter().filter(|(tag, _)| counts(tag)) {
        let over_web = file.value(*tag);
        ensure!(
            over_web == Some(value),
            "{tag} has {} bytes by C-GET and {} over HTTP",
            value.len(),
            over_web.map_or("none".to_owned(), |value| value.len().to_string())
        );
    }
    let web_only: Vec<_> = file
        .tags()
        .filter(|tag| counts(tag) && !over_dimse.contains_key(tag))
        .collect();
    ensure!(
        web_only.is_empty(),
        "{} is there over HTTP and not by C-GET",
        web_only[0]
    );
    Ok(())
}
