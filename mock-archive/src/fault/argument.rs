//! Rules as the command line writes them: `--fault NAME[:ARG]...`.

use serde_json::{Map, Value, json};

use super::{AnyFault, Named, UnknownFault};
use crate::rule::{Rule, Then};

/// Reads `NAME[:ARG]...`: an argument is `key=value` for a field of the fault, of the matcher (`instance`, `header.accept` ...) or of the rule
/// (`times`, `after.parts`, `in-state` ...), the word `once`, or the value of the fault's first field. What begins with a brace is a rule in JSON.
pub(crate) fn parse_argument(text: &str) -> Result<Rule, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| format!("rule in JSON: {error}"));
    }
    let mut pieces = text.split(':');
    let name = pieces.next().unwrap_or_default();
    let named = Named::find(name).map(Named::rule);
    let (fault, defaults) = match &named {
        Some(rule) => {
            let fault = rule.then.fault();
            (fault.name(), fields_of(&fault))
        }
        None => {
            let fault = AnyFault::NAMES
                .iter()
                .find(|fault| **fault == name)
                .ok_or_else(|| UnknownFault::new(name).to_string())?;
            (
                *fault,
                AnyFault::by_default(name)
                    .map_or_else(|_| Value::Object(Map::new()), |fault| fields_of(&fault)),
            )
        }
    };
    let mut rule = json!({ "when": {}, "then": name });
    let mut fields = Map::new();
    for piece in pieces {
        match piece.split_once('=') {
            None if piece == "once" => rule["often"] = json!("once"),
            None => {
                let first = first_field(fault)
                    .ok_or_else(|| format!("fault {name:?} takes no value such as {piece:?}"))?;
                fields.insert(first, Value::from(piece));
            }
            Some(("times", n)) => rule["often"] = json!({ "times": number(n)? }),
            Some(("every", n)) => rule["often"] = json!({ "every": number(n)? }),
            Some(("nth", range)) => {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                rule["often"] = json!({ "nth": { "from": number(from)?, "to": number(to)? } })
            }
            Some(("seeded", chance)) => {
                let (p, seed) = chance.split_once('/').unwrap_or((chance, "0"));
                let p = probability(p)?;
                rule["often"] = json!({ "seeded": { "p": p, "seed": number(seed)? } })
            }
            Some((key @ ("in-state" | "to-state"), state)) => rule[key] = json!(state),
            Some(("priority", n)) => {
                rule["priority"] = json!(
                    n.parse::<i32>()
                        .map_err(|_| format!("{n:?} is not a priority"))?
                )
            }
            Some(("uid", value)) => rule["when"]["instance"] = one_or_list(value),
            Some((key @ ("number" | "connection" | "nth-of-connection"), value)) => {
                rule["when"][key] = json!(number(value)?)
            }
            Some((key, value)) if let Some((within, name)) = within(key) => match within {
                "after" if name == "time" => rule["after"]["time"] = json!(value),
                "after" => rule["after"][name] = json!(number(value)?),
                _ => rule["when"][within][name] = json!(value),
            },
            Some((key, value)) if MATCHER_KEYS.contains(&key) => {
                rule["when"][key] = one_or_list(value)
            }
            Some((key, value)) => {
                fields.insert(key.to_owned(), Value::from(value));
            }
        }
    }
    let in_words = |error: serde_json::Error| format!("fault {name:?}: {error}");
    if !fields.is_empty() || named.is_none() {
        rule["then"] = with_fields(fault, &defaults, fields).map_err(in_words)?;
    }
    let mut rule: Rule = serde_json::from_value(rule).map_err(in_words)?;
    if let (Then::Fault(_), Some(named)) = (&rule.then, named) {
        rule.when = rule.when.or(named.when);
        if rule.often.is_always() {
            rule.often = named.often;
        }
    }
    Ok(rule)
}

const MATCHER_KEYS: &[&str] = &[
    "service",
    "protocol",
    "method",
    "path",
    "media-type",
    "study",
    "series",
    "instance",
    "sop-class",
    "transfer-syntax",
    "patient-id",
    "calling",
    "called",
    "level",
];

/// The parts of a key such as `after.parts` or `header.accept`.
fn within(key: &str) -> Option<(&str, &str)> {
    let (within, name) = key.split_once('.')?;
    ["after", "header", "query-key"]
        .contains(&within)
        .then_some((within, name))
}

fn probability(text: &str) -> Result<f64, String> {
    let p = text.parse().ok().filter(|p| (0.0..=1.0).contains(p));
    p.ok_or_else(|| format!("{text:?} is not a probability from 0 to 1"))
}

fn fields_of(fault: &AnyFault) -> Value {
    serde_json::to_value(fault).map_or(Value::Null, |mut fault_by_name| {
        fault_by_name[fault.name()].take()
    })
}

fn one_or_list(text: &str) -> Value {
    if text.contains(',') {
        text.split(',').map(Value::from).collect()
    } else {
        Value::from(text)
    }
}

fn number(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a number"))
}

/// Name of the field a bare value stands for: the first in the fault's documentation.
fn first_field(fault: &str) -> Option<String> {
    let (_, schema) = AnyFault::schemas()
        .into_iter()
        .find(|(name, _)| *name == fault)?;
    let properties = schema.as_value().get("properties")?.as_object()?;
    properties.keys().next().cloned()
}

/// The fault with these fields. A command line has only text, so each value is tried as text, as JSON, and as a list of texts.
fn with_fields(
    fault: &str,
    defaults: &Value,
    fields: Map<String, Value>,
) -> Result<Value, serde_json::Error> {
    let readings: Vec<(String, [Value; 3])> = fields
        .into_iter()
        .map(|(key, value)| (key, readings(value.as_str().unwrap_or_default())))
        .collect();
    let mut first_error = None;
    for choice in 0..3usize.pow(u32::try_from(readings.len().min(6)).unwrap_or(6)) {
        let mut candidate = defaults.clone();
        let mut choice = choice;
        for (key, values) in &readings {
            candidate[key] = values[choice % 3].clone();
            choice /= 3;
        }
        let candidate = json!({ fault: candidate });
        match serde_json::from_value::<AnyFault>(candidate.clone()) {
            Ok(_) => return Ok(candidate),
            // A field that is not there is wrong in every reading of the others.
            Err(error) if error.to_string().starts_with("unknown field") => return Err(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| serde::de::Error::custom("no fields")))
}

fn readings(text: &str) -> [Value; 3] {
    let plain = Value::from(text);
    let list = text.split(',').map(Value::from).collect();
    [
        plain.clone(),
        serde_json::from_str(text).unwrap_or(plain),
        Value::Array(list),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fault::{Delay, HttpStatus, RefuseInstance, RefuseTransferSyntax};
    use crate::rule::{After, any, storing};

    #[test]
    fn a_command_line_says_the_same_as_a_builder() {
        let parsed = |text: &str| Rule::parse(text).unwrap();

        assert_eq!(
            parsed("stow.partial-200"),
            Rule::named("stow.partial-200").unwrap()
        );
        assert_eq!(
            parsed("refuse-instance:instance=1.2.3:reason=A900:once"),
            Rule::when(any().instance("1.2.3"))
                .then(RefuseInstance {
                    reason: dicom_wire::stow::FailureReason(0xA900)
                })
                .once()
        );
        assert_eq!(
            parsed("delay:by=10s"),
            Rule::when(any()).then(Delay::by(std::time::Duration::from_secs(10)))
        );
        assert_eq!(
            parsed("http-status:429:retry-after=2").then,
            Then::from(HttpStatus::new(429).retry_after(2))
        );
        assert_eq!(
            *parsed("stow.fail:uid=1.2").matcher(),
            storing().instance("1.2")
        );
        let syntaxes = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5"];
        let refuse = RefuseTransferSyntax {
            transfer_syntaxes: syntaxes.iter().map(|uid| uid.parse().unwrap()).collect(),
            ..RefuseTransferSyntax::default()
        };
        assert_eq!(
            parsed(&format!(
                "refuse-transfer-syntax:transfer-syntaxes={}",
                syntaxes.join(",")
            ))
            .then,
            Then::from(refuse)
        );
    }

    #[test]
    fn a_command_line_has_all_the_words_of_a_rule() {
        let rule = |then: &str| Rule::named(then).unwrap();
        let when = |json: Value| serde_json::from_value::<Rule>(json).unwrap();
        for (text, expected) in [
            (
                "http-status:after.time=500ms",
                rule("http-status").after(After::time(Duration::from_millis(500))),
            ),
            (
                "http-status:after.exchanges=3",
                rule("http-status").after(After::exchanges(3)),
            ),
            (
                "http-status:after.instances=3",
                rule("http-status").after(After::instances(3)),
            ),
            (
                "http-status:after.bytes=4096",
                rule("http-status").after(After::bytes(4096)),
            ),
            ("abort:after.pdus=3", rule("abort").after(After::pdus(3))),
            (
                "break-off:after.parts=3",
                rule("break-off").after(After::parts(3)),
            ),
            (
                "http-status:seeded=0.25/7",
                rule("http-status").seeded(0.25, 7),
            ),
            ("http-status:seeded=1", rule("http-status").seeded(1.0, 0)),
            ("http-status:nth=2-4", rule("http-status").nth(2..=4)),
            ("http-status:nth=2", rule("http-status").nth(2..=2)),
            (
                "http-status:in-state=busy:to-state=calm",
                rule("http-status").in_state("busy").to_state("calm"),
            ),
            (
                "http-status:header.accept=*json*:query-key.PatientID=7:media-type=image/*:connection=2:nth-of-connection=3",
                when(json!({ "when": {
                    "header": { "accept": "*json*" }, "query-key": { "PatientID": "7" }, "media-type": "image/*",
                    "connection": 2, "nth-of-connection": 3,
                }, "then": "http-status" })),
            ),
            (
                r#"{"when":{"header":{"x":"a:b"}},"then":"stow.partial-200","often":"once"}"#,
                when(
                    json!({ "when": { "header": { "x": "a:b" } }, "then": "stow.partial-200", "often": "once" }),
                ),
            ),
        ] {
            assert_eq!(Rule::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_argument_is_named() {
        for (text, named) in [
            ("refuse-instance:reson=A700", "reson"),
            ("refuse-instance:reason=Q", "Q"),
            ("http-status:x", "status"),
            ("delay:by=soon", "soon"),
            ("claim-stored:1", "takes no value"),
            ("stow.fail:study=1..2", "1..2"),
            ("delay", "by"),
            ("rate-limit:burst=1:per_second=2", "per_second"),
            ("http-status:after.moons=3", "moons"),
            ("http-status:after.parts=few", "few"),
            ("http-status:seeded=2", "2"),
            ("http-status:nth=1-many", "many"),
            (r#"{"then":"stow.fail","wen":{}}"#, "wen"),
        ] {
            let error = Rule::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
