//! Whether an instance is there, by whichever way out an archive has.

use dicom_dictionary_std::tags;
use dicom_wire::dimse::Status;

use super::dimse::{Keys, Reply, STUDY_FIND, STUDY_GET};
use super::web::DICOM_ANY;
use crate::check::Need;
use crate::context::Context;
use crate::data::Instance;
use crate::outcome::{Finding, Verdict};

/// Whether an instance can be had again: by C-GET, or else WADO-RS, or else at least be found by C-FIND.
///
/// # Errors
/// A failure if the question is not answered properly; not observed if there is no way to ask.
pub async fn is_kept(context: &Context, instance: &Instance) -> Verdict<bool> {
    let keys = Keys::level("IMAGE")
        .key(tags::STUDY_INSTANCE_UID, &instance.study)
        .key(tags::SERIES_INSTANCE_UID, &instance.series)
        .key(tags::SOP_INSTANCE_UID, &instance.uid);
    if context.offers(Need::CGet) {
        let dimse = context.dimse()?;
        let class = instance.sop_class;
        let mut association = dimse.associate_to_get(STUDY_GET, &[class]).await?;
        let got = association
            .get(STUDY_GET, &keys, |_| Reply::Status(Status::SUCCESS))
            .await?;
        association.release().await?;
        return Ok(got.uids() == [instance.uid.clone()]);
    }
    if context.offers(Need::Retrieve) {
        let answer = context.web()?.get(&instance.path(), DICOM_ANY).await?;
        return match answer.status {
            200 => Ok(true),
            404 | 410 => Ok(false),
            _ => Err(Finding::fail(format!(
                "{} to GET of the instance",
                answer.summary()
            ))),
        };
    }
    if context.offers(Need::CFind) {
        let mut association = context.dimse()?.associate(&[STUDY_FIND]).await?;
        let found = association.find(STUDY_FIND, &keys).await?;
        association.release().await?;
        return Ok(found.matches.len() == 1);
    }
    Err(Finding::NotObserved(
        "no way out to see whether it is kept".into(),
    ))
}
