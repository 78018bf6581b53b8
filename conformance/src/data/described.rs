//! An instance as metadata and bulk data (PS3.18 10.5.1.4), written by the harness itself: JSON (Annex F) and XML (PS3.19 A.1).

use dicom_core::header::Header;
use dicom_core::value::Value as DicomValue;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;
use serde_json::{Map, Value, json};

use super::Instance;

impl Instance {
    /// Its attributes as a JSON array of one, its pixels by reference.
    pub fn as_json(&self, pixels: &str) -> String {
        let mut object = json_of(&self.data_set, pixels);
        object.insert(
            key(tags::AVAILABLE_TRANSFER_SYNTAX_UID),
            json!({"vr": "UI", "Value": [self.transfer_syntax]}),
        );
        Value::Array(vec![Value::Object(object)]).to_string()
    }

    /// Its attributes as a Native DICOM Model, its pixels by reference. Private elements are left out.
    pub fn as_xml(&self, pixels: &str) -> String {
        let mut text =
            String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<NativeDicomModel>");
        attribute(
            &mut text,
            tags::AVAILABLE_TRANSFER_SYNTAX_UID,
            VR::UI,
            &format!("<Value number=\"1\">{}</Value>", self.transfer_syntax),
        );
        xml_of(&self.data_set, pixels, &mut text);
        text + "</NativeDicomModel>\n"
    }
}

fn json_of(data_set: &InMemDicomObject, pixels: &str) -> Map<String, Value> {
    let attribute = |element: &InMemElement| {
        let vr = element.vr().to_string();
        if element.tag() == tags::PIXEL_DATA {
            return json!({"vr": vr, "BulkDataURI": pixels});
        }
        let values: Vec<Value> = match element.value() {
            DicomValue::Sequence(sequence) => (sequence.items().iter())
                .map(|item| Value::Object(json_of(item, pixels)))
                .collect(),
            _ => texts(element)
                .into_iter()
                .map(|text| json_value(element.vr(), text))
                .collect(),
        };
        match values.is_empty() {
            true => json!({"vr": vr}),
            false => json!({"vr": vr, "Value": values}),
        }
    };
    let elements = data_set.iter();
    elements
        .map(|element| (key(element.tag()), attribute(element)))
        .collect()
}

fn json_value(vr: VR, text: String) -> Value {
    match vr {
        VR::PN => json!({"Alphabetic": text}),
        VR::FD | VR::FL | VR::DS => text
            .parse::<f64>()
            .map_or(json!(text), |number| json!(number)),
        VR::IS | VR::SL | VR::SS | VR::UL | VR::US => text
            .parse::<i64>()
            .map_or(json!(text), |number| json!(number)),
        _ => json!(text),
    }
}

fn xml_of(data_set: &InMemDicomObject, pixels: &str, text: &mut String) {
    for element in data_set {
        let (tag, vr) = (element.tag(), element.vr());
        if tag.group() % 2 == 1 {
            continue;
        }
        let mut content = String::new();
        match element.value() {
            _ if tag == tags::PIXEL_DATA => {
                content = format!("<BulkData uri=\"{}\"/>", escaped(pixels));
            }
            DicomValue::Sequence(sequence) => {
                for (n, item) in (1..).zip(sequence.items()) {
                    content += &format!("<Item number=\"{n}\">");
                    xml_of(item, pixels, &mut content);
                    content += "</Item>";
                }
            }
            _ => {
                for (n, value) in (1..).zip(texts(element)) {
                    content += &match vr {
                        VR::PN => person(n, &value),
                        _ => format!("<Value number=\"{n}\">{}</Value>", escaped(&value)),
                    };
                }
            }
        }
        attribute(text, tag, vr, &content);
    }
}

fn attribute(text: &mut String, tag: Tag, vr: VR, content: &str) {
    text.push_str(&format!(
        "<DicomAttribute tag=\"{}\" vr=\"{}\">{content}</DicomAttribute>",
        key(tag),
        vr.to_string()
    ));
}

fn person(number: usize, name: &str) -> String {
    let names = [
        "FamilyName",
        "GivenName",
        "MiddleName",
        "NamePrefix",
        "NameSuffix",
    ];
    let components = name
        .split('^')
        .zip(names)
        .filter(|(value, _)| !value.is_empty());
    let components: Vec<_> = components
        .map(|(value, name)| format!("<{name}>{}</{name}>", escaped(value)))
        .collect();
    format!(
        "<PersonName number=\"{number}\"><Alphabetic>{}</Alphabetic></PersonName>",
        components.concat()
    )
}

/// The values of an element as text; none where it is empty.
fn texts(element: &InMemElement) -> Vec<String> {
    let text = element.to_str().unwrap_or_default();
    match text.trim_end_matches(['\0', ' ']) {
        "" => Vec::new(),
        text => text.split('\\').map(str::to_owned).collect(),
    }
}

fn key(tag: Tag) -> String {
    format!("{:04X}{:04X}", tag.group(), tag.element())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}
