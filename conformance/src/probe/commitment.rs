//! Storage commitment as its user (PS3.4 J.3): the request, and the report on the same association or on another.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{Command, NRequest, NResponse, NService, Status};
use dicom_wire::uid::Uid;
use tokio::time::timeout;

use super::dimse::{Association, Dimse, Match, Response, encode};
use super::scp::StorageScp;
use crate::context::Context;
use crate::data::{Instance, sorted};
use crate::outcome::{Finding, Verdict, ensure};

/// The SOP class of requests and reports.
pub const CLASS: &str = uids::STORAGE_COMMITMENT_PUSH_MODEL;
/// The event type of a report on instances that are all committed (PS3.4 J.3.3.1.1).
pub const ALL_COMMITTED: u16 = 1;
/// The event type of a report with failures (PS3.4 J.3.3.1.1).
pub const FAILURES_EXIST: u16 = 2;

/// The longest that a report is waited for on the association of its request.
const PATIENCE: Duration = Duration::from_secs(4);
/// Request storage commitment (PS3.4 J.3.2.1.1).
const REQUEST: u16 = 1;

/// What a report says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reported {
    /// The event type.
    pub event_type: Option<u16>,
    /// The transaction that it is about.
    pub transaction: Option<String>,
    /// SOP Instance UIDs of the Referenced SOP Sequence, sorted.
    pub committed: Vec<String>,
    /// SOP Instance UIDs of the Failed SOP Sequence with their Failure Reasons.
    pub failed: BTreeMap<String, Option<u16>>,
}

impl Reported {
    /// Reads an N-EVENT-REPORT.
    ///
    /// # Errors
    /// A failure if there is no data set, or it cannot be read.
    pub fn read(event: &NRequest, data_set: Option<&Bytes>, syntax: &str) -> Verdict<Self> {
        let bytes = data_set.ok_or_else(|| Finding::fail("a report without data"))?;
        let read = Match::read(bytes, syntax)?;
        let committed = read.items(tags::REFERENCED_SOP_SEQUENCE)?;
        let uid = |item: &Match| item.text(tags::REFERENCED_SOP_INSTANCE_UID);
        let failed = read.items(tags::FAILED_SOP_SEQUENCE)?;
        Ok(Self {
            event_type: event.type_id,
            transaction: read.text(tags::TRANSACTION_UID),
            committed: sorted(committed.iter().filter_map(uid)),
            failed: failed
                .iter()
                .filter_map(|item| Some((uid(item)?, item.number(tags::FAILURE_REASON))))
                .collect(),
        })
    }

    /// In words, for a report of ours.
    pub fn words(&self) -> String {
        let kind = self
            .event_type
            .map_or("none".into(), |kind| kind.to_string());
        let reason = |reason: &Option<u16>| match reason {
            Some(reason) => format!("{reason:04X}H"),
            None => "no reason".into(),
        };
        let failed: Vec<_> = self.failed.values().map(reason).collect();
        let (committed, failed) = (self.committed.len(), failed.join(", "));
        format!("event type {kind}, {committed} committed, failed: [{failed}]")
    }
}

/// The answer to a report.
pub fn answer(event: &NRequest) -> NResponse {
    NResponse {
        service: NService::EventReport,
        message_id: event.message_id,
        sop_class: Some(event.sop_class.clone()),
        sop_instance: event.sop_instance.clone(),
        type_id: event.type_id,
        outcome: Status::SUCCESS.into(),
    }
}

/// A request for commitment that was answered, on its association.
#[derive(Debug)]
pub struct Asking {
    association: Association,
    syntax: String,
    reported: Option<Reported>,
}

impl Asking {
    /// Asks for commitment of instances, and waits for the response.
    ///
    /// # Errors
    /// A failure if anything else comes, but for the report.
    pub async fn begin(
        dimse: &Dimse,
        transaction: &str,
        instances: &[Instance],
    ) -> Verdict<(Self, NResponse)> {
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
        let mut asking = Self {
            association,
            syntax,
            reported: None,
        };
        loop {
            if let Some(response) = asking.hear().await? {
                return Ok((asking, response));
            }
        }
    }

    /// The report, if it comes on this association, which is released then.
    ///
    /// # Errors
    /// A failure if anything else comes.
    pub async fn reported(mut self) -> Verdict<Option<Reported>> {
        let waiting = async {
            while self.reported.is_none() {
                self.hear().await?;
            }
            Ok(())
        };
        if let Ok(heard) = timeout(PATIENCE, waiting).await {
            heard?;
        }
        self.association.release().await?;
        Ok(self.reported)
    }

    /// Releases the association at once; a report that is on its way gets no answer.
    ///
    /// # Errors
    /// A failure if the release is not answered.
    pub async fn leave(self) -> Verdict {
        self.association.into_wire().release_over_data().await
    }

    /// The next message: a response, or a report, which is answered.
    async fn hear(&mut self) -> Verdict<Option<NResponse>> {
        let Response {
            context,
            command,
            data_set,
            ..
        } = self.association.response().await?;
        match command {
            Command::NRsp(response) if response.service == NService::Action => Ok(Some(response)),
            Command::NRq(event) if event.service == NService::EventReport => {
                self.association
                    .send(context, answer(&event), None, "N-EVENT-REPORT-RSP")
                    .await?;
                let read = Reported::read(&event, data_set.as_ref(), &self.syntax)?;
                self.reported = Some(read);
                Ok(None)
            }
            other => Err(Finding::fail(format!("{other} in place of a report"))),
        }
    }
}

/// Asks for commitment of instances under the AE title at which the archive can find us; the report, wherever it comes.
///
/// # Errors
/// A failure if the request is not answered with success, or the report cannot be read; not observed if none comes.
pub async fn commit(
    context: &Context,
    transaction: &str,
    instances: &[Instance],
) -> Verdict<Reported> {
    let (dimse, destination) = asker(context)?;
    let begun = match Asking::begin(&dimse, transaction, instances).await {
        // Not every archive lets in the title of its destination.
        Err(_) if destination.is_some() => {
            Asking::begin(&context.dimse()?, transaction, instances).await
        }
        begun => begun,
    };
    let (asking, response) = begun?;
    let status = response.outcome.status.0;
    ensure!(status == 0, "N-ACTION was answered {status:04X}H");
    let here = asking.reported().await?;
    let reported = match (here, destination) {
        (None, Some(destination)) => destination.reported(transaction).await,
        (here, _) => here,
    };
    reported.ok_or_else(|| {
        let ways = match destination {
            Some(_) => "on the association, or on another to our SCP",
            None => "on the association, and the archive knows no other way to us",
        };
        Finding::NotObserved(format!("no report came {ways}"))
    })
}

/// Who asks: us as the archive's destination, if it knows one, so that a report on another association finds us.
pub fn asker(context: &Context) -> Verdict<(Dimse, Option<&StorageScp>)> {
    let dimse = context.dimse()?;
    match context.destination() {
        Ok(destination) => Ok((dimse.calling(destination.ae_title()), Some(destination))),
        Err(_) => Ok((dimse, None)),
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
