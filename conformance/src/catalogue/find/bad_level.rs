//! A level is one of four.

use dicom_dictionary_std::tags;

use super::no_level_a900::refused;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::dimse::Keys;

pub(crate) static CHECK: Check = Check {
    id: "find.bad-level",
    title: "an unknown level is refused",
    clauses: &[Clause::ps3_4("C.4.1.1.4")],
    level: Level::Must,
    needs: &[Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.bad-level-ok",
    sends: "C-FIND at level BOGUS",
    accepts: "A900H or Cxxx, and no match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let keys = Keys::level("BOGUS").key(tags::STUDY_INSTANCE_UID, "1.2.3.4");
    refused(&context.dimse()?, &keys, "level BOGUS").await?;
    Ok(())
}
