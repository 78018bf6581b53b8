use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The JSON of a search begins with a byte order mark.
///
/// On the wire: EF BB BF before the first bracket, which RFC 8259 8.1 forbids. Servers do it that write their text with a library for files. A good client may skip it; most parsers refuse it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByteOrderMark {}

impl Fault for ByteOrderMark {
    fn moment(&self) -> Moment {
        Moment::Listing
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Listing(listing), .. }) if listing.content_type.contains("json"))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Listing(listing) = &mut shape.form {
            listing.body.splice(..0, *b"\xEF\xBB\xBF");
        }
    }
}
