//! The value of a key to its matching (PS3.4 C.2.2.2), and back.

use dicom_core::VR;

use super::{Matching, Path, QueryError};
use crate::moment;
use crate::uid::Uid;

/// What a value may mean beyond PS3.4's baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) empty_values: bool,
    pub(super) multiple_values: bool,
}

/// Reads a key's value.
pub(super) fn parse(
    path: &Path,
    vr: VR,
    text: &str,
    options: Options,
) -> Result<Matching, QueryError> {
    let text = text.trim_matches([' ', '\0']);
    if text.is_empty() {
        return Ok(Matching::Universal);
    }
    if options.empty_values && text == "\"\"" {
        return Ok(Matching::Empty);
    }
    let comma = vr == VR::UI || options.multiple_values;
    let parts: Vec<&str> = text
        .split(|c| has_multiplicity(vr) && (c == '\\' || (c == ',' && comma)))
        .map(|part| part.trim_matches([' ', '\0']))
        .filter(|part| !part.is_empty())
        .collect();
    match parts.as_slice() {
        [] => Ok(Matching::Universal),
        [one] => single(path, vr, one),
        several => {
            for part in several {
                single(path, vr, part)?;
            }
            Ok(Matching::List(
                parts.iter().map(|&part| part.to_owned()).collect(),
            ))
        }
    }
}

/// Writes a matching as a key's value; lists with backslashes.
pub(super) fn print(matching: &Matching) -> String {
    match matching {
        Matching::Universal => String::new(),
        Matching::Value(value) | Matching::Wildcard(value) => value.clone(),
        Matching::List(values) => values.join("\\"),
        Matching::Range { from, to } => {
            format!(
                "{}-{}",
                from.as_deref().unwrap_or(""),
                to.as_deref().unwrap_or("")
            )
        }
        Matching::Empty => "\"\"".to_owned(),
    }
}

/// Whether a key of this value representation can be compared with a text at all.
pub(super) fn is_matchable(vr: VR) -> bool {
    !matches!(
        vr,
        VR::SQ | VR::OB | VR::OD | VR::OF | VR::OL | VR::OV | VR::OW
    )
}

fn single(path: &Path, vr: VR, text: &str) -> Result<Matching, QueryError> {
    match vr {
        VR::UI => {
            Uid::parse(text).map_err(|source| QueryError::BadUid {
                path: path.clone(),
                source,
            })?;
        }
        VR::DA | VR::TM | VR::DT => {
            if let Some((from, to)) = moment::range(vr, text) {
                let owned = |end: Option<&str>| end.map(str::to_owned);
                return Ok(Matching::Range {
                    from: owned(from),
                    to: owned(to),
                });
            }
            if moment::span(vr, text).is_none() {
                let (path, value) = (path.clone(), text.to_owned());
                return Err(QueryError::BadMoment {
                    path,
                    vr: vr.to_string(),
                    value,
                });
            }
        }
        _ if takes_wildcards(vr) && text.contains(['*', '?']) => {
            return Ok(Matching::Wildcard(text.to_owned()));
        }
        _ => {}
    }
    Ok(Matching::Value(text.to_owned()))
}

/// The value representations with wild card matching (PS3.4 C.2.2.2.4).
fn takes_wildcards(vr: VR) -> bool {
    matches!(
        vr,
        VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UR | VR::UT
    )
}

/// Whether a backslash stands between values (PS3.5 6.4).
fn has_multiplicity(vr: VR) -> bool {
    !matches!(vr, VR::LT | VR::ST | VR::UT | VR::UR)
}
