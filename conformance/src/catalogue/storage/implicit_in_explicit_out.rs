//! A transfer syntax without VRs loses nothing.

use dicom_core::header::Header;
use dicom_core::{Tag, VR};
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::entries::EXPLICIT_VR_LITTLE_ENDIAN;
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET, SYNTAXES};
use crate::probe::json::{Row, differences};
use crate::probe::web::JSON;

pub(crate) static CHECK: Check = Check {
    id: "store.implicit-in-explicit-out",
    title: "what comes in implicit VR goes out with the values it had and the VRs of the standard",
    clauses: &[Clause::ps3_5("7.1"), Clause::ps3_18("8.7.3")],
    level: Level::Must,
    needs: &[Need::CStore],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "store.un-everything",
    sends: "C-STORE in Implicit VR Little Endian; C-GET in explicit VR, and metadata, as far as they are offered",
    accepts: "every standard attribute with the VR of the dictionary and the value sent",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    if !context.offers(Need::CGet) && !context.offers(Need::Retrieve) {
        return Err(Finding::NotObserved("no way out that has VRs".into()));
    }
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    let instance = &study.instances[0];
    let [explicit, implicit] = SYNTAXES;
    let class = instance.sop_class;
    let proposal = dimse.proposal().context(class, &[implicit]);
    let mut association = dimse.open(proposal).await?;
    let status = association.store(instance).await?;
    ensure!(status == 0, "C-STORE was answered {status:04X}H");
    association.release().await?;

    let standard = |tag: Tag| tag.group().is_multiple_of(2);
    if context.offers(Need::CGet) {
        let proposal = dimse
            .proposal()
            .context(STUDY_GET, &SYNTAXES)
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
        let bytes = &got.stored[0].data_set[..];
        let read =
            InMemDicomObject::read_dataset_with_ts(bytes, &EXPLICIT_VR_LITTLE_ENDIAN.erased())
                .map_err(|error| Finding::fail(format!("C-GET: no data set: {error}")))?;
        for stored in instance.data_set.iter().filter(|it| standard(it.tag())) {
            let tag = stored.tag();
            let Some(got) = read.get(tag) else {
                return Err(Finding::fail(format!("C-GET: no {tag}")));
            };
            ensure!(
                got.vr() == stored.vr(),
                "C-GET: {tag} with VR {} in place of {}",
                got.vr(),
                stored.vr()
            );
            // Items are compared by the metadata.
            let same = stored.vr() == VR::SQ
                || got.to_bytes().ok().as_deref() == stored.to_bytes().ok().as_deref()
                || got.to_str().ok() == stored.to_str().ok();
            ensure!(same, "C-GET: {tag} with another value");
        }
    }
    if context.offers(Need::Retrieve) {
        let path = format!("{}/metadata", instance.path());
        let answer = context.web()?.get(&path, JSON).await?;
        ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
        let row = Row::one(&answer.body)?;
        let stored = instance.data_set.iter().filter(|it| standard(it.tag()));
        let found = differences(stored, &row);
        ensure!(
            found.is_empty(),
            "metadata: {} differences: {}",
            found.len(),
            found[0]
        );
    }
    Ok(())
}
