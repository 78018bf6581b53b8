use dicom_dictionary_std::uids;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Label, Moment, Shape};
use crate::request::Protocol;
use crate::rule::Scene;

/// An uncompressed instance goes out in a manufacturer's own transfer syntax, General Electric's 1.2.840.113619.5.2.
///
/// On the wire: over WADO-RS and WADO-URI the file meta information and the label of the part name it, and the bytes are what it stands for: implicit VR, little endian, but for pixels of two bytes, which are
/// big endian. What came compressed goes out as ever under the same label, and so does DIMSE, where nobody proposes it. Old scanners of theirs wrote such files, and archives give them back as they came. A good client that does not
/// know the syntax says so and names it; it never guesses the bytes, since the pixels look right until they are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrivateSyntax {}

/// The transfer syntax.
const GENERAL_ELECTRIC: &str = "1.2.840.113619.5.2";

impl Fault for PrivateSyntax {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn also(&self) -> Option<Moment> {
        Some(Moment::Multipart)
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        const LITTLE: [&str; 2] = [
            uids::IMPLICIT_VR_LITTLE_ENDIAN,
            uids::EXPLICIT_VR_LITTLE_ENDIAN,
        ];
        match scene {
            Scene::Shape(Shape {
                request,
                form: Form::File { stored, .. },
            }) => {
                request.protocol == Protocol::Web
                    && LITTLE.contains(&stored.identity().transfer_syntax.as_str())
            }
            _ => true,
        }
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        match &mut shape.form {
            Form::File { style, .. } => {
                style.claimed = Some(GENERAL_ELECTRIC.to_owned());
                style.big_endian_pixels = true;
            }
            Form::Multipart(style) => style.label = Label::Other(GENERAL_ELECTRIC.to_owned()),
            _ => {}
        }
    }
}
