//! Metadata in XML, and pixels beside it.

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::data::Instance;
use crate::outcome::Verdict;
use crate::probe::described::taken_as;

pub(crate) static CHECK: Check = Check {
    id: "stow.media.metadata-xml",
    title: "metadata in XML with bulk data is stored",
    clauses: &[Clause::ps3_18("10.5.4"), Clause::ps3_18("10.5.1.4")],
    level: Level::Must,
    needs: &[Need::Store, Need::StoreMetadata, Need::Retrieve],
    editions: Editions::ALL,
    profiles: &[Profile::CoreWeb],
    fault: "stow.meta-xml-415",
    sends: "POST /studies with a part of application/dicom+xml that refers to a part of application/octet-stream",
    accepts: "200, and the same pixels and attributes on retrieval",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    taken_as(context, "application/dicom+xml", Instance::as_xml).await
}
