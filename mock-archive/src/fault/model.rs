//! Data sets in the DICOM JSON Model (PS3.18 Annex F) on their way out: what a fault changes in their text.
//!
//! All of it is the archive's own text, so that its depth is the one that a scan allowed.

use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Changes every data set and item of a text, the innermost first.
pub(super) fn each_data_set(text: &mut Vec<u8>, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.disable_recursion_limit();
    let Ok(Value::Object(mut data_set)) = Value::deserialize(&mut reader) else {
        return;
    };
    walk(&mut data_set, change);
    if let Ok(changed) = serde_json::to_vec(&data_set) {
        *text = changed;
    }
}

/// Changes every attribute of every data set and item; it is given with its key.
pub(super) fn each_attribute(
    text: &mut Vec<u8>,
    change: &mut dyn FnMut(&str, &mut Map<String, Value>),
) {
    each_data_set(text, &mut |data_set| {
        for (key, attribute) in data_set {
            if let Value::Object(attribute) = attribute {
                change(key, attribute);
            }
        }
    });
}

fn walk(data_set: &mut Map<String, Value>, change: &mut dyn FnMut(&mut Map<String, Value>)) {
    for attribute in data_set.values_mut().filter_map(Value::as_object_mut) {
        if vr(attribute) == Some("SQ") {
            values(attribute)
                .into_iter()
                .flatten()
                .filter_map(Value::as_object_mut)
                .for_each(|item| walk(item, change));
        }
    }
    change(data_set);
}

/// The vr of an attribute.
pub(super) fn vr(attribute: &Map<String, Value>) -> Option<&str> {
    attribute.get("vr")?.as_str()
}

/// The values of an attribute, if it has any.
pub(super) fn values(attribute: &mut Map<String, Value>) -> Option<&mut Vec<Value>> {
    attribute.get_mut("Value")?.as_array_mut()
}

/// Whether a key is this tag.
pub(super) fn is(key: &str, tag: Tag) -> bool {
    key.eq_ignore_ascii_case(&format!("{:04X}{:04X}", tag.group(), tag.element()))
}

/// The keyword of a key; the key itself where the dictionary has none.
pub(super) fn keyword(key: &str) -> String {
    let entry = key.parse::<Tag>().ok();
    let entry = entry.and_then(|tag| StandardDataDictionary.by_tag(tag));
    entry.map_or_else(|| key.to_owned(), |entry| entry.alias().to_owned())
}

/// Writes a string value without its quotes, so that it is something else.
pub(super) fn unquote(text: &mut Vec<u8>, value: &str, bare: &str) {
    if let Ok(read) = std::str::from_utf8(text) {
        *text = read.replace(&format!("\"{value}\""), bare).into_bytes();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_change_before_what_they_are_in() {
        let mut text = br#"{"00081115":{"vr":"SQ","Value":[{"0020000E":{"vr":"UI"}}]},"00100010":{"vr":"PN"}}"#.to_vec();
        let mut seen = Vec::new();
        each_attribute(&mut text, &mut |key, attribute| {
            seen.push(key.to_owned());
            attribute.insert("Value".into(), json!(["x"]));
        });
        assert_eq!(seen, ["0020000E", "00081115", "00100010"]);
        let changed: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(changed["00100010"], json!({ "vr": "PN", "Value": ["x"] }));
    }

    #[test]
    fn keys_are_tags_in_either_case_and_have_keywords() {
        assert!(is("0020000d", Tag(0x0020, 0x000D)));
        assert_eq!(keyword("00100010"), "PatientName");
        assert_eq!(keyword("00091001"), "00091001");
    }
}
