use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::uids;
use dicom_object::InMemDicomObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AttributeTag, Fault};
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The attributes of an instance are of VR UN in its metadata, and in its file if it came in implicit VR and goes out in explicit.
///
/// On the wire: in metadata vr UN and the bytes as InlineBinary, where the dictionary knows better; over C-GET, C-MOVE and WADO-RS elements and sequences under UN (PS3.5 6.2.2), but for UIDs, the character set and pixels. Archives do it with instances that came in Implicit VR, where nothing says the VR, and with whatever their dictionary is too old for. A good client looks
/// the attribute up in its own dictionary and reads the bytes as Implicit VR Little Endian (PS3.5 6.2.2).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct UnknownVr {
    /// Only these, by keyword or tag; none given = all but the character set, UIDs, pixels, and in metadata sequences.
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

    fn also(&self) -> Option<Moment> {
        Some(Moment::File)
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        match scene {
            Scene::Shape(Shape { form: Form::File { stored, .. }, .. }) => {
                stored.identity().transfer_syntax.as_str() == uids::IMPLICIT_VR_LITTLE_ENDIAN
            }
            _ => true,
        }
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let dataset = match &mut shape.form {
            Form::Dataset { dataset, .. } => dataset,
            Form::File { style, .. } => {
                style.unknown = Some(self.attributes.iter().map(|it| it.0).collect());
                return;
            }
            _ => return,
        };
        for tag in self.concerned(dataset) {
            let bytes = dataset.get(tag).and_then(|element| element.to_bytes().ok());
            if let Some(bytes) = bytes.map(|bytes| bytes.into_owned()) {
                dataset.put(DataElement::new(tag, VR::UN, PrimitiveValue::from(bytes)));
            }
        }
    }
}
