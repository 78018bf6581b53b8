//! Rules and transitions as the command line writes them: `--fault NAME[:ARG]...` and `--transition STATE[:ARG]...`.

use serde_json::{Map, Value, json};

use super::{AnyFault, Named, UnknownFault};
use crate::rule::{Rule, Then, Transition};

/// Reads `NAME[:ARG]...`: an argument is `key=value` for a field of the fault, of the matcher (`instance`, `header.accept` ...) or of the rule
/// (`times`, `after.parts`, `in-state` ...), the word `once`, or the value of the fault's first field. A word that a field of the fault has is the field;
/// `when.` before a condition and `often.` before a number say what is meant. What begins with a brace is a rule in JSON.
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
    let own = field_names(fault);
    let mut rule = json!({ "when": {}, "then": name });
    let mut fields = Map::new();
    for piece in pieces {
        match piece.split_once('=') {
            None if piece == "once" => rule["often"] = json!("once"),
            None => {
                let first = own
                    .first()
                    .ok_or_else(|| format!("fault {name:?} takes no value such as {piece:?}"))?;
                fields.insert(first.clone(), Value::from(piece));
            }
            Some((key, value)) if own.iter().any(|field| field == key) => {
                fields.insert(key.to_owned(), Value::from(value));
            }
            Some((key, value)) => match key.strip_prefix("often.").unwrap_or(key) {
                "times" => rule["often"] = json!({ "times": number(value)? }),
                "every" => rule["often"] = json!({ "every": number(value)? }),
                "nth" => {
                    let (from, to) = value.split_once('-').unwrap_or((value, value));
                    rule["often"] = json!({ "nth": { "from": number(from)?, "to": number(to)? } })
                }
                "seeded" => {
                    let (p, seed) = value.split_once('/').unwrap_or((value, "0"));
                    let p = probability(p)?;
                    rule["often"] = json!({ "seeded": { "p": p, "seed": number(seed)? } })
                }
                "in-state" | "to-state" => rule[key] = json!(value),
                "priority" => {
                    rule["priority"] = json!(
                        value
                            .parse::<i32>()
                            .map_err(|_| format!("{value:?} is not a priority"))?
                    )
                }
                _ if condition(&mut rule, key, value)? => {}
                _ => {
                    fields.insert(key.to_owned(), Value::from(value));
                }
            },
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

/// Reads `STATE[:ARG]...`: the state that is entered, and `key=value` for what it takes (`from`, `times`, `after.exchanges` ...) and for the matcher. What begins
/// with a brace is a transition in JSON.
pub(crate) fn parse_transition(text: &str) -> Result<Transition, String> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| format!("transition in JSON: {error}"));
    }
    let mut pieces = text.split(':');
    let to = pieces.next().unwrap_or_default();
    if to.is_empty() || to.contains('=') {
        return Err(format!(
            "{text:?} does not begin with the state that is entered"
        ));
    }
    let mut transition = json!({ "to": to, "when": {} });
    for piece in pieces {
        let (key, value) = piece
            .split_once('=')
            .ok_or_else(|| format!("{piece:?} is not a condition such as service=store"))?;
        match key {
            "from" => transition["from"] = json!(value),
            "times" => transition["times"] = json!(number(value)?),
            _ if condition(&mut transition, key, value)? => {}
            _ => return Err(format!("{key:?} is nothing that a transition waits for")),
        }
    }
    serde_json::from_value(transition).map_err(|error| format!("transition to {to:?}: {error}"))
}

/// Puts down when something is to happen, if that is what the word says; `false` if it says something else.
fn condition(rule: &mut Value, key: &str, value: &str) -> Result<bool, String> {
    let key = key.strip_prefix("when.").unwrap_or(key);
    match key {
        "uid" => rule["when"]["instance"] = one_or_list(value),
        "number" | "connection" | "nth-of-connection" => rule["when"][key] = json!(number(value)?),
        _ if MATCHER_KEYS.contains(&key) => rule["when"][key] = one_or_list(value),
        _ => match within(key) {
            Some(("after", "time")) => rule["after"]["time"] = json!(value),
            Some(("after", name)) => rule["after"][name] = json!(number(value)?),
            Some((within, name)) => rule["when"][within][name] = json!(value),
            None => return Ok(false),
        },
    }
    Ok(true)
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

/// Names of a fault's fields in the order of its documentation; a bare value is one for the first.
fn field_names(fault: &str) -> Vec<String> {
    let schemas = AnyFault::schemas();
    let schema = schemas.iter().find(|(name, _)| *name == fault);
    let properties =
        schema.and_then(|(_, schema)| schema.as_value().get("properties")?.as_object());
    properties
        .into_iter()
        .flat_map(|properties| properties.keys().cloned())
        .collect()
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
    let (mut first_error, mut best_error) = (None, None);
    let is_of_form = |error: &serde_json::Error| !error.to_string().starts_with("invalid type");
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
            // Of several readings the one that has the right form says best what is wrong.
            Err(error) if is_of_form(&error) => best_error = Some(error),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(best_error
        .or(first_error)
        .unwrap_or_else(|| serde::de::Error::custom("no fields")))
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
    fn a_field_of_the_fault_comes_before_a_word_of_the_rule() {
        let json = |json: Value| serde_json::from_value::<Rule>(json).unwrap();
        for (text, expected) in [
            (
                "trickle:every=2s:often.every=3:service=store",
                json(json!({
                    "when": { "service": "store" }, "then": { "trickle": { "every": "2s" } }, "often": { "every": 3 },
                })),
            ),
            (
                "label-parts:transfer-syntax=missing:when.transfer-syntax=1.2.840.10008.1.2.1",
                json(json!({
                    "when": { "transfer-syntax": "1.2.840.10008.1.2.1" }, "then": { "label-parts": { "transfer-syntax": "missing" } },
                })),
            ),
            ("only-keys:study=PatientID,StudyDate:when.study=1.2", {
                let only = json!({ "study": ["PatientID", "StudyDate"] });
                json(json!({ "when": { "study": "1.2" }, "then": { "only-keys": only } }))
            }),
        ] {
            let parsed = Rule::parse(text).unwrap();
            assert_eq!(
                serde_json::to_value(parsed.then.fault()).unwrap(),
                serde_json::to_value(expected.then.fault()).unwrap(),
                "{text}"
            );
            assert_eq!(
                (parsed.when, parsed.often),
                (expected.when, expected.often),
                "{text}"
            );
        }
    }

    #[test]
    fn a_transition_has_the_same_words() {
        for (text, expected) in [
            ("busy", Transition::to("busy")),
            (
                "busy:from=calm:service=store:times=3:after.exchanges=2",
                Transition::to("busy")
                    .from("calm")
                    .when(storing())
                    .times(3)
                    .after(After::exchanges(2)),
            ),
            (
                "calm:header.accept=*json*:after.time=1s",
                Transition::to("calm")
                    .when(any().header("accept", "*json*"))
                    .after(After::time(Duration::from_secs(1))),
            ),
            (
                r#"{"to":"a:b","when":{"service":"store"}}"#,
                Transition::to("a:b").when(storing()),
            ),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for (text, named) in [
            ("", "state"),
            ("from=calm", "from=calm"),
            ("busy:calm", "calm"),
            ("busy:form=calm", "form"),
            ("busy:times=few", "few"),
            ("busy:service=shop", "shop"),
            ("busy:often.every=2", "often.every"),
            (r#"{"to":"busy","wen":{}}"#, "wen"),
        ] {
            let error = text.parse::<Transition>().unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
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
            ("trickle:every=soon", "soon"),
            ("patient-conflict:on=PatientShoe", "PatientShoe"),
            (
                "patient-conflict:on=PatientID,PatientShoe",
                "\"PatientShoe\"",
            ),
            ("http-status:often.every=soon", "soon"),
            ("http-status:nth=1-many", "many"),
            (r#"{"then":"stow.fail","wen":{}}"#, "wen"),
        ] {
            let error = Rule::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
