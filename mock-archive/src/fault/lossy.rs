use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Pixels are returned with less in them than was stored.
///
/// On the wire: the instance as it was stored, under its own transfer syntax, but the lowest bits of each uncompressed pixel are gone, as after a lossy compression and back; of what is compressed, or has to be
/// converted, nothing changes. Unless told otherwise neither Lossy Image Compression (0028,2110) nor another SOP Instance UID tells of it, as PS3.3 C.7.6.1.1.5 wants both. Archives do it that keep old
/// studies compressed, and viewers' servers. A good client compares pixels or a digest where they matter, looks at (0028,2110) and at the UID it gets, and does not send such an instance on as the original.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Lossy {
    /// How many of the lowest bits are gone.
    pub bits: u8,
    /// Whether the instance says so: Lossy Image Compression 01, a ratio, a method, and DERIVED in its Image Type.
    pub declared: bool,
    /// Whether it has a SOP Instance UID of its own, the same each time.
    pub new_uid: bool,
}

impl Default for Lossy {
    fn default() -> Self {
        Self {
            bits: 4,
            declared: false,
            new_uid: false,
        }
    }
}

impl Fault for Lossy {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::File { stored, .. }, .. })
            if stored.layout().pixel_data().is_some())
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::File { stored, style } = &mut shape.form {
            style.lost_bits = style.lost_bits.max(self.bits.clamp(1, 8));
            style.declared |= self.declared;
            if self.new_uid {
                style.new_uid = derived(&stored.identity().instance);
            }
        }
    }
}

/// A UID made of another one, under the root for those that are made of UUIDs (PS3.5 B.2): FNV-1a, 128 bits.
fn derived(uid: &Uid) -> Option<Uid> {
    let mixed = |hash: u128, byte: u8| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013B)
    };
    let start = 0x6C62_272E_07BB_0142_62B8_2175_6295_C58D;
    let hash = uid.as_str().bytes().fold(start, mixed);
    Uid::parse(&format!("2.25.{hash}")).ok()
}
