//! Relational queries are agreed on, and then answered.

use dicom_dictionary_std::tags;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND, SYNTAXES};
use crate::probe::pdu::item;

pub(crate) static CHECK: Check = Check {
    id: "find.relational-negotiated",
    title: "extended negotiation of relational queries is answered with the truth",
    clauses: &[Clause::ps3_4("C.5.1.1"), Clause::ps3_7("D.3.3.5")],
    level: Level::May,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[],
    fault: "find.ext-neg-lies",
    sends: "extended negotiation with byte 1 set, then C-FIND at level IMAGE with only a SOP Instance UID",
    accepts: "the instance where the byte came back as 1; A900H or Cxxx where it did not",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).build();
    dimse.prepare(&study).await?;
    let uid = &study.instances[0].uid;
    let proposal = dimse
        .proposal()
        .context(STUDY_FIND, &SYNTAXES)
        .extended(STUDY_FIND, &[1]);
    let mut association = dimse.open(proposal).await?;
    let answers = association.acceptance().user(item::EXTENDED_NEGOTIATION);
    let agreed = answers.iter().any(|answer| {
        let information = answer.get(2 + STUDY_FIND.len()..).unwrap_or_default();
        information.first() == Some(&1)
    });
    let keys = Keys::level("IMAGE").key(tags::SOP_INSTANCE_UID, uid);
    let found = association.find(STUDY_FIND, &keys).await?;
    let (status, uids) = (found.status(), found.values(tags::SOP_INSTANCE_UID));
    let got = format!(
        "{} matches and {status:04X}H, relational queries {}",
        uids.len(),
        if agreed { "agreed to" } else { "not agreed to" }
    );
    let is_refused = matches!(status, 0xA900 | 0xC000..=0xCFFF);
    match agreed {
        true => ensure!(status == 0 && uids == [uid.clone()], "{got}"),
        false => ensure!(is_refused && uids.is_empty(), "{got}"),
    }
    association.release().await
}
