//! The window that a picture is asked for with: by name, or by centre and width.

use crate::arguments::{Arguments, Kind, Parameter};
use crate::error::Failure;

pub(super) const PRESET: Parameter = Parameter {
    name: "preset",
    kind: Kind::Optional(&WINDOW_NAMES),
    required: false,
    about: "A usual CT window by name, instead of the image's own.",
};

/// Usual CT windows: name, centre and width in Hounsfield units.
const WINDOWS: [(&str, f64, f64); 8] = [
    ("abdomen", 60.0, 400.0),
    ("angio", 300.0, 600.0),
    ("bone", 400.0, 1800.0),
    ("brain", 40.0, 80.0),
    ("liver", 80.0, 150.0),
    ("lung", -600.0, 1500.0),
    ("mediastinum", 50.0, 350.0),
    ("stroke", 35.0, 40.0),
];
pub(crate) const WINDOW_NAMES: [&str; 8] = [
    "abdomen",
    "angio",
    "bone",
    "brain",
    "liver",
    "lung",
    "mediastinum",
    "stroke",
];

/// The window that a call asks for: a preset, or centre and width.
pub(super) fn window(arguments: &Arguments) -> Result<Option<(f64, f64)>, Failure> {
    let given = (
        arguments.real("windowCenter"),
        arguments.real("windowWidth"),
    );
    let name = arguments.text(PRESET.name);
    match (name, given) {
        ("", (None, None)) => Ok(None),
        ("", (Some(center), Some(width))) if width >= 1.0 => Ok(Some((center, width))),
        ("", (Some(_), Some(width))) => Err(Failure::argument(
            "windowWidth",
            format!("{width} is not a width: at least 1 (PS3.3 C.11.2.1.2)"),
        )),
        ("", _) => Err(Failure::Argument {
            name: "windowCenter".into(),
            problem: "centre and width belong together".into(),
            advice: Some("give windowCenter and windowWidth, or a preset".into()),
        }),
        (_, (None, None)) => Ok(WINDOWS
            .iter()
            .find(|(known, _, _)| *known == name)
            .map(|(_, center, width)| (*center, *width))),
        _ => Err(Failure::argument(
            PRESET.name,
            "a preset and a window of one's own exclude each other",
        )),
    }
}
