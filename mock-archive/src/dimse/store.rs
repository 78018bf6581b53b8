//! C-STORE (PS3.7 9.1.1, PS3.4 annex B): the data set goes to the spool as it comes, never whole in memory.

use dicom_wire::dimse::pdv::{Event, Place};
use dicom_wire::dimse::{Outcome, Status, StoreRequest, StoreResponse};
use dicom_wire::part10::FileMeta;
use dicom_wire::stow::FailureReason;

use super::association::{Agreed, Association, Ended, Entry};
use super::negotiate::{Use, usage};
use crate::archive::{Incoming, Verdict};
use crate::exchange::Exchange;
use crate::moment::Operation;
use crate::request::{Scope, Service};
use crate::store::Spooled;

/// Takes an instance. Nothing is kept unless its last fragment came.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: StoreRequest,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let scope = Scope {
        instance: Some(request.sop_instance.clone()),
        ..Scope::all()
    };
    let opened = association
        .request(Service::Store, "C-STORE")
        .sop_class(request.sop_class.clone())
        .transfer_syntax(agreed.transfer_syntax.clone())
        .scope(scope);
    let (exchange, entry) = association.open(opened).await?;
    let response = |outcome: Outcome| StoreResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class.clone()),
        sop_instance: Some(request.sop_instance.clone()),
        outcome,
    };
    let is_early = entry == Entry::Proceed && association.does(Operation::EarlySuccess);
    if is_early {
        let success = response(Status::SUCCESS.into());
        association
            .respond(&exchange, context, success, None)
            .await?;
    }
    let outcome = match entry {
        Entry::Silence => return association.skip_data_set().await,
        Entry::Fail(status) => {
            association.skip_data_set().await?;
            Outcome::from(status)
        }
        Entry::Proceed
            if usage(&agreed.abstract_syntax) != Some(Use::Storage)
                || agreed.abstract_syntax != request.sop_class =>
        {
            association.skip_data_set().await?;
            let comment = format!("context is for {}", agreed.abstract_syntax);
            Outcome::from(Status::CLASS_NOT_SUPPORTED).with_comment(comment)
        }
        Entry::Proceed => match spool(association, &exchange, &agreed, &request).await? {
            Ok(spooled) => store(association, &exchange, &request, spooled).await,
            Err(error) => {
                let because = format!("data set could not be kept: {error}");
                association.archive().refuse_unread(
                    &exchange,
                    FailureReason::OUT_OF_RESOURCES,
                    because,
                );
                Outcome::from(Status::OUT_OF_RESOURCES).with_comment("data set could not be kept")
            }
        },
    };
    if is_early {
        return Ok(());
    }
    association
        .respond(&exchange, context, response(outcome), None)
        .await
}

/// Reads the data set to its end, as a Part 10 file. After an error of the spool the rest is read and dropped.
async fn spool(
    association: &mut Association,
    exchange: &Exchange,
    agreed: &Agreed,
    request: &StoreRequest,
) -> Result<std::io::Result<Spooled>, Ended> {
    let mut meta = FileMeta::new(
        request.sop_class.clone(),
        request.sop_instance.clone(),
        agreed.transfer_syntax.clone(),
    );
    meta.source_ae = Some(association.calling().to_string());
    let mut spool = association.archive().spool().eager();
    let mut kept = spool.write(meta.to_bytes().into());
    loop {
        let event = match association.next().await {
            Ok(event) => event,
            Err(ended) => {
                if association.does(Operation::AbortKeepsPart)
                    && let Ok(part) = kept.and_then(|()| spool.finish())
                {
                    keep_part(association, exchange, request, part).await;
                }
                return Err(ended);
            }
        };
        let Event::Data { bytes, place } = event else {
            return Err(association.abort(0, 0).await);
        };
        kept = kept.and_then(|()| spool.write(bytes));
        if place == Place::Last {
            return Ok(kept.and_then(|()| spool.finish()));
        }
    }
}

/// Keeps the whole elements of a data set that broke off. Nothing becomes of one that has no instance in it.
async fn keep_part(
    association: &Association,
    exchange: &Exchange,
    request: &StoreRequest,
    part: Spooled,
) {
    let whole = if association.archive().stores_at_once(part.len()) {
        part.whole_elements()
    } else {
        let cutting = tokio::task::spawn_blocking(move || part.whole_elements());
        cutting.await.map_err(std::io::Error::other).flatten()
    };
    match whole {
        Ok(whole) => drop(store(association, exchange, request, whole).await),
        Err(error) => exchange.remark(format!("part of an instance was not kept: {error}")),
    }
}

async fn store(
    association: &Association,
    exchange: &Exchange,
    request: &StoreRequest,
    bytes: Spooled,
) -> Outcome {
    let incoming = Incoming::announced(
        bytes,
        request.sop_class.clone(),
        request.sop_instance.clone(),
    );
    let (archive, exchange) = (association.archive().clone(), exchange.clone());
    let judged = if archive.stores_spooled_at_once(&incoming.bytes) {
        archive.store(&exchange, incoming)
    } else {
        match tokio::task::spawn_blocking(move || archive.store(&exchange, incoming)).await {
            Ok(judged) => judged,
            Err(error) => {
                return Outcome::from(Status::PROCESSING_FAILURE).with_comment(error.to_string());
            }
        }
    };
    let outcome = Outcome::from(judged.verdict.dimse_status());
    match (judged.verdict, judged.because) {
        (Verdict::Refused(_) | Verdict::Warned(_), Some(because)) => outcome.with_comment(because),
        _ => outcome,
    }
}
