//! A hierarchical query names what is above.

use dicom_dictionary_std::tags;

use super::no_level_a900::refused;
use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::Verdict;
use crate::probe::dimse::Keys;

pub(crate) static CHECK: Check = Check {
    id: "find.hierarchy",
    title: "a series query without its study is refused, where relational queries were not negotiated",
    clauses: &[Clause::ps3_4("C.4.1.3.1.1")],
    level: Level::Must,
    needs: &[Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.relational-unasked",
    sends: "C-FIND at level SERIES without a Study Instance UID",
    accepts: "A900H or Cxxx, and no match",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let keys = Keys::level("SERIES").key(tags::MODALITY, "CT");
    refused(&context.dimse()?, &keys, "a series query without a study").await?;
    Ok(())
}
