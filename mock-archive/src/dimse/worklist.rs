//! C-FIND of the modality worklist (PS3.4 K.4): one pending response for each scheduled procedure step.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::{FindRequest, FindResponse, Outcome, Status};
use dicom_wire::query::Query;

use super::association::{Agreed, Association, Ended, Entry};
use super::{find, identifier};
use crate::exchange::Exchange;
use crate::request::Service;

/// What is asked.
struct Asked {
    identifier: InMemDicomObject,
    query: Query,
}

/// Answers with the scheduled steps that match.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: FindRequest,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let asked = received.and_then(|identifier| {
        if request.sop_class == agreed.abstract_syntax {
            read(identifier)
        } else {
            let comment = format!("context is for {}", agreed.abstract_syntax);
            Err(Outcome::from(Status::CLASS_NOT_SUPPORTED).with_comment(comment))
        }
    });
    let mut opened = association
        .request(Service::Worklist, "C-FIND")
        .sop_class(request.sop_class.clone());
    if let Ok(asked) = &asked
        && let Some(id) = find::patient_id(&asked.identifier)
    {
        opened = opened.patient_id(id);
    }
    let (exchange, entry) = association.open(opened).await?;
    let outcome = match (entry, asked) {
        (Entry::Silence, _) => return Ok(()),
        (Entry::Fail(status), _) => status.into(),
        (Entry::Proceed, Err(outcome)) => outcome,
        (Entry::Proceed, Ok(asked)) => {
            matches(association, &exchange, &agreed, &request, asked).await?
        }
    };
    let last = FindResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class),
        outcome,
    };
    association.respond(&exchange, context, last, None).await
}

/// Sends the matches; what it gives back is for the final response.
async fn matches(
    association: &mut Association,
    exchange: &Exchange,
    agreed: &Agreed,
    request: &FindRequest,
    asked: Asked,
) -> Result<Outcome, Ended> {
    let pending = if asked.query.ignored.is_empty() {
        Status::PENDING
    } else {
        Status::PENDING_UNSUPPORTED_KEYS
    };
    for row in association.archive().scheduled(exchange, &asked.query) {
        if association.is_cancelled(request.message_id).await? {
            return Ok(Status::CANCEL.into());
        }
        let mut answer = find::wanted(&asked.identifier, &row);
        exchange.matched(&row, &mut answer);
        let bytes = match identifier::write(&answer, &agreed.transfer_syntax) {
            Ok(bytes) => bytes,
            Err(why) => return Ok(Outcome::from(Status::CANNOT_UNDERSTAND).with_comment(why)),
        };
        let response = FindResponse {
            message_id: request.message_id,
            sop_class: Some(request.sop_class.clone()),
            outcome: pending.into(),
        };
        association
            .respond(exchange, agreed.id, response, Some(bytes))
            .await?;
    }
    Ok(Status::SUCCESS.into())
}

/// Reads the keys. There is no level in a worklist: one that is given is neither minded nor returned.
fn read(mut identifier: InMemDicomObject) -> Result<Asked, Outcome> {
    // The reader of query/retrieve identifiers wants one; which, makes no difference to the keys.
    identifier.put(DataElement::new(
        tags::QUERY_RETRIEVE_LEVEL,
        VR::CS,
        PrimitiveValue::from("STUDY"),
    ));
    let mut query = Query::from_identifier(&identifier).map_err(|error| find::refusal(&error))?;
    identifier.remove_element(tags::QUERY_RETRIEVE_LEVEL);
    find::pass_over_unknown(&mut query);
    Ok(Asked { identifier, query })
}
