//! No PDU is longer than its receiver said.

use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_wire::dimse::Status;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, Reply, STUDY_GET, SYNTAXES};

pub(crate) static CHECK: Check = Check {
    id: "ul.max-pdu.theirs",
    title: "large data comes in PDUs of the length that we take",
    clauses: &[Clause::ps3_8("D.1")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::CStore, Need::CGet],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "ul.exceeds-our-max",
    sends: "C-GET of an instance of 40 KiB on associations with maximum length 4096, and without a limit",
    accepts: "the whole data set, in P-DATA-TF of at most 4096 bytes where we said so",
    run: |context| Box::pin(run(context)),
};

const CT: &str = uids::CT_IMAGE_STORAGE;

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let long = DataElement::new(tags::TEXT_VALUE, VR::UT, "long ".repeat(8192));
    let study = context.data().study(1).with(long).build();
    dimse.prepare(&study).await?;

    for limit in [4096, 0] {
        let mut proposal = dimse
            .proposal()
            .context(STUDY_GET, &SYNTAXES)
            .context(CT, &SYNTAXES)
            .role(CT, 0, 1);
        proposal.max_length = limit;
        let mut association = dimse.open(proposal).await?;
        let got = association
            .get(STUDY_GET, &Keys::study(&study.uid), |_| {
                Reply::Status(Status::SUCCESS)
            })
            .await?;
        ensure!(
            got.stored.len() == 1 && got.stored[0].data_set.len() > 40 * 1024,
            "{} instances came with maximum length {limit}",
            got.stored.len()
        );
        let longest = association.wire().longest();
        ensure!(
            limit == 0 || longest <= limit as usize,
            "a P-DATA-TF of {longest} bytes with maximum length {limit}"
        );
        association.release().await?;
    }
    Ok(())
}
