use dicom_wire::dimse::Status;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Next, Shape};
use crate::rule::Scene;

/// A C-MOVE or C-GET gives up at the first sub-operation that fails.
///
/// On the wire: the remaining instances are not tried and the final response is a failure, where B000 with the counts is due (PS3.4 C.4.2.3). Orthanc 1.10 answers C000
/// with all counters at zero. A good client works from the counters and the list of failed instances, and asks for the rest by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopOnFailure {}

impl Fault for StopOnFailure {
    fn moment(&self) -> Moment {
        Moment::SubOperation
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::SubOperation { status, .. }, .. }) if is_failure(*status))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::SubOperation { next, .. } = &mut shape.form {
            **next = Next::Stop;
        }
    }
}

/// Neither success (0000) nor a warning (Bxxx) (PS3.7 annex C).
fn is_failure(status: Status) -> bool {
    status.0 != 0x0000 && status.0 & 0xF000 != 0xB000
}
