//! A search can be ended.

use dicom_dictionary_std::tags;
use dicom_wire::dimse::{CancelRequest, Command, FindRequest, Priority};
use dicom_wire::uid::Uid;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND, encode};

pub(crate) static CHECK: Check = Check {
    id: "find.cancel",
    title: "a cancelled search ends as cancelled, and the association goes on",
    clauses: &[Clause::ps3_4("C.4.1.3"), Clause::ps3_7("9.3.2.3")],
    level: Level::Must,
    needs: &[Need::CStore, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse],
    fault: "find.ignores-cancel",
    sends: "C-FIND-RQ of 40 instances and its C-CANCEL-RQ in one write; then C-FIND again",
    accepts: "FE00H without an identifier after less than 40 matches; then all 40",
    run: |context| Box::pin(run(context)),
};

const MATCHES: usize = 40;

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let study = context.data().study(1).instances(MATCHES as u32).build();
    dimse.prepare(&study).await?;
    let keys = Keys::level("IMAGE")
        .key(tags::STUDY_INSTANCE_UID, &study.uid)
        .key(tags::SERIES_INSTANCE_UID, &study.instances[0].series)
        .and(&[tags::SOP_INSTANCE_UID]);
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let (id, syntax) = association.required(STUDY_FIND)?;
    let find = FindRequest {
        message_id: association.next_id(),
        sop_class: Uid::parse(STUDY_FIND).map_err(Finding::error)?,
        priority: Priority::Medium,
    };
    let cancel = Command::CancelRq(CancelRequest {
        message_id_responded_to: find.message_id,
    });
    // In one write, so that the archive has the cancel before it can have sent the last match.
    let identifier = encode(keys.object(), &syntax)?;
    let both = [
        association.pdus(id, find, Some(&identifier)),
        association.pdus(id, cancel, None),
    ];
    let line = format!("C-FIND-RQ {keys} and its C-CANCEL-RQ");
    association.wire().write(&both.concat(), &line).await?;
    let found = association.found(STUDY_FIND).await?;
    let (count, status) = (found.matches.len(), found.status());
    ensure!(
        status == 0xFE00 && count < MATCHES,
        "{status:04X}H after {count} of {MATCHES} matches"
    );
    ensure!(
        found.last_data_set.is_none(),
        "an identifier in the final response"
    );
    let again = association.find(STUDY_FIND, &keys).await?;
    let (count, status) = (again.matches.len(), again.status());
    ensure!(
        status == 0 && count == MATCHES,
        "FE00H, and then {status:04X}H after {count} of {MATCHES} matches"
    );
    association.release().await
}
