//! Every value of a data set at any depth, so that two data sets can be compared whatever the lengths of their sequences look like.

use std::collections::BTreeMap;

use bytes::Bytes;
use dicom_dictionary_std::uids;

use crate::outcome::{Finding, Verdict};

use super::{ITEM_END, SEQUENCE_END, UNDEFINED, Walk};

/// How deep sequences are followed.
const DEPTH_LIMIT: usize = 64;

/// Where the walk is.
struct Level {
    /// Path of the sequence, or of the item with a dot behind it.
    path: String,
    /// Number of the next item, for a sequence.
    items: Option<usize>,
    /// Where it ends, unless that is marked.
    end: Option<usize>,
}

/// The values by their paths, `00400275[0].00400007`; items and sequences have a path, too. Group lengths are left out.
///
/// # Errors
/// A failure that names the offset at which it is no data set, or one nested too deeply.
pub fn leaves(bytes: &Bytes, transfer_syntax: &str) -> Verdict<BTreeMap<String, Bytes>> {
    let mut walk = Walk {
        bytes,
        at: 0,
        explicit: transfer_syntax != uids::IMPLICIT_VR_LITTLE_ENDIAN,
    };
    let mut found = BTreeMap::new();
    let mut levels = vec![Level {
        path: String::new(),
        items: None,
        end: Some(bytes.len()),
    }];
    while let Some(level) = levels.last_mut() {
        if level.end.is_some_and(|end| walk.at >= end) {
            levels.pop();
            continue;
        }
        let start = walk.at;
        let (tag, vr, length) = walk.head()?;
        if matches!(tag, ITEM_END | SEQUENCE_END) {
            levels.pop();
            continue;
        }
        let end = (length != UNDEFINED).then(|| walk.at + length as usize);
        let path = match &mut level.items {
            Some(items) => {
                *items += 1;
                format!("{}[{}]", level.path, *items - 1)
            }
            None => format!("{}{:04X}{:04X}", level.path, tag.group(), tag.element()),
        };
        let is_item = level.items.is_some();
        if is_item || vr == *b"SQ" {
            if levels.len() > DEPTH_LIMIT {
                return Err(Finding::fail(format!(
                    "more than {DEPTH_LIMIT} levels at {path}"
                )));
            }
            found.insert(path.clone(), Bytes::new());
            levels.push(Level {
                path: if is_item { format!("{path}.") } else { path },
                items: (!is_item).then_some(0),
                end,
            });
            continue;
        }
        walk.at = start;
        let (_, value) = walk.element()?;
        if tag.element() != 0 {
            found.insert(path, value);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Data;
    use crate::identity::Identity;

    #[test]
    fn nested_values_have_paths() {
        let study = Data::new(&Identity::new(1), "a.b").study(1).build();
        let file = crate::probe::file::File::read(&study.instances[0].file).unwrap();
        let leaves = leaves(&file.data_set, &file.transfer_syntax).unwrap();
        assert_eq!(&leaves["00400275[0].00400008[0].00080102"][..], b"LN");
        assert_eq!(&leaves["00091003[0].00111001"][..], b"nested and private");
        assert!(leaves["00091003"].is_empty());
    }
}
