//! One row of a search answer, read with tolerance, and whether it is what was asked for.

use std::collections::BTreeMap;

use dicom_core::{Tag, VR};
use dicom_wire::query::Matching;
use serde_json::{Map, Number, Value as Json};

use crate::attribute::Attribute;
use crate::query::{Filter, show};

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

/// Whether a row has what a filter asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It has.
    Yes,
    /// It has not.
    No,
    /// The row does not say.
    Unknown,
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
            let values = element
                .get("Value")
                .and_then(Json::as_array)
                .map(|values| values.iter().filter_map(value).collect())
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

    /// Whether the row is what `filter` asks for, as far as it says. More is let through than a strict archive would
    /// return (case, accents, parts of names): only what cannot be meant is a `No`.
    pub fn fits(&self, filter: &Filter, fuzzy: bool) -> Fit {
        let Some((attribute, parents)) = filter.path.split_last() else {
            return Fit::Unknown;
        };
        let mut row = self;
        for parent in parents {
            match row.item(parent.tag) {
                Some(item) => row = item,
                None => return Fit::Unknown,
            }
        }
        let Some(values) = row.fields.get(&attribute.tag) else {
            return Fit::Unknown;
        };
        match &filter.matching {
            Matching::Universal => Fit::Yes,
            // A second item of a sequence may hold the match.
            _ if !parents.is_empty() => Fit::Unknown,
            matching => fits(attribute, values, matching, fuzzy),
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

fn fits(attribute: &Attribute, values: &[Value], matching: &Matching, fuzzy: bool) -> Fit {
    let is_name = attribute.vr == VR::PN;
    if is_name && fuzzy {
        return Fit::Unknown;
    }
    if values.is_empty() {
        return match matching {
            Matching::Empty => Fit::Yes,
            Matching::Wildcard(pattern) if pattern.chars().all(|c| c == '*') => Fit::Yes,
            _ => Fit::No,
        };
    }
    let mut unknown = false;
    for value in values {
        let text = value.text();
        // Archives fold accents or do not; beyond ASCII only they know.
        if is_name && !(text.is_ascii() && show(matching).is_ascii()) {
            unknown = true;
            continue;
        }
        let fit = match matching {
            Matching::Universal => true,
            Matching::Empty => false,
            Matching::Value(wanted) if is_name => name_is(&text, wanted),
            Matching::Value(wanted) => same(&text, wanted),
            Matching::List(wanted) => wanted.iter().any(|wanted| wildcard(wanted, &text)),
            Matching::Wildcard(pattern) if is_name => {
                text.split('=')
                    .any(|group| wildcard(pattern, group.trim_end_matches('^')))
                    || wildcard(pattern, &text)
            }
            Matching::Wildcard(pattern) => wildcard(pattern, &text),
            Matching::Range { .. } if attribute.vr == VR::DT => {
                unknown = true;
                continue;
            }
            Matching::Range { from, to } => {
                let text = text.replace(['-', ':', '.'], "");
                let from = from
                    .as_ref()
                    .is_none_or(|from| padded(&text, '9') >= padded(from, '0'));
                from && to
                    .as_ref()
                    .is_none_or(|to| padded(&text, '0') <= padded(to, '9'))
            }
        };
        if fit {
            return Fit::Yes;
        }
    }
    if unknown { Fit::Unknown } else { Fit::No }
}

/// Equal without regard to case and outer blanks, or equal as numbers, or a time or date of less precision.
fn same(text: &str, wanted: &str) -> bool {
    if text.trim().eq_ignore_ascii_case(wanted.trim()) {
        return true;
    }
    if let (Ok(text), Ok(wanted)) = (text.trim().parse::<f64>(), wanted.trim().parse::<f64>())
        && text == wanted
    {
        return true;
    }
    let digits =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let plain = text.replace(':', "");
    digits(&plain)
        && digits(wanted)
        && matches!(wanted.len(), 2 | 4 | 6)
        && plain.starts_with(wanted)
}

/// `DOE` is meant to find `DOE^JOHN`, and any group of the name may be it.
fn name_is(text: &str, wanted: &str) -> bool {
    let wanted = wanted
        .trim_end_matches(['^', ' ', '='])
        .to_ascii_lowercase();
    let text = text.to_ascii_lowercase();
    text.split('=').chain([text.as_str()]).any(|group| {
        group.starts_with(&wanted) || group.split('^').any(|component| component.trim() == wanted)
    })
}

/// `*` and `?` without regard to case, in time that grows with the product of the lengths only.
fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) && pattern[p] != '*' {
            (p, t) = (p + 1, t + 1);
        } else if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// Dates and times of any precision, made comparable.
fn padded(text: &str, with: char) -> String {
    let text = text.replace('.', "");
    format!("{text:<14}").replace(' ', &with.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom_dictionary_std::tags;
    use serde_json::json;

    fn row() -> Row {
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

    fn fit(tag: Tag, matching: Matching) -> Fit {
        row().fits(
            &Filter {
                path: vec![Attribute::of(tag)],
                matching,
            },
            false,
        )
    }

    fn range(from: &str, to: &str) -> Matching {
        let end = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Matching::Range {
            from: end(from),
            to: end(to),
        }
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

    #[test]
    fn only_what_cannot_be_meant_does_not_fit() {
        assert_eq!(
            fit(tags::STUDY_DATE, range("20240101", "20240131")),
            Fit::Yes
        );
        assert_eq!(fit(tags::STUDY_DATE, range("20240104", "")), Fit::No);
        assert_eq!(fit(tags::STUDY_TIME, range("1030", "1030")), Fit::Yes);
        assert_eq!(
            fit(tags::STUDY_TIME, Matching::Value("10".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::MODALITIES_IN_STUDY, Matching::Value("SR".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::MODALITIES_IN_STUDY, Matching::Value("MR".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Value("id-7".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Wildcard("I?-*".into())),
            Fit::Yes
        );
        assert_eq!(
            fit(tags::PATIENT_ID, Matching::Wildcard("*8".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::ACCESSION_NUMBER, Matching::Value("1".into())),
            Fit::No
        );
        assert_eq!(
            fit(tags::STUDY_DESCRIPTION, Matching::Value("CHEST".into())),
            Fit::Unknown
        );
        assert_eq!(
            fit(tags::PATIENT_NAME, Matching::Value("DOE".into())),
            Fit::Unknown
        );
    }

    #[test]
    fn names_fit_by_family_name_and_by_group() {
        assert!(name_is("DOE^JOHN", "doe"));
        assert!(name_is("Hong^Gildong=x", "Gildong"));
        assert!(!name_is("DOE^JOHN", "ROE"));
    }

    #[test]
    fn wildcards_take_bounded_time() {
        let text = "a".repeat(5_000);
        assert!(!wildcard(&format!("{}b", "a*".repeat(200)), &text));
    }
}
