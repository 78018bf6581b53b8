use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::rule::Scene;

/// Frame numbers mean other frames than they should.
///
/// On the wire: 200 with the pixels of other frames, or of fewer, than the list names (PS3.18 10.1.1 counts from 1). Archives do it that count from 0, take only the
/// first number of a list, or give what they have of one that goes too far. A good client counts the parts, and knows the number of frames before it asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FrameNumbers {
    /// The number of the first frame, as this archive counts.
    pub base: u32,
    /// What becomes of numbers beyond the last frame.
    pub beyond: Beyond,
    /// Which of a list are given.
    pub list: Listed,
    /// This frame whatever is asked for.
    pub always: Option<u32>,
    /// Whether an image of one frame has none that can be asked for.
    pub multi_only: bool,
}

/// What becomes of a frame number that is too high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Beyond {
    /// The whole request is refused, as it should be.
    #[default]
    Refused,
    /// The last frame is given in its place.
    Clamped,
    /// It is left out, as long as another one is left.
    Skipped,
}

/// Which frames of a list are given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Listed {
    /// All, in order.
    #[default]
    All,
    /// The first one.
    First,
    /// All, in ascending order.
    Sorted,
    /// All, the last one first.
    Reversed,
}

impl Default for FrameNumbers {
    fn default() -> Self {
        Self {
            base: 1,
            beyond: Beyond::Refused,
            list: Listed::All,
            always: None,
            multi_only: false,
        }
    }
}

impl FrameNumbers {
    fn meant(&self, frames: &[u32], count: u32) -> Vec<u32> {
        if self.multi_only && count == 1 {
            return vec![2; frames.len()];
        }
        let shifted = frames
            .iter()
            .map(|&frame| frame.saturating_add(1).saturating_sub(self.base).max(1));
        let mut meant: Vec<u32> = match self.beyond {
            Beyond::Refused => shifted.collect(),
            Beyond::Clamped => shifted.map(|frame| frame.min(count)).collect(),
            Beyond::Skipped => shifted.filter(|&frame| frame <= count).collect(),
        };
        if meant.is_empty() {
            meant = frames.to_vec();
        }
        match self.list {
            Listed::All => {}
            Listed::First => meant.truncate(1),
            Listed::Sorted => meant.sort_unstable(),
            Listed::Reversed => meant.reverse(),
        }
        if let Some(frame) = self.always {
            meant.fill(frame);
        }
        meant
    }
}

impl Fault for FrameNumbers {
    fn moment(&self) -> Moment {
        Moment::Frames
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Frames { frames, count }, .. }) if self.meant(frames, *count) != **frames)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Frames { frames, count } = &mut shape.form {
            **frames = self.meant(frames, *count);
        }
    }
}
