//! One row of a search answer, read with tolerance.

mod fits;

use std::collections::BTreeMap;

use dicom_core::Tag;
use serde_json::{Map, Number, Value as Json};

pub use fits::Fit;

/// The attributes of one study, series or instance as the archive told them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    fields: BTreeMap<Tag, Vec<Value>>,
    /// Where the row stood in the archive's page, from 0.
    pub position: usize,
}

/// One value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text; person names with their groups joined by `=`.
    Text(String),
    /// A number.
    Number(Number),
    /// An item of a sequence.
    Item(Row),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Item(_) => "(item)".to_owned(),
        }
    }
}

impl Row {
    /// Reads an object of the DICOM JSON Model (PS3.18 F.2) as archives really send it: tags in either case, names as
    /// object or text, numbers as text. `None` where it is no such object.
    pub fn from_json(json: &Json) -> Option<Self> {
        let mut fields = BTreeMap::new();
        for (key, element) in json.as_object()? {
            let (Ok(number), 8) = (u32::from_str_radix(key, 16), key.len()) else {
                continue;
            };
            let tag = Tag((number >> 16) as u16, (number & 0xFFFF) as u16);
            let is_number = element
                .get("vr")
                .and_then(Json::as_str)
                .is_some_and(|vr| matches!(vr, "IS" | "US" | "SS" | "UL" | "SL" | "UV" | "SV"));
            let values = element
                .get("Value")
                .and_then(Json::as_array)
                .map(|values| {
                    values
                        .iter()
                        .filter_map(value)
                        .map(|value| typed(value, is_number))
                        .collect()
                })
                .unwrap_or_default();
            fields.insert(tag, values);
        }
        Some(Self {
            fields,
            position: 0,
        })
    }

    /// Whether no attribute has a value: how some archives say "nothing".
    pub fn is_empty(&self) -> bool {
        self.fields.values().all(Vec::is_empty)
    }

    /// Whether the row names the attribute, with a value or without.
    pub fn names(&self, tag: Tag) -> bool {
        self.fields.contains_key(&tag)
    }

    /// The attribute's values joined by a backslash; `None` where it has none.
    pub fn text(&self, tag: Tag) -> Option<String> {
        let text = self
            .fields
            .get(&tag)?
            .iter()
            .map(Value::text)
            .collect::<Vec<_>>()
            .join("\\");
        (!text.is_empty()).then_some(text)
    }

    /// The attribute's first value as a whole number.
    pub fn number(&self, tag: Tag) -> Option<i64> {
        match self.fields.get(&tag)?.first()? {
            Value::Number(number) => number.as_i64(),
            Value::Text(text) => text.trim().parse().ok(),
            Value::Item(_) => None,
        }
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<&Self> {
        self.items(tag).next()
    }

    /// The items of a sequence.
    pub fn items(&self, tag: Tag) -> impl Iterator<Item = &Self> {
        self.fields
            .get(&tag)
            .into_iter()
            .flatten()
            .filter_map(|value| match value {
                Value::Item(item) => Some(item),
                _ => None,
            })
    }

    /// Adds or replaces a text value.
    pub fn put(&mut self, tag: Tag, text: String) {
        self.fields.insert(tag, vec![Value::Text(text)]);
    }

    /// Takes an attribute out.
    pub fn remove(&mut self, tag: Tag) {
        self.fields.remove(&tag);
    }

    /// Replaces every value for which `shown` has something else, in items too.
    pub fn mask(&mut self, shown: &dyn Fn(Tag, &str) -> Option<String>) {
        for (tag, values) in &mut self.fields {
            for value in values {
                match value {
                    Value::Item(item) => item.mask(shown),
                    other => {
                        if let Some(text) = shown(*tag, &other.text()) {
                            *other = Value::Text(text);
                        }
                    }
                }
            }
        }
    }

    /// Adds or replaces a number.
    pub fn put_number(&mut self, tag: Tag, number: usize) {
        self.fields.insert(tag, vec![Value::Number(number.into())]);
    }

    /// The tags that have a value, in order; sequences left out.
    pub fn tags(&self) -> impl Iterator<Item = Tag> {
        self.fields
            .iter()
            .filter(|(_, values)| values.iter().any(|value| !matches!(value, Value::Item(_))))
            .map(|(tag, _)| *tag)
    }

    /// The attribute as structured content: text or number, a list where there are several; `None` where empty.
    pub fn json(&self, tag: Tag) -> Option<Json> {
        let mut values: Vec<Json> = self
            .fields
            .get(&tag)?
            .iter()
            .filter_map(|value| match value {
                Value::Text(text) => Some(Json::String(text.clone())),
                Value::Number(number) => Some(Json::Number(number.clone())),
                Value::Item(_) => None,
            })
            .collect();
        match values.len() {
            0 => None,
            1 => values.pop(),
            _ => Some(Json::Array(values)),
        }
    }
}

fn value(json: &Json) -> Option<Value> {
    match json {
        Json::Null => None,
        Json::String(text) => {
            let text = text.trim_end_matches(['\0', ' ']);
            (!text.is_empty()).then(|| Value::Text(text.to_owned()))
        }
        Json::Number(number) => Some(Value::Number(number.clone())),
        Json::Bool(truth) => Some(Value::Text(truth.to_string())),
        Json::Object(object) if is_name(object) => name(object).map(Value::Text),
        Json::Object(_) => Row::from_json(json).map(Value::Item),
        Json::Array(_) => None,
    }
}

/// Whole numbers that came as text are numbers, and the other way round (PS3.18 F.2.3).
fn typed(value: Value, is_number: bool) -> Value {
    match value {
        Value::Text(text) if is_number => match text.trim().parse::<i64>() {
            Ok(number) => Value::Number(number.into()),
            Err(_) => Value::Text(text),
        },
        value => value,
    }
}

const GROUPS: [&str; 3] = ["Alphabetic", "Ideographic", "Phonetic"];

fn is_name(object: &Map<String, Json>) -> bool {
    GROUPS.iter().any(|group| object.contains_key(*group))
}

fn name(object: &Map<String, Json>) -> Option<String> {
    let groups = GROUPS.map(|group| {
        object
            .get(group)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .trim_end()
    });
    let joined = groups.join("=");
    let joined = joined.trim_end_matches('=');
    (!joined.is_empty()).then(|| joined.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;
    use serde_json::json;

    pub(super) fn row() -> Row {
        Row::from_json(&json!({
            "00080020": {"vr": "DA", "Value": ["20240103"]},
            "00080030": {"vr": "TM", "Value": ["103000.5"]},
            "00080050": {"vr": "SH"},
            "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
            "00100020": {"vr": "LO", "Value": ["ID-7 "]},
            "00200011": {"vr": "IS", "Value": ["3"]},
            "00201208": {"vr": "IS", "Value": [12]},
        }))
        .expect("a row")
    }

    #[test]
    fn a_row_is_read_in_the_shapes_that_archives_send() {
        let row = row();
        assert_eq!(
            row.text(tags::PATIENT_NAME).as_deref(),
            Some("Yamada^Tarou=山田^太郎")
        );
        assert_eq!(row.text(tags::PATIENT_ID).as_deref(), Some("ID-7"));
        assert_eq!(row.number(tags::SERIES_NUMBER), Some(3));
        assert_eq!(
            row.json(tags::MODALITIES_IN_STUDY),
            Some(json!(["CT", "SR"]))
        );
        assert_eq!(row.text(tags::ACCESSION_NUMBER), None);
        assert!(row.names(tags::ACCESSION_NUMBER));
        assert!(Row::from_json(&json!({})).expect("an object").is_empty());
        assert!(
            Row::from_json(&json!({"0020000D": {"vr": "UI"}}))
                .expect("an object")
                .is_empty()
        );
        assert_eq!(Row::from_json(&json!("text")), None);
    }
}
