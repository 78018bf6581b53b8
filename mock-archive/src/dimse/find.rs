//! C-FIND of query/retrieve (PS3.4 C.4.1): the search that QIDO-RS makes, asked and answered with identifiers.

use dicom_core::dictionary::{DataDictionary as _, DataDictionaryEntry as _};
use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use dicom_wire::dimse::{Outcome, Status};
use dicom_wire::query::Query;
use dicom_wire::uid::Uid;

use super::association::Association;
use super::identifier;
use super::negotiate::{Use, usage};
use super::search::{Asked, refusal};
use crate::policy::{Extension, Policy};
use crate::request::{Request, Scope};

/// Keys that the archive itself has the answer to; they do not filter.
const OWN_KEYS: [Tag; 3] = [
    tags::RETRIEVE_AE_TITLE,
    tags::INSTANCE_AVAILABILITY,
    tags::RETRIEVE_URL,
];

/// Reads the request: model, level, hierarchy and keys.
pub(super) fn read(
    association: &Association,
    class: &Uid,
    identifier: InMemDicomObject,
) -> Result<Asked, Outcome> {
    let Some(Use::Find(root)) = usage(class) else {
        return Err(Outcome::from(Status::CLASS_NOT_SUPPORTED)
            .with_comment(format!("no C-FIND on {class}")));
    };
    let level = identifier::level(&identifier, root)?;
    let hierarchy = association.hierarchy(class);
    identifier::check_hierarchy(&identifier, level, root, hierarchy)?;
    let mut query = Query::from_identifier(&identifier).map_err(|error| refusal(&error))?;
    query.combined = association.has(class, Extension::Combined);
    query.fuzzy = association.has(class, Extension::Fuzzy);
    query
        .keys
        .retain(|key| !(key.path.sequences().is_empty() && OWN_KEYS.contains(&key.path.leaf())));
    identifier::pass_over_unknown(&mut query);
    Ok(Asked { identifier, query })
}

/// What rules can match and the journal shows.
pub(super) fn describe(request: Request, asked: &Asked) -> Request {
    let identifier = &asked.identifier;
    request
        .level(asked.query.level)
        .scope(scope(identifier))
        .keys(keys(identifier))
}

/// What a match has besides the attributes that were asked for (PS3.4 C.4.1.1.3.2).
pub(super) fn complete(answer: &mut InMemDicomObject, asked: &Asked, policy: &Policy) {
    let mut put = |tag, vr, text: &str| {
        answer.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
    };
    put(tags::QUERY_RETRIEVE_LEVEL, VR::CS, asked.query.level.term());
    put(tags::RETRIEVE_AE_TITLE, VR::AE, policy.ae_title.as_ref());
    if asked.identifier.get(tags::INSTANCE_AVAILABILITY).is_some() {
        put(tags::INSTANCE_AVAILABILITY, VR::CS, "ONLINE");
    }
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
