//! The DICOM JSON Model (PS3.18 Annex F) as answers carry it, and what a stored data set must look like in it.

use bytes::Bytes;
use dicom_core::header::Header;
use dicom_core::value::Value as DicomValue;
use dicom_core::{Tag, VR};
use dicom_object::mem::InMemElement;
use serde_json::{Map, Value, json};

use crate::outcome::{Finding, Verdict};

/// One data set of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(Map<String, Value>);

impl Row {
    /// The data sets of a body: an array of objects.
    ///
    /// # Errors
    /// A failure if the body is anything else.
    pub fn all(body: &Bytes) -> Verdict<Vec<Self>> {
        match serde_json::from_slice(body) {
            Ok(Value::Array(rows)) => rows.into_iter().map(Self::from_value).collect(),
            Ok(other) => Err(Finding::fail(format!(
                "JSON that is not an array: {}",
                short(&other)
            ))),
            Err(error) => Err(Finding::fail(format!(
                "a body of {} bytes that is not JSON: {error}",
                body.len()
            ))),
        }
    }

    /// One data set, bare or as an array of one.
    ///
    /// # Errors
    /// A failure if the body is anything else.
    pub fn one(body: &Bytes) -> Verdict<Self> {
        match serde_json::from_slice(body) {
            Ok(Value::Array(rows)) if rows.len() == 1 => Self::from_value(rows[0].clone()),
            Ok(other) => Self::from_value(other),
            Err(error) => Err(Finding::fail(format!(
                "a body of {} bytes that is not JSON: {error}",
                body.len()
            ))),
        }
    }

    fn from_value(value: Value) -> Verdict<Self> {
        match value {
            Value::Object(attributes) => Ok(Self(attributes)),
            other => Err(Finding::fail(format!(
                "JSON that is not a data set: {}",
                short(&other)
            ))),
        }
    }

    /// The attribute, if the row has it.
    pub fn attribute(&self, tag: Tag) -> Option<&Value> {
        self.0.get(&key(tag))
    }

    /// The first value of an attribute as text.
    pub fn text(&self, tag: Tag) -> Option<String> {
        match self.values(tag).first()? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// The first value of an attribute as a number; a number in a string counts.
    pub fn number(&self, tag: Tag) -> Option<i64> {
        self.text(tag)?.trim().parse().ok()
    }

    /// All values of an attribute that are texts.
    pub fn texts(&self, tag: Tag) -> Vec<String> {
        let values = self.values(tag).iter();
        values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect()
    }

    /// Whether the attribute is there with a value.
    pub fn has_value(&self, tag: Tag) -> bool {
        !self.values(tag).is_empty()
    }

    /// The items of a sequence; none if it is absent or empty.
    pub fn items(&self, tag: Tag) -> Vec<Self> {
        let values = self.values(tag).iter();
        values
            .filter_map(|item| item.as_object().cloned().map(Self))
            .collect()
    }

    /// All attributes with their tags; keys that are no tag are left out.
    pub fn attributes(&self) -> impl Iterator<Item = (Tag, &Value)> {
        self.0.iter().filter_map(|(key, attribute)| {
            let number = u32::from_str_radix(key, 16)
                .ok()
                .filter(|_| key.len() == 8)?;
            Some((Tag((number >> 16) as u16, number as u16), attribute))
        })
    }

    fn values(&self, tag: Tag) -> &[Value] {
        values(self.attribute(tag).unwrap_or(&Value::Null))
    }
}

/// The first differences between stored elements and what a row says of them; empty if it says the same of all of them.
///
/// `Bulk data` may be given by reference: what is behind it is another check's question.
pub fn differences<'a>(
    stored: impl IntoIterator<Item = &'a InMemElement>,
    row: &Row,
) -> Vec<String> {
    let mut found = Vec::new();
    for element in stored {
        compare(element, row, "", &mut found);
    }
    found
}

fn compare(element: &InMemElement, row: &Row, path: &str, found: &mut Vec<String>) {
    let name = format!(
        "{path}({:04X},{:04X})",
        element.tag().group(),
        element.tag().element()
    );
    let Some(attribute) = row.attribute(element.tag()) else {
        found.push(format!("{name} is missing"));
        return;
    };
    if attribute["BulkDataURI"].is_string() && is_bulk(element.vr()) {
        return;
    }
    if let DicomValue::Sequence(sequence) = element.value() {
        let items = values(attribute);
        if items.len() != sequence.items().len() {
            found.push(format!(
                "{name} has {} items, stored were {}",
                items.len(),
                sequence.items().len()
            ));
        }
        for (n, (stored, item)) in sequence.items().iter().zip(items).enumerate() {
            let item = Row(item.as_object().cloned().unwrap_or_default());
            for element in stored {
                compare(element, &item, &format!("{name}[{n}]."), found);
            }
        }
        return;
    }
    let (want, got) = (expected(element), actual(element.vr(), attribute));
    if want != got {
        found.push(format!(
            "{name} is {}, stored was {}",
            short(&got),
            short(&want)
        ));
    }
}

/// PS3.18 10.4.3.3.2: what may be given by reference in metadata.
fn is_bulk(vr: VR) -> bool {
    use VR::{
        AT, DS, FD, FL, IS, LT, OB, OD, OF, OL, OV, OW, SL, SS, ST, SV, UC, UL, UN, US, UT, UV,
    };
    matches!(
        vr,
        DS | FL
            | FD
            | IS
            | LT
            | OB
            | OD
            | OF
            | OL
            | OV
            | OW
            | SL
            | SS
            | ST
            | SV
            | UC
            | UL
            | UN
            | US
            | UT
            | UV
            | AT
    )
}

/// The values of a stored element, in the form of [`actual`].
fn expected(element: &InMemElement) -> Value {
    let Ok(text) = element.to_str() else {
        return Value::Null;
    };
    let text = text.trim_end_matches(['\0', ' ']);
    if text.is_empty() {
        return json!([]);
    }
    if matches!(element.vr(), VR::LT | VR::ST | VR::UT | VR::UR) {
        return json!([text]);
    }
    let single = |value: &str| match element.vr() {
        VR::PN => person(value),
        vr if is_number(vr) => number(value),
        _ => json!(value.trim()),
    };
    text.split('\\').map(single).collect()
}

/// The values of an attribute of an answer, such that spellings of the same value are equal.
fn actual(vr: VR, attribute: &Value) -> Value {
    let single = |value: &Value| match value {
        Value::Object(groups) if vr == VR::PN => {
            let group = |name: &str| {
                groups
                    .get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            person(&format!(
                "{}={}={}",
                group("Alphabetic"),
                group("Ideographic"),
                group("Phonetic")
            ))
        }
        Value::String(text) if is_number(vr) => number(text),
        Value::Number(value) if is_number(vr) => number(&value.to_string()),
        Value::String(text) => json!(text.trim_end_matches(['\0', ' ']).trim_start()),
        Value::Null => json!(""),
        other => other.clone(),
    };
    values(attribute).iter().map(single).collect()
}

fn is_number(vr: VR) -> bool {
    matches!(
        vr,
        VR::DS | VR::FD | VR::FL | VR::IS | VR::SL | VR::SS | VR::SV | VR::UL | VR::US | VR::UV
    )
}

fn number(text: &str) -> Value {
    text.trim()
        .parse::<f64>()
        .map_or_else(|_| json!(text), |number| json!(number))
}

/// The component groups without the separators that mean nothing at their ends.
fn person(name: &str) -> Value {
    let groups: Vec<_> = name
        .split('=')
        .map(|group| group.trim_end_matches(['^', ' ']))
        .collect();
    json!(groups.join("=").trim_end_matches('='))
}

fn values(attribute: &Value) -> &[Value] {
    attribute["Value"].as_array().map_or(&[], Vec::as_slice)
}

fn key(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.group(), tag.element())
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(120) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use dicom_core::{DataElement, PrimitiveValue};
    use dicom_dictionary_std::tags;
    use dicom_object::InMemDicomObject;

    use super::*;

    fn row(json: Value) -> Row {
        Row::one(&Bytes::from(json.to_string())).unwrap()
    }

    fn stored(tag: Tag, vr: VR, value: &str) -> InMemElement {
        DataElement::new(tag, vr, PrimitiveValue::from(value))
    }

    #[test]
    fn spellings_of_the_same_value_are_equal() {
        let answer = row(json!({
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]},
            "00180050": {"vr": "DS", "Value": [1.25]},
            "00200013": {"vr": "IS", "Value": ["3"]},
            "00100020": {"vr": "LO", "Value": ["A1"]},
            "00201040": {"vr": "LO"},
        }));
        let stored = [
            stored(tags::PATIENT_NAME, VR::PN, "Yamada^Tarou^^^=山田^太郎"),
            stored(tags::SLICE_THICKNESS, VR::DS, "1.250 "),
            stored(tags::INSTANCE_NUMBER, VR::IS, "3"),
            stored(tags::PATIENT_ID, VR::LO, "A1 "),
            stored(tags::POSITION_REFERENCE_INDICATOR, VR::LO, ""),
        ];
        assert_eq!(differences(&stored, &answer), Vec::<String>::new());
    }

    #[test]
    fn a_missing_and_a_changed_value_are_named() {
        let answer = row(json!({"00100020": {"vr": "LO", "Value": ["B"]}}));
        let stored = [
            stored(tags::PATIENT_ID, VR::LO, "A"),
            stored(tags::PATIENT_SEX, VR::CS, "F"),
        ];
        assert_eq!(
            differences(&stored, &answer),
            [
                "(0010,0020) is [\"B\"], stored was [\"A\"]",
                "(0010,0040) is missing"
            ]
        );
    }

    #[test]
    fn items_are_compared_one_by_one() {
        let item = InMemDicomObject::from_element_iter([stored(tags::CODE_VALUE, VR::SH, "1")]);
        let element = DataElement::new(
            tags::PROCEDURE_CODE_SEQUENCE,
            VR::SQ,
            dicom_core::value::DataSetSequence::from(vec![item]),
        );
        let answer = row(
            json!({"00081032": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["2"]}}]}}),
        );
        assert_eq!(
            differences([&element], &answer),
            ["(0008,1032)[0].(0008,0100) is [\"2\"], stored was [\"1\"]"]
        );
    }
}
