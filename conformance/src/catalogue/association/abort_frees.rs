//! Who aborts takes back what was not finished.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND, encode};

pub(crate) static CHECK: Check = Check {
    id: "ul.abort.frees",
    title: "an abort in the middle of a C-STORE leaves nothing and frees the archive",
    clauses: &[Clause::ps3_8("9.3.8"), Clause::ps3_7("A.6")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.abort-stores-part",
    sends: "C-STORE-RQ and half of its data set, then A-ABORT; then C-FIND of the study on a new association",
    accepts: "the second association works and finds nothing",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    // Everything that names the instance is in the first half.
    let padding = DataElement::new(tags::TEXT_VALUE, VR::UT, "x".repeat(200_000));
    let study = context.data().study(1).with(padding).build();
    let instance = &study.instances[0];
    let mut association = dimse.associate(&[instance.sop_class]).await?;
    let (id, syntax) = association.required(instance.sop_class)?;
    let data_set = encode(&instance.data_set, &syntax)?;
    let request = association.store_request(instance.sop_class, &instance.uid)?;
    let pdus = association.pdus(id, request, Some(&data_set));
    context.transcript().leave(&study.uid);
    let mut wire = association.into_wire();
    wire.write(&pdus[..pdus.len() / 2], "half of a C-STORE-RQ")
        .await?;
    wire.abort().await?;

    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let found = association
        .find(STUDY_FIND, &Keys::study(&study.uid))
        .await?;
    ensure!(
        found.status() == 0,
        "C-FIND afterwards was answered {:04X}H",
        found.status()
    );
    ensure!(
        found.matches.is_empty(),
        "the study of the aborted C-STORE is found"
    );
    association.release().await
}
