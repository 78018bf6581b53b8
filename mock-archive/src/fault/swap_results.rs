use dicom_wire::stow::{Failed, FailureReason, Referenced};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// The results of a store are in the wrong sequence.
///
/// On the wire: what was stored is listed in Failed SOP Sequence (0008,1198) with 0110, or what failed in Referenced SOP Sequence (0008,1199), or both; the status is that of the truth.
/// Gateways do it that build the response from counts. A good client does not believe a list against the status: it looks up what is in doubt before it sends anything again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SwapResults {
    /// What is in the other sequence.
    pub what: Swapped,
}

/// What is in the other sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Swapped {
    /// What was stored, and what failed.
    #[default]
    Both,
    /// What was stored.
    Stored,
    /// What failed.
    Failed,
}

impl Fault for SwapResults {
    fn moment(&self) -> Moment {
        Moment::Receipt
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Shape(Shape {
            form: Form::Receipt { response, .. },
            ..
        }) = scene
        else {
            return false;
        };
        let (stored, failed) = (!response.referenced.is_empty(), !response.failed.is_empty());
        match self.what {
            Swapped::Both => stored || failed,
            Swapped::Stored => stored,
            Swapped::Failed => failed,
        }
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        let Form::Receipt { response, .. } = &mut shape.form else {
            return;
        };
        let stored = match self.what {
            Swapped::Failed => Vec::new(),
            Swapped::Both | Swapped::Stored => std::mem::take(&mut response.referenced),
        };
        let failed = match self.what {
            Swapped::Stored => Vec::new(),
            Swapped::Both | Swapped::Failed => std::mem::take(&mut response.failed),
        };
        response.failed.extend(stored.into_iter().map(|item| Failed {
            sop_class: item.sop_class,
            sop_instance: item.sop_instance,
            reason: Some(FailureReason::PROCESSING_FAILURE),
        }));
        response
            .referenced
            .extend(failed.into_iter().map(|item| Referenced {
                sop_class: item.sop_class,
                sop_instance: item.sop_instance,
                retrieve_url: None,
                warning: None,
            }));
    }
}
