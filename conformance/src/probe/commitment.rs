//! Storage commitment as its user (PS3.4 J.3): the request, and the report where it comes on the same association.

use std::time::Duration;

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Command, NRequest, NResponse, NService, Status};
use dicom_wire::uid::Uid;
use tokio::time::timeout;

use super::dimse::{Association, Dimse, Match, Response, encode};
use crate::data::{Instance, sorted};
use crate::outcome::{Finding, Verdict, ensure};

/// The longest that a report is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const CLASS: &str = uids::STORAGE_COMMITMENT_PUSH_MODEL;
/// Request storage commitment (PS3.4 J.3.2.1.1).
const REQUEST: u16 = 1;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// SOP Instance UIDs of the Referenced SOP Sequence, sorted.
    pub committed: Vec<String>,
    /// SOP Instance UIDs of the Failed SOP Sequence, sorted.
    pub failed: Vec<String>,
}

/// Asks for commitment of instances; nothing if no report comes on the association.
///
/// # Errors
/// A failure if the request is not answered with success, or the report cannot be read.
pub async fn commit(
    dimse: &Dimse,
    transaction: &str,
    instances: &[Instance],
) -> Verdict<Option<Reported>> {
    let mut association = dimse.associate(&[CLASS]).await?;
    let (context, syntax) = association.required(CLASS)?;
    let request = NRequest {
        service: NService::Action,
        message_id: association.next_id(),
        sop_class: uid(CLASS)?,
        sop_instance: Some(uid(uids::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE)?),
        type_id: Some(REQUEST),
        attributes: Vec::new(),
    };
    let asked = Some(encode(&information(transaction, instances), &syntax)?);
    association
        .send(context, request, asked, "N-ACTION-RQ")
        .await?;
    let reported = timeout(PATIENCE, report(&mut association, &syntax)).await;
    let reported = match reported {
        Ok(reported) => Some(reported?),
        Err(_) => None,
    };
    association.release().await?;
    Ok(reported)
}

/// The response to the request and the report, in whichever order they come.
async fn report(association: &mut Association, syntax: &str) -> Verdict<Reported> {
    let (mut is_answered, mut reported) = (false, None);
    loop {
        let Response {
            context,
            command,
            data_set,
            ..
        } = association.response().await?;
        match command {
            Command::NRsp(response) => {
                let status = response.outcome.status.0;
                ensure!(status == 0, "N-ACTION was answered {status:04X}H");
                is_answered = true;
            }
            Command::NRq(event) if event.service == NService::EventReport => {
                let response = NResponse {
                    service: NService::EventReport,
                    message_id: event.message_id,
                    sop_class: Some(event.sop_class),
                    sop_instance: event.sop_instance,
                    type_id: event.type_id,
                    outcome: Status::SUCCESS.into(),
                };
                association
                    .send(context, response, None, "N-EVENT-REPORT-RSP")
                    .await?;
                let bytes = data_set.ok_or_else(|| Finding::fail("a report without data"))?;
                let event = Match::read(&bytes, syntax)?;
                let of = |sequence| -> Verdict<Vec<String>> {
                    let items = event.items(sequence)?;
                    let uid = |item: &Match| item.text(tags::REFERENCED_SOP_INSTANCE_UID);
                    Ok(sorted(items.iter().filter_map(uid)))
                };
                reported = Some(Reported {
                    committed: of(tags::REFERENCED_SOP_SEQUENCE)?,
                    failed: of(tags::FAILED_SOP_SEQUENCE)?,
                });
            }
            other => return Err(Finding::fail(format!("{other} in place of a report"))),
        }
        match reported.take() {
            Some(reported) if is_answered => return Ok(reported),
            other => reported = other,
        }
    }
}

/// Action information (PS3.4 table J.3-1).
fn information(transaction: &str, instances: &[Instance]) -> InMemDicomObject {
    let text = |tag, value: &str| DataElement::new(tag, VR::UI, PrimitiveValue::from(value));
    let item = |instance: &Instance| {
        InMemDicomObject::from_element_iter([
            text(tags::REFERENCED_SOP_CLASS_UID, instance.sop_class),
            text(tags::REFERENCED_SOP_INSTANCE_UID, &instance.uid),
        ])
    };
    let items: Vec<_> = instances.iter().map(item).collect();
    InMemDicomObject::from_element_iter([
        text(tags::TRANSACTION_UID, transaction),
        DataElement::new(
            tags::REFERENCED_SOP_SEQUENCE,
            VR::SQ,
            DataSetSequence::from(items),
        ),
    ])
}

fn uid(text: &str) -> Verdict<Uid> {
    Uid::parse(text).map_err(Finding::error)
}
