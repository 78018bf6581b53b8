//! A sample of everything that an archive says over DIMSE: for checks of what holds for every response.

use bytes::Bytes;
use dicom_dictionary_std::{tags, uids};
use dicom_wire::dimse::Status;

use super::dimse::{Keys, Reply, STUDY_FIND, STUDY_GET, STUDY_MOVE};
use crate::check::Need;
use crate::context::Context;
use crate::outcome::Verdict;

/// The command sets of the responses to C-ECHO, C-STORE, C-FIND (matches, none, a wrong level), C-GET and C-MOVE (to nobody), as far as they are offered.
///
/// # Errors
/// A failure if an operation is not answered at all.
pub async fn sample(context: &Context) -> Verdict<Vec<Bytes>> {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(2).build();
    let mut heard = Vec::new();

    let mut association = dimse.associate(&[uids::VERIFICATION]).await?;
    association.echo().await?;
    heard.extend_from_slice(association.heard());
    association.release().await?;

    if context.offers(Need::CStore) {
        let mut association = dimse.associate_to_store(&study.instances).await?;
        for instance in &study.instances {
            association.store(instance).await?;
        }
        heard.extend_from_slice(association.heard());
        association.release().await?;
    }
    if context.offers(Need::CFind) {
        let mut association = dimse.associate(&[STUDY_FIND]).await?;
        let series = Keys::level("SERIES").key(tags::STUDY_INSTANCE_UID, &study.uid);
        for keys in [
            Keys::study(&study.uid),
            series,
            Keys::study(&format!("{}.9.9", study.uid)),
            Keys::level("BOGUS"),
        ] {
            association.find(STUDY_FIND, &keys).await?;
        }
        heard.extend_from_slice(association.heard());
        association.release().await?;
    }
    if context.offers(Need::CGet) {
        let class = uids::CT_IMAGE_STORAGE;
        let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
        let keys = Keys::study(&study.uid);
        association
            .get(STUDY_GET, &keys, |_| Reply::Status(Status::SUCCESS))
            .await?;
        // The requests among them are judged too.
        heard.extend_from_slice(association.heard());
        association.release().await?;
    }
    if context.offers(Need::CMove) {
        let mut association = dimse.associate(&[STUDY_MOVE]).await?;
        association.move_study(&study.uid, "NOWHERE").await?;
        heard.extend_from_slice(association.heard());
        association.release().await?;
    }
    Ok(heard)
}
