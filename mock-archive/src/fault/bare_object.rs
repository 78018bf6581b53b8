use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The only match of a search is an object, not a list of one.
///
/// On the wire: `{...}` in place of `[{...}]` when there is one match. Servers do it whose converter from XML unwraps single elements. A good client takes either, or says that the answer is not a list.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BareObject {}

impl Fault for BareObject {
    fn moment(&self) -> Moment {
        Moment::Listing
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Listing(listing), .. }) if listing.matches == 1 && listing.body.starts_with(b"["))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Listing(listing) = &mut shape.form {
            let end = listing.body.len().saturating_sub(1);
            listing.body = listing.body.get(1..end).unwrap_or_default().to_vec();
        }
    }
}
