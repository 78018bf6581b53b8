use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Fragments, Moment, OffsetTable, Shape};
use crate::rule::Scene;

/// Compressed pixels are cut into other fragments than they were stored in, with a Basic Offset Table that is empty or wrong.
///
/// On the wire: frames that go over many fragments, which is legal (PS3.5 A.4), without an offset that tells where each begins, or with one that leads into the middle
/// of something. Scanners of whole slides and several archives write such files. A good client finds the frames by their codestreams where the table does not fit, and
/// checks that each decodes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Refragment {
    /// What the Basic Offset Table says.
    pub table: OffsetTable,
    /// Bytes of each fragment; an odd number is taken as the next one.
    pub length: usize,
}

impl Default for Refragment {
    fn default() -> Self {
        Self {
            table: OffsetTable::Empty,
            length: 1024,
        }
    }
}

impl Fault for Refragment {
    fn moment(&self) -> Moment {
        Moment::File
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::File { stored, .. }, .. })
            if stored.layout().pixel_data().is_some_and(|pixels| matches!(pixels.value, dicom_wire::part10::Bulk::Fragments { .. })))
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::File { style, .. } = &mut shape.form {
            style.fragments = Some(Fragments {
                table: self.table,
                length: self.length.max(2).next_multiple_of(2),
            });
        }
    }
}
