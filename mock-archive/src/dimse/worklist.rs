//! C-FIND of the modality worklist (PS3.4 K.4): a match for each scheduled procedure step.

use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::Outcome;
use dicom_wire::query::Query;

use super::identifier;
use super::search::{Asked, refusal};

/// Reads the keys. There is no level in a worklist: one that is given is neither minded nor returned.
pub(super) fn read(mut identifier: InMemDicomObject) -> Result<Asked, Outcome> {
    // The reader of query/retrieve identifiers wants one; which, makes no difference to the keys.
    identifier.put(DataElement::new(
        tags::QUERY_RETRIEVE_LEVEL,
        VR::CS,
        PrimitiveValue::from("STUDY"),
    ));
    let mut query = Query::from_identifier(&identifier).map_err(|error| refusal(&error))?;
    identifier.remove_element(tags::QUERY_RETRIEVE_LEVEL);
    identifier::pass_over_unknown(&mut query);
    Ok(Asked { identifier, query })
}
