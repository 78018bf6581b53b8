//! The parameters of a tool as data: from one list come the input schema, the checks and the documentation.

use dicom_wire::uid::Uid;
use serde_json::{Map, Value as Json, json};

use crate::error::Failure;
use crate::text;

/// One parameter of a tool.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, camelCase.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether a call without it is refused.
    pub required: bool,
    /// One sentence for the reader of the schema.
    pub about: &'static str,
}

/// What a parameter takes.
#[derive(Debug)]
pub enum Kind {
    /// A DICOM UID.
    Uid,
    /// Text of so many characters at most.
    Text(usize),
    /// A whole number from 1, and what it is where it is not given.
    Count(u32),
    /// One of these; the first where it is not given.
    Choice(&'static [&'static str]),
    /// One text or more.
    Texts,
    /// Yes or no; no where it is not given.
    Switch,
    /// A whole number of this range; what it is where it is not given, if that is fixed.
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
        /// Where it is not given.
        default: Option<u32>,
    },
    /// Any number.
    Real,
    /// One whole number from 1 or more.
    Counts,
    /// One of these, or nothing.
    Optional(&'static [&'static str]),
}

/// The largest whole number that every JSON reader keeps exact.
const MAX_SAFE: u64 = 9_007_199_254_740_991;

impl Parameter {
    fn schema(&self) -> Json {
        let mut schema = match self.kind {
            Kind::Uid => {
                json!({"type": "string", "maxLength": 64, "pattern": "^[0-9]+(\\.[0-9]+)*$"})
            }
            Kind::Text(max) => json!({"type": "string", "maxLength": max}),
            Kind::Count(default) => {
                json!({"type": "integer", "exclusiveMinimum": 0, "maximum": MAX_SAFE, "default": default})
            }
            Kind::Choice(of) => json!({"type": "string", "enum": of, "default": of.first()}),
            Kind::Texts => {
                json!({"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1})
            }
            Kind::Switch => json!({"type": "boolean", "default": false}),
            Kind::Number {
                least,
                most,
                default,
            } => {
                let mut schema = json!({"type": "integer", "minimum": least, "maximum": most});
                if let Some(default) = default {
                    schema["default"] = json!(default);
                }
                schema
            }
            Kind::Real => json!({"type": "number"}),
            Kind::Counts => {
                json!({"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 1})
            }
            Kind::Optional(of) => json!({"type": "string", "enum": of}),
        };
        schema["description"] = json!(self.about);
        schema
    }

    fn check(&self, value: &Json) -> Result<(), Failure> {
        let wrong = |wanted: String| {
            Failure::argument(
                self.name,
                format!("{} is not {wanted}", text::cut(&value.to_string(), 200)),
            )
        };
        match self.kind {
            Kind::Uid => {
                let text = value
                    .as_str()
                    .ok_or_else(|| wrong("a UID in quotes".into()))?;
                Uid::parse(text).map(drop).map_err(|error| Failure::Argument {
                    name: self.name.into(),
                    problem: text::cut(&text::escape(&error.to_string()), 200),
                    advice: Some("digits and single dots, at most 64 characters, as 1.2.840.113619.2.55.3".into()),
                })
            }
            Kind::Text(max) => match value.as_str() {
                Some(text) if text.chars().count() <= max => Ok(()),
                Some(text) => Err(Failure::argument(
                    self.name,
                    format!("{} characters are more than {max}", text.chars().count()),
                )),
                None => Err(wrong("text".into())),
            },
            Kind::Count(_) => match value.as_u64() {
                Some(number) if (1..=u64::from(u32::MAX)).contains(&number) => Ok(()),
                _ => Err(wrong("a whole number from 1".into())),
            },
            Kind::Choice(of) => match value.as_str() {
                Some(text) if of.contains(&text) => Ok(()),
                _ => Err(wrong(format!("one of {}", of.join(", ")))),
            },
            Kind::Texts => match value.as_array() {
                Some(texts)
                    if !texts.is_empty()
                        && texts
                            .iter()
                            .all(|text| text.as_str().is_some_and(|text| !text.is_empty())) =>
                {
                    Ok(())
                }
                _ => Err(wrong("a list of texts, at least one".into())),
            },
            Kind::Switch => value
                .as_bool()
                .map(drop)
                .ok_or_else(|| wrong("true or false".into())),
            Kind::Number { least, most, .. } => match value.as_u64() {
                Some(number) if (u64::from(least)..=u64::from(most)).contains(&number) => Ok(()),
                _ => Err(wrong(format!("a whole number from {least} to {most}"))),
            },
            Kind::Real => value
                .as_f64()
                .map(drop)
                .ok_or_else(|| wrong("a number".into())),
            Kind::Counts => match value.as_array() {
                Some(numbers)
                    if !numbers.is_empty()
                        && numbers.iter().all(|number| {
                            number
                                .as_u64()
                                .is_some_and(|n| (1..=u64::from(u32::MAX)).contains(&n))
                        }) =>
                {
                    Ok(())
                }
                _ => Err(wrong("a list of whole numbers from 1".into())),
            },
            Kind::Optional(of) => match value.as_str() {
                Some(text) if of.contains(&text) => Ok(()),
                _ => Err(wrong(format!("one of {}", of.join(", ")))),
            },
        }
    }
}

/// The input schema of a tool with these parameters.
pub fn schema(parameters: &[&Parameter]) -> Json {
    let properties: Map<String, Json> = parameters
        .iter()
        .map(|parameter| (parameter.name.to_owned(), parameter.schema()))
        .collect();
    let required: Vec<&str> = parameters
        .iter()
        .filter(|parameter| parameter.required)
        .map(|parameter| parameter.name)
        .collect();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "additionalProperties": false
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// The arguments of a call, checked against the parameters of its tool: what is read from it is of the right kind.
#[derive(Debug, Default)]
pub struct Arguments(Map<String, Json>);

impl Arguments {
    /// Refuses what the parameters do not allow, by name and value. A null is the same as nothing.
    pub fn check(parameters: &[&Parameter], given: Map<String, Json>) -> Result<Self, Failure> {
        let given: Map<String, Json> = given
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        for name in given.keys() {
            if !parameters.iter().any(|parameter| parameter.name == name) {
                let names = parameters.iter().map(|parameter| parameter.name);
                return Err(Failure::Argument {
                    name: text::cut(&text::escape(name), 100),
                    problem: "this tool has no such argument".into(),
                    advice: text::nearest(name, names.clone())
                        .map(str::to_owned)
                        .or_else(|| {
                            let all = names.collect::<Vec<_>>().join(", ");
                            Some(if all.is_empty() {
                                "no arguments".into()
                            } else {
                                all
                            })
                        }),
                });
            }
        }
        for parameter in parameters {
            match given.get(parameter.name) {
                Some(value) => parameter.check(value)?,
                None if parameter.required => {
                    return Err(Failure::Argument {
                        name: parameter.name.into(),
                        problem: "this argument is required".into(),
                        advice: Some(parameter.about.into()),
                    });
                }
                None => {}
            }
        }
        Ok(Self(given))
    }

    /// A UID that is there.
    pub fn uid(&self, name: &str) -> Result<Uid, Failure> {
        let text = self.text(name);
        Uid::parse(text).map_err(|error| Failure::argument(name, error.to_string()))
    }

    /// A text, empty where not given.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// A count, `default` where not given.
    pub fn count(&self, name: &str, default: u32) -> u32 {
        self.0
            .get(name)
            .and_then(Json::as_u64)
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(default)
    }

    /// A list of texts, empty where not given.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let texts = self.0.get(name).and_then(Json::as_array);
        texts
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// Whether the argument is given.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A number, where given.
    pub fn real(&self, name: &str) -> Option<f64> {
        self.0.get(name).and_then(Json::as_f64)
    }

    /// A list of whole numbers, empty where not given.
    pub fn counts(&self, name: &str) -> Vec<u32> {
        let numbers = self.0.get(name).and_then(Json::as_array);
        numbers
            .into_iter()
            .flatten()
            .filter_map(|number| u32::try_from(number.as_u64()?).ok())
            .collect()
    }

    /// A UID, where given.
    pub fn optional_uid(&self, name: &str) -> Result<Option<Uid>, Failure> {
        if self.has(name) {
            self.uid(name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.0.get(name).and_then(Json::as_bool).unwrap_or_default()
    }
}
