//! A PDU may hold a command and its data set.

use dicom_wire::dimse::{Command, DataSet, FindRequest, Priority};
use dicom_wire::uid::Uid;

use crate::check::{Check, Clause, Editions, Level, Need, Profile};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::dimse::{Keys, STUDY_FIND, encode};
use crate::probe::pdu::{COMMAND, LAST, data_value, kind, pdu};

pub(crate) static CHECK: Check = Check {
    id: "ul.pdv.many-per-pdu",
    title: "a command and its identifier in one PDU are understood",
    clauses: &[Clause::ps3_8("9.3.5")],
    level: Level::Must,
    needs: &[Need::Dimse, Need::CFind],
    editions: Editions::ALL,
    profiles: &[Profile::CoreDimse, Profile::Robust],
    fault: "ul.one-pdv-per-pdu",
    sends: "C-FIND-RQ with the values of its command and of its identifier in one P-DATA-TF",
    accepts: "C-FIND-RSP with status 0000H (nothing is found), and a release",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let dimse = context.dimse()?;
    let mut association = dimse.associate(&[STUDY_FIND]).await?;
    let (id, syntax) = association.required(STUDY_FIND)?;
    let nothing = format!("{}.1.2.3", context.data().study(99).build().uid);
    let identifier = encode(Keys::study(&nothing).object(), &syntax)?;
    let request = FindRequest {
        message_id: association.next_id(),
        sop_class: Uid::parse(STUDY_FIND).map_err(Finding::error)?,
        priority: Priority::Medium,
    };
    let command = Command::from(request).to_bytes(DataSet::Present);
    let values = [
        data_value(id, COMMAND | LAST, &command),
        data_value(id, LAST, &identifier),
    ];
    association
        .wire()
        .write(
            &pdu(kind::DATA, &values.concat()),
            "C-FIND-RQ and its identifier in one PDU",
        )
        .await?;
    let found = association.found(STUDY_FIND).await?;
    let status = found.status();
    ensure!(
        status == 0 && found.matches.is_empty(),
        "{} matches and status {status:04X}H",
        found.matches.len()
    );
    association.release().await
}
