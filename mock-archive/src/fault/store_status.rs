use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The answer to a STOW-RS request has another status than its counts ask for (PS3.18 10.5.3.1).
///
/// On the wire: the store response as it is, under this status. Google and older Orthancs answer 200 or 409 for a partial store, and 409 although something was
/// stored. A good client reads the store response on every status, and never decides by the status alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct StoreStatus {
    /// Status that goes out.
    pub status: u16,
    /// Only where the counts ask for this status; none given = always.
    pub instead_of: Option<u16>,
}

impl Default for StoreStatus {
    fn default() -> Self {
        Self { status: 200, instead_of: None }
    }
}

impl Fault for StoreStatus {
    fn moment(&self) -> Moment {
        Moment::Receipt
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Shape(Shape { form: Form::Receipt { status, .. }, .. }) = scene else { return false };
        **status != self.status && self.instead_of.is_none_or(|instead| instead == **status)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Receipt { status, .. } = &mut shape.form {
            **status = self.status;
        }
    }
}
