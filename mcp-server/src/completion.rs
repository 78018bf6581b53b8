//! What an argument may go on with while it is written.

use crate::attribute;
use crate::preset;
use crate::tools::{Session, WINDOW_NAMES};

/// The most values of one answer (MCP, completion).
pub const MOST: usize = 100;

/// Modalities that are met most (PS3.3 C.7.3.1.1.1).
const MODALITIES: [&str; 26] = [
    "AR", "CR", "CT", "DX", "ECG", "ES", "IO", "KO", "MG", "MR", "NM", "OCT", "OP", "OT", "PR",
    "PT", "PX", "RF", "RTDOSE", "RTIMAGE", "RTPLAN", "RTSTRUCT", "SEG", "SR", "US", "XA",
];

/// Values of the argument of this name that begin as it is written, and how many there are in all.
pub fn values(session: &Session, argument: &str, written: &str) -> (Vec<String>, usize) {
    let archives = || -> Vec<String> {
        let archives = session.archives();
        archives
            .iter()
            .map(|archive| archive.name().to_owned())
            .collect()
    };
    let of = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let candidates: Vec<String> = match argument {
        "archive" | "node_name" => archives(),
        "preset" => of(&WINDOW_NAMES),
        "fields" | "attribute_preset" => of(&preset::NAMES),
        "modality" | "modality_in_study" | "Modality" | "ModalitiesInStudy" => of(&MODALITIES),
        "attribute" | "attributes" | "tag" | "keyword" | "additional_attributes" => {
            attribute::keywords().map(str::to_owned).collect()
        }
        "destination" | "destination_node" | "destination_ae_title" => session
            .config
            .permissions
            .move_to
            .iter()
            .map(ToString::to_string)
            .collect(),
        _ => Vec::new(),
    };
    let written = written.to_lowercase();
    let mut fitting: Vec<String> = candidates
        .into_iter()
        .filter(|candidate| candidate.to_lowercase().starts_with(&written))
        .collect();
    let total = fitting.len();
    fitting.truncate(MOST);
    (fitting, total)
}
