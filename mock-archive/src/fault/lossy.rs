use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Pixels are returned with less in them than was stored, and nothing says so.
///
/// On the wire: the instance as it was stored, under its own UIDs and transfer syntax, but the lowest bits of each uncompressed pixel are gone, as after a lossy compression and back; neither Lossy
/// Image Compression (0028,2110) nor another SOP Instance UID tells of it. Archives do it that keep old studies compressed, and viewers' servers. A good client compares pixels or a digest where they matter,
/// and does not send such an instance on as the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Lossy {
    /// How many of the lowest bits are gone.
    pub bits: u8,
}

impl Default for Lossy {
    fn default() -> Self {
        Self { bits: 4 }
    }
}

impl Fault for Lossy {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::File { style, .. } = &mut shape.form {
            style.lost_bits = style.lost_bits.max(self.bits.min(8));
        }
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::File { stored, .. }, .. })
            if stored.layout().pixel_data().is_some())
    }
}
