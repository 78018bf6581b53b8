//! Windows with a name, in Hounsfield units, as radiologists set them.

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::image::text;
use crate::window::{Function, Window};

/// A window with a name, for CT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Air to soft tissue: -1350 to 150.
    Lung,
    /// Fat to contrast medium: -160 to 240.
    SoftTissue,
    /// As soft tissue, of the chest.
    Mediastinum,
    /// -140 to 260.
    Abdomen,
    /// Small differences of parenchyma: -15 to 135.
    Liver,
    /// -500 to 1500.
    Bone,
    /// Grey and white matter: 0 to 80.
    Brain,
    /// Blood along the skull: -25 to 175.
    Subdural,
    /// Early loss of contrast: 15 to 55.
    Stroke,
    /// Inner ear: -800 to 2000.
    TemporalBone,
    /// -50 to 150, for discs and cord.
    Spine,
    /// Vessels filled with contrast medium: 0 to 600.
    Angiography,
}

impl Preset {
    /// All of them, with name, center and width.
    const ALL: [(Preset, &'static str, f64, f64); 12] = [
        (Preset::Lung, "lung", -600.0, 1500.0),
        (Preset::SoftTissue, "soft-tissue", 40.0, 400.0),
        (Preset::Mediastinum, "mediastinum", 40.0, 400.0),
        (Preset::Abdomen, "abdomen", 60.0, 400.0),
        (Preset::Liver, "liver", 60.0, 150.0),
        (Preset::Bone, "bone", 500.0, 2000.0),
        (Preset::Brain, "brain", 40.0, 80.0),
        (Preset::Subdural, "subdural", 75.0, 200.0),
        (Preset::Stroke, "stroke", 35.0, 40.0),
        (Preset::TemporalBone, "temporal-bone", 600.0, 2800.0),
        (Preset::Spine, "spine", 50.0, 200.0),
        (Preset::Angiography, "angiography", 300.0, 600.0),
    ];

    /// All of them.
    pub fn all() -> impl Iterator<Item = Preset> {
        Self::ALL.iter().map(|&(preset, ..)| preset)
    }

    pub(super) fn names() -> String {
        let names: Vec<&str> = Self::all().map(Preset::name).collect();
        names.join(", ")
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::all().find(|preset| preset.name() == name)
    }

    /// The name: `lung`.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The window, in Hounsfield units.
    pub fn window(self) -> Window {
        let &(_, _, center, width) = self.row();
        Window {
            center,
            width,
            function: Function::Linear,
        }
    }

    fn row(self) -> &'static (Preset, &'static str, f64, f64) {
        let index = Self::ALL.iter().position(|&(preset, ..)| preset == self);
        &Self::ALL[index.unwrap_or_default()]
    }
}

/// The preset for a CT that has no window of its own, by the part of the body.
pub(super) fn usual(attributes: &InMemDicomObject) -> Option<Preset> {
    if unsuitable(attributes).is_some() {
        return None;
    }
    let part = text(attributes, tags::BODY_PART_EXAMINED).unwrap_or_default();
    Some(match part.to_ascii_uppercase().as_str() {
        "HEAD" | "BRAIN" | "SKULL" => Preset::Brain,
        "LUNG" => Preset::Lung,
        "CHEST" | "THORAX" => Preset::Mediastinum,
        "ABDOMEN" | "PELVIS" | "ABDOMENPELVIS" => Preset::Abdomen,
        "LIVER" => Preset::Liver,
        "CSPINE" | "TSPINE" | "LSPINE" | "SPINE" => Preset::Spine,
        "KNEE" | "FOOT" | "HAND" | "ANKLE" | "WRIST" | "ELBOW" | "SHOULDER" | "HIP"
        | "EXTREMITY" => Preset::Bone,
        _ => Preset::SoftTissue,
    })
}

/// Why values of the data set are no Hounsfield units; `None` where they seem to be.
pub(super) fn unsuitable(attributes: &InMemDicomObject) -> Option<String> {
    let modality = text(attributes, tags::MODALITY).unwrap_or_default();
    let unit = text(attributes, tags::RESCALE_TYPE);
    match (modality.as_str(), unit.as_deref()) {
        ("CT", None | Some("HU" | "US")) => None,
        (_, Some("HU")) => None,
        ("CT", Some(unit)) => Some(format!("the values are in {unit}")),
        ("", _) => Some("the modality is not known".to_owned()),
        (other, _) => Some(format!("the modality is {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_its_row() {
        for (preset, name, center, width) in Preset::ALL {
            assert_eq!(preset.name(), name);
            assert_eq!(preset.window().center, center);
            assert_eq!(preset.window().width, width);
        }
    }
}
