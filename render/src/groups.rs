//! Attributes that an enhanced object keeps per frame (PS3.3 C.7.6.16).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// The item that holds the attributes of a functional group for `frame` (from 1): its own, else the shared one, else the
/// data set itself, where older objects keep them.
pub(crate) fn holder(attributes: &InMemDicomObject, frame: u32, group: Tag) -> &InMemDicomObject {
    let own = item(
        attributes,
        tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
        frame as usize - 1,
    );
    let shared = item(attributes, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, 0);
    [own, shared]
        .into_iter()
        .flatten()
        .find_map(|groups| item(groups, group, 0))
        .unwrap_or(attributes)
}

/// Item `index` of a sequence.
pub(crate) fn item(
    attributes: &InMemDicomObject,
    sequence: Tag,
    index: usize,
) -> Option<&InMemDicomObject> {
    attributes.get(sequence)?.items()?.get(index)
}
