//! Between identifiers and searches: which keys count, and what of a match was asked for (PS3.4 C.4.1, K.4).

use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, Length, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::query::Query;

/// What the dictionary does not know is not supported as a key: it does not filter, and the status tells (PS3.4 C.4.1.1.4).
pub(in crate::dimse) fn pass_over_unknown(query: &mut Query) {
    let keys = std::mem::take(&mut query.keys);
    let (known, unknown): (Vec<_>, Vec<_>) =
        keys.into_iter().partition(|key| key.path.vr() != VR::UN);
    query.keys = known;
    let unknown = unknown.iter().map(|key| key.path.to_string());
    query.ignored.extend(unknown);
}

/// Of a match the attributes that were asked for, in items too (PS3.4 C.2.2.2.6); those without a value are empty.
/// The match's character set goes with them.
pub(in crate::dimse) fn wanted(
    identifier: &InMemDicomObject,
    row: &InMemDicomObject,
) -> InMemDicomObject {
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
