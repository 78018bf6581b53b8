//! Storage Commitment Push Model (PS3.4 J.3): what the index has is promised, what it has not is named with a reason.
//!
//! The report goes out on the association of the request. Where that ends before the report was answered, it goes to the requester's
//! entry among the destinations, on an association of its own (J.3.3.1.2).

use std::collections::{HashMap, VecDeque};

use dicom_core::value::DataSetSequence;
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::{
    Command, DataSet, Message, NRequest, NResponse, NService, Outcome, Status,
};
use dicom_wire::uid::Uid;
use tokio::time::sleep;

use super::association::{Association, Ended, Entry};
use super::identifier;
use super::user::{Collision, User};
use crate::archive::Archive;
use crate::exchange::Exchange;
use crate::moment::{Habits, Operation};
use crate::policy::{Destination, Policy};
use crate::request::{Scope, Service};

/// Request Storage Commitment (PS3.4 J.3.2).
const REQUEST: u16 = 1;
/// Everything is committed to (PS3.4 J.3.3.1.1).
const ALL_COMMITTED: u16 = 1;
/// Something is not (PS3.4 J.3.3.1.1).
const FAILURES_EXIST: u16 = 2;

/// An N-EVENT-REPORT that the requester has not answered yet.
#[derive(Debug)]
pub(super) struct Report {
    exchange: Exchange,
    context: u8,
    request: NRequest,
    event: InMemDicomObject,
}

/// Takes a request for commitment and reports on it.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: NRequest,
    data_set: DataSet,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = match data_set {
        DataSet::Present => identifier::receive(association, &agreed).await?,
        DataSet::Absent => Err(invalid("a data set is missing")),
    };
    let asked = addressed(&request).and_then(|()| {
        let information = received.map_err(|outcome| Outcome {
            status: Status::INVALID_ARGUMENT,
            ..outcome
        })?;
        Asked::read(&information)
    });
    let opened = association
        .request(Service::Commit, "N-ACTION")
        .sop_class(request.sop_class.clone());
    let (exchange, entry) = association.open(opened).await?;
    let asked = match (entry, asked) {
        (Entry::Silence, _) => return Ok(()),
        (Entry::Fail(status), _) => Err(status.into()),
        (Entry::Proceed, asked) => asked,
    };
    let (outcome, asked) = match asked {
        Ok(asked) => (Status::SUCCESS.into(), Some(asked)),
        Err(outcome) => (outcome, None),
    };
    let response = NResponse {
        service: NService::Action,
        message_id: request.message_id,
        sop_class: Some(request.sop_class.clone()),
        sop_instance: request.sop_instance.clone(),
        type_id: request.type_id,
        outcome,
    };
    association
        .respond(&exchange, context, response, None)
        .await?;
    let Some(asked) = asked else { return Ok(()) };
    let habits = association.operations();
    let (event_type, event) = asked.event(association.archive(), &exchange, habits);
    let apart = habits.has(Operation::ReportsApart);
    let is_first = association.reports.is_empty() && !apart;
    association.reports.push_back(Report {
        exchange,
        context,
        request: NRequest {
            service: NService::EventReport,
            type_id: Some(event_type),
            attributes: Vec::new(),
            ..request
        },
        event,
    });
    // One operation at a time: the next one goes out when this one is answered.
    if is_first {
        send_first(association).await?;
    }
    Ok(())
}

/// The answer to a report has come; the next report goes out.
pub(super) async fn answered(
    association: &mut Association,
    response: &NResponse,
) -> Result<(), Ended> {
    let first = association.reports.front();
    if first.is_none_or(|report| report.request.message_id != response.message_id) {
        association.remark("N-EVENT-REPORT-RSP without a request");
        return Err(association.abort(0, 0).await);
    }
    if let Some(report) = association.reports.pop_front() {
        report.remark(response.outcome.status);
    }
    send_first(association).await
}

/// Sends reports that were not answered on the association of their request, on a new one, as often as policy has it.
pub(super) async fn deliver(archive: &Archive, to: &AeTitle, mut reports: VecDeque<Report>) {
    let policy = archive.policy();
    let Some(destination) = policy.destinations.get(to) else {
        for report in reports {
            let why = format!("no address is known to report to {to}");
            report.exchange.remark(why);
        }
        return;
    };
    for attempt in 1..=policy.commit_attempts {
        if reports.is_empty() {
            return;
        }
        if attempt > 1 {
            sleep(policy.commit_interval).await;
        }
        if let Err(why) = send_all(policy, destination, to, &mut reports).await {
            let of = policy.commit_attempts;
            for report in &reports {
                report
                    .exchange
                    .remark(format!("report {attempt} of {of} failed: {why}"));
            }
        }
    }
}

/// Sends reports on an association of ours; those that are answered leave the queue.
async fn send_all(
    policy: &Policy,
    destination: &Destination,
    to: &AeTitle,
    reports: &mut VecDeque<Report>,
) -> Result<(), String> {
    let user = User::associate_to_report(destination, policy, to).await;
    let mut user = user.map_err(|why| format!("no association with {to}: {why}"))?;
    while let Some(report) = reports.front() {
        let answered = user.report(report.request.clone(), &report.event).await;
        let status = answered.map_err(|why| format!("association with {to} ended: {why}"))?;
        report.remark(status);
        reports.pop_front();
    }
    user.release(Collision::Settled).await;
    Ok(())
}

impl Report {
    fn remark(&self, status: Status) {
        self.exchange
            .remark(format!("event report answered with {status}"));
    }
}

async fn send_first(association: &mut Association) -> Result<(), Ended> {
    let Some(report) = association.reports.front() else {
        return Ok(());
    };
    let syntax = association.context(report.context)?.transfer_syntax;
    let Ok(event) = identifier::write(&report.event, &syntax) else {
        return Err(association.abort(0, 0).await);
    };
    let message = Message {
        context: report.context,
        command: Command::from(report.request.clone()),
        data_set: Some(event),
    };
    let pdus = message.to_pdus(association.max_length());
    association.send(&pdus).await
}

/// Whether it is the well-known instance that is asked, for what it can do.
fn addressed(request: &NRequest) -> Result<(), Outcome> {
    if request.sop_class.as_str() != uids::STORAGE_COMMITMENT_PUSH_MODEL {
        let comment = format!("context is not for {}", request.sop_class);
        return Err(Outcome::from(Status::NO_SUCH_CLASS).with_comment(comment));
    }
    let instance = request.sop_instance.as_ref().map(Uid::as_str);
    if instance != Some(uids::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE) {
        return Err(
            Outcome::from(Status::NO_SUCH_INSTANCE).with_comment("not the well-known SOP instance")
        );
    }
    match request.type_id {
        Some(REQUEST) => Ok(()),
        other => Err(
            Outcome::from(Status::NO_SUCH_ACTION).with_comment(match other {
                Some(number) => format!("no action type {number}"),
                None => "action type is missing".to_owned(),
            }),
        ),
    }
}

/// An instance by class and UID.
struct Reference {
    class: Uid,
    instance: Uid,
}

/// What commitment is asked for.
struct Asked {
    transaction: Uid,
    references: Vec<Reference>,
}

impl Asked {
    /// Reads the action information (PS3.4 table J.3-1).
    fn read(information: &InMemDicomObject) -> Result<Self, Outcome> {
        let uid = |object: &InMemDicomObject, tag: Tag, name: &str| {
            let text = identifier::text(object, tag)
                .ok_or_else(|| invalid(format!("{name} is missing")))?;
            Uid::parse(&text).map_err(|error| invalid(format!("{name}: {error}")))
        };
        let items = information
            .get(tags::REFERENCED_SOP_SEQUENCE)
            .and_then(|element| element.items())
            .unwrap_or_default();
        if items.is_empty() {
            return Err(invalid("Referenced SOP Sequence names no instance"));
        }
        let reference = |item: &InMemDicomObject| -> Result<_, Outcome> {
            Ok(Reference {
                class: uid(
                    item,
                    tags::REFERENCED_SOP_CLASS_UID,
                    "Referenced SOP Class UID",
                )?,
                instance: uid(
                    item,
                    tags::REFERENCED_SOP_INSTANCE_UID,
                    "Referenced SOP Instance UID",
                )?,
            })
        };
        Ok(Self {
            transaction: uid(information, tags::TRANSACTION_UID, "Transaction UID")?,
            references: items.iter().map(reference).collect::<Result<_, _>>()?,
        })
    }

    /// The event type and information that are true now (PS3.4 table J.3-2).
    fn event(
        &self,
        archive: &Archive,
        exchange: &Exchange,
        habits: Habits<Operation>,
    ) -> (u16, InMemDicomObject) {
        let scope = |reference: &Reference| Scope {
            instance: Some(reference.instance.clone()),
            ..Scope::all()
        };
        let scopes: Vec<_> = self.references.iter().map(scope).collect();
        let held = archive.select_all(exchange, &scopes);
        let classes: HashMap<_, _> = held
            .iter()
            .map(|stored| (&stored.identity().instance, &stored.identity().sop_class))
            .collect();
        let (mut committed, mut failed) = (Vec::new(), Vec::new());
        for reference in &self.references {
            match classes.get(&reference.instance) {
                _ if habits.has(Operation::CommitsAnything) => committed.push(item(reference)),
                Some(_) if habits.has(Operation::ClassesUnchecked) => {
                    committed.push(item(reference));
                }
                Some(class) if **class == reference.class => committed.push(item(reference)),
                Some(_) => failed.push(failed_item(reference, Status::CLASS_INSTANCE_CONFLICT)),
                None => failed.push(failed_item(reference, Status::NO_SUCH_INSTANCE)),
            }
        }
        exchange.remark(format!(
            "{} committed, {} failed",
            committed.len(),
            failed.len()
        ));
        let event_type = if failed.is_empty() {
            ALL_COMMITTED
        } else {
            FAILURES_EXIST
        };
        let mut event = InMemDicomObject::new_empty();
        let title = archive.policy().ae_title.to_string();
        event.put(text(tags::RETRIEVE_AE_TITLE, VR::AE, &title));
        let transaction = match habits.has(Operation::OtherTransaction) {
            true => "2.25.0",
            false => self.transaction.as_str(),
        };
        event.put(text(tags::TRANSACTION_UID, VR::UI, transaction));
        for (tag, items) in [
            (tags::REFERENCED_SOP_SEQUENCE, committed),
            (tags::FAILED_SOP_SEQUENCE, failed),
        ] {
            if !items.is_empty() {
                let items = DataSetSequence::new(items, Length::UNDEFINED);
                event.put(DataElement::new(tag, VR::SQ, items));
            }
        }
        (event_type, event)
    }
}

fn item(reference: &Reference) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    for (tag, uid) in [
        (tags::REFERENCED_SOP_CLASS_UID, &reference.class),
        (tags::REFERENCED_SOP_INSTANCE_UID, &reference.instance),
    ] {
        item.put(text(tag, VR::UI, uid.as_str()));
    }
    item
}

/// With a Failure Reason (PS3.3 C.14.1.1), whose numbers are those of statuses.
fn failed_item(reference: &Reference, reason: Status) -> InMemDicomObject {
    let mut item = item(reference);
    let reason = PrimitiveValue::from(reason.0);
    item.put(DataElement::new(tags::FAILURE_REASON, VR::US, reason));
    item
}

fn text(tag: Tag, vr: VR, text: &str) -> dicom_object::mem::InMemElement {
    DataElement::new(tag, vr, PrimitiveValue::from(text))
}

fn invalid(why: impl Into<String>) -> Outcome {
    Outcome::from(Status::INVALID_ARGUMENT).with_comment(why)
}
