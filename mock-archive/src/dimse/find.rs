//! C-FIND (PS3.7 9.1.2, PS3.4 C.4.1): the search that QIDO-RS makes, asked and answered with identifiers.

use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _};
use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, Length, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::dimse::{FindRequest, FindResponse, Outcome, Status};
use dicom_wire::query::{Query, QueryError};
use dicom_wire::uid::Uid;

use super::association::{Agreed, Association, Ended, Entry};
use super::identifier;
use super::negotiate::{Use, usage};
use crate::exchange::Exchange;
use crate::policy::Extension;
use crate::request::{Scope, Service};

/// Keys that the archive itself has the answer to; they do not filter.
const OWN_KEYS: [Tag; 3] = [
    tags::RETRIEVE_AE_TITLE,
    tags::INSTANCE_AVAILABILITY,
    tags::RETRIEVE_URL,
];

/// What is asked.
struct Asked {
    identifier: InMemDicomObject,
    query: Query,
}

/// Answers with one pending response a match and a final one.
pub(super) async fn answer(
    association: &mut Association,
    context: u8,
    request: FindRequest,
) -> Result<(), Ended> {
    let agreed = association.context(context)?;
    let received = identifier::receive(association, &agreed).await?;
    let patient = received.as_ref().ok().and_then(patient_id);
    let asked = received.and_then(|identifier| read(association, &agreed, &request, identifier));
    let mut opened = association
        .request(Service::Search, "C-FIND")
        .sop_class(request.sop_class.clone());
    if let Ok(Asked { identifier, query }) = &asked {
        opened = opened.level(query.level).scope(scope(identifier));
        opened = opened.keys(keys(identifier));
    }
    if let Some(id) = patient {
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

/// The keys of an identifier that are texts, by keyword, for rules to match.
fn keys(identifier: &InMemDicomObject) -> Vec<(String, String)> {
    let key = |element: &InMemElement| {
        let entry = StandardDataDictionary.by_tag(element.header().tag)?;
        let text = element.value().primitive()?.to_str();
        Some((
            entry.alias().to_owned(),
            text.trim_matches(['\0', ' ']).to_owned(),
        ))
    };
    identifier.iter().filter_map(key).collect()
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
    let found = association.archive().find(exchange, &asked.query);
    let title = association.archive().policy().ae_title.to_string();
    for row in found.rows {
        if association.is_cancelled(request.message_id).await? {
            return Ok(Status::CANCEL.into());
        }
        let mut answer = wanted(&asked.identifier, &row);
        answer.put(DataElement::new(
            tags::QUERY_RETRIEVE_LEVEL,
            VR::CS,
            PrimitiveValue::from(asked.query.level.term()),
        ));
        answer.put(DataElement::new(
            tags::RETRIEVE_AE_TITLE,
            VR::AE,
            PrimitiveValue::from(title.as_str()),
        ));
        if asked.identifier.get(tags::INSTANCE_AVAILABILITY).is_some() {
            answer.put(DataElement::new(
                tags::INSTANCE_AVAILABILITY,
                VR::CS,
                PrimitiveValue::from("ONLINE"),
            ));
        }
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

/// Reads the request: model, level, hierarchy and keys.
fn read(
    association: &Association,
    agreed: &Agreed,
    request: &FindRequest,
    identifier: InMemDicomObject,
) -> Result<Asked, Outcome> {
    let Some(Use::Find(root)) =
        usage(&request.sop_class).filter(|_| request.sop_class == agreed.abstract_syntax)
    else {
        return Err(Outcome::from(Status::CLASS_NOT_SUPPORTED)
            .with_comment(format!("no C-FIND on {}", agreed.abstract_syntax)));
    };
    let level = identifier::level(&identifier, root)?;
    let hierarchy = association.hierarchy(&request.sop_class);
    identifier::check_hierarchy(&identifier, level, root, hierarchy)?;
    let mut query = Query::from_identifier(&identifier).map_err(|error| refusal(&error))?;
    query.combined = association.has(&request.sop_class, Extension::Combined);
    query.fuzzy = association.has(&request.sop_class, Extension::Fuzzy);
    query
        .keys
        .retain(|key| !(key.path.sequences().is_empty() && OWN_KEYS.contains(&key.path.leaf())));
    pass_over_unknown(&mut query);
    Ok(Asked { identifier, query })
}

/// What the dictionary does not know is not supported as a key: it does not filter, and the status tells (PS3.4 C.4.1.1.4).
pub(super) fn pass_over_unknown(query: &mut Query) {
    let keys = std::mem::take(&mut query.keys);
    let (known, unknown): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|key| key.path.vr() != VR::UN);
    query.keys = known;
    let unknown = unknown.iter().map(|key| key.path.to_string());
    query.ignored.extend(unknown);
}

/// What to answer to an identifier that is no search.
pub(super) fn refusal(error: &QueryError) -> Outcome {
    Outcome::from(Status::DOES_NOT_MATCH_CLASS).with_comment(error.to_string())
}

/// The Patient ID that the identifier names exactly.
pub(super) fn patient_id(identifier: &InMemDicomObject) -> Option<String> {
    identifier::text(identifier, tags::PATIENT_ID).filter(|id| !id.contains(['*', '?', '\\']))
}

/// The UIDs that the identifier names exactly.
fn scope(identifier: &InMemDicomObject) -> Scope {
    let uid = |tag| identifier::text(identifier, tag).and_then(|text| Uid::parse(&text).ok());
    let (study, series) = (
        uid(tags::STUDY_INSTANCE_UID),
        uid(tags::SERIES_INSTANCE_UID),
    );
    Scope {
        study,
        series,
        instance: uid(tags::SOP_INSTANCE_UID),
        ..Scope::all()
    }
}

/// Of a match the attributes that were asked for, in items too (PS3.4 C.2.2.2.6); those without a value are empty.
/// The match's character set goes with them.
pub(super) fn wanted(identifier: &InMemDicomObject, row: &InMemDicomObject) -> InMemDicomObject {
    let mut answer = chosen(identifier, row);
    if let Some(charset) = row.get(tags::SPECIFIC_CHARACTER_SET) {
        answer.put(charset.clone());
    }
    answer
}

/// Recursion is as deep as the identifier, which the reader bounded.
fn chosen(keys: &InMemDicomObject, of: &InMemDicomObject) -> InMemDicomObject {
    let mut answer = InMemDicomObject::new_empty();
    for key in keys {
        let tag = dicom_core::header::Header::tag(key);
        if tag.element() == 0 || tag == tags::SPECIFIC_CHARACTER_SET {
            continue;
        }
        let element = match (key.value(), of.get(tag)) {
            (_, None) if key.vr() == VR::SQ => {
                DataElement::new(tag, VR::SQ, DataSetSequence::empty())
            }
            (_, None) => DataElement::new(tag, key.vr(), PrimitiveValue::Empty),
            (Value::Sequence(asked), Some(found)) => {
                match (asked.items().first(), found.value().items()) {
                    (Some(asked), Some(items)) if asked.iter().next().is_some() => {
                        let items: Vec<_> = items.iter().map(|item| chosen(asked, item)).collect();
                        DataElement::new(
                            tag,
                            VR::SQ,
                            DataSetSequence::new(items, Length::UNDEFINED),
                        )
                    }
                    _ => found.clone(),
                }
            }
            (_, Some(found)) => found.clone(),
        };
        answer.put(element);
    }
    answer
}
