//! The study root begins with studies.

use dicom_dictionary_std::tags;

use super::no_level_a900::refused;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::dimse::Keys;

pub(crate) static CHECK: Check = Check {
    id: "find.patient-on-study-root",
    title: "PATIENT is no level of the Study Root model",
    clauses: &[Clause::ps3_4("C.6.2.1")],
    level: Level::Must,
    needs: &[Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.patient-study-root-ok",
    sends: "C-FIND at level PATIENT in the Study Root model",
    accepts: "A900H or Cxxx, and no match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let patient = format!("{}*", context.data().patient_prefix());
    let keys = Keys::level("PATIENT").key(tags::PATIENT_ID, &patient);
    refused(&context.dimse()?, &keys, "PATIENT in the Study Root model").await?;
    Ok(())
}
