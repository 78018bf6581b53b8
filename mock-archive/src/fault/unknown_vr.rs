use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_object::InMemDicomObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};

/// The attributes of an instance are of VR UN in its metadata.
///
/// On the wire: vr UN and the bytes as InlineBinary, where the dictionary knows better. Archives do it with instances that came in Implicit VR, where nothing says the VR, and with whatever their dictionary is too old for. A good client looks
/// the attribute up in its own dictionary and reads the bytes as Implicit VR Little Endian (PS3.5 6.2.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct UnknownVr {
    /// Only these, by keyword or tag; none given = all but sequences, the character set and UIDs.
    pub attributes: Vec<AttributeTag>,
}

impl UnknownVr {
    fn concerned(&self, dataset: &InMemDicomObject) -> Vec<Tag> {
        let meant = |tag: Tag, vr: VR| match self.attributes.as_slice() {
            [] => !matches!(vr, VR::SQ | VR::UI | VR::UN) && tag != dicom_dictionary_std::tags::SPECIFIC_CHARACTER_SET,
            some => some.iter().any(|attribute| attribute.0 == tag),
        };
        let elements = dataset.iter().filter(|element| {
            element.value().primitive().is_some() && meant(element.header().tag, element.header().vr)
        });
        elements.map(|element| element.header().tag).collect()
    }
}

impl Fault for UnknownVr {
    fn moment(&self) -> Moment {
        Moment::Dataset
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Dataset { dataset, .. } = &mut shape.form else {
            return;
        };
        for tag in self.concerned(dataset) {
            let bytes = dataset.get(tag).and_then(|element| element.to_bytes().ok());
            if let Some(bytes) = bytes.map(|bytes| bytes.into_owned()) {
                dataset.put(DataElement::new(tag, VR::UN, PrimitiveValue::from(bytes)));
            }
        }
    }
}
