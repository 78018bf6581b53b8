//! The faults that checks name: data over the parametric ones, one line each.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::AnyFault;
use crate::rule::{Rule, Then};

/// A fault under the name that a check knows it by.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// The name, such as `stow.partial-200`.
    pub name: &'static str,
    /// What happens, in one line.
    pub meaning: &'static str,
    /// The checks that are expected to notice, by id.
    pub checks: &'static [&'static str],
    rule: &'static str,
}

macro_rules! named {
    ($($name:literal => $rule:literal, $meaning:literal, [$($check:literal),*];)*) => {
        const NAMED: &[Named] = &[$(Named { name: $name, meaning: $meaning, checks: &[$($check),*], rule: $rule }),*];
    };
}

named! {
    "stow.all-ok-202" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":200,"status":202}}}"#, "a store without any failure is answered 202", ["stow.all.200"];
    "stow.partial-200" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":202,"status":200}}}"#, "a partial store is answered 200", ["stow.partial.202", "stow.status.agrees-with-body"];
    "stow.none-stored-200" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":409,"status":200}}}"#, "a store of nothing is answered 200", ["stow.none.409"];
    "stow.409-with-stored" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":202,"status":409}}}"#, "a partial store is answered 409", ["stow.status.agrees-with-body"];
    "stow.lose-one-silently" => r#"{"when":{"service":"store","number":1},"then":{"lose-instance":{}}}"#, "the first instance of a request is lost and stands in neither sequence", ["stow.partial.accounts-for-all"];
    "stow.claims-stored-but-not" => r#"{"when":{"service":"store"},"then":{"claim-stored":{}}}"#, "instances are said to be stored and are not kept", ["stow.partial.body-agrees-with-store"];
    "stow.fail" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"A700"}}}"#, "instances are refused for want of resources", [];
    "stow.fail-reason-0110" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"0110"}}}"#, "instances are refused with 0110, whatever is wrong", ["stow.fail.sop-class-0122"];
    "stow.fail-reason-9999" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"9999"}}}"#, "instances are refused with a reason that no standard knows", ["stow.fail.vocabulary"];
    "stow.unsupported" => r#"{"when":{"service":"store"},"then":{"refuse-transfer-syntax":{}}}"#, "compressed instances are refused with C122", [];
    "stow.ts-reject-0110" => r#"{"when":{"service":"store"},"then":{"refuse-transfer-syntax":{"reason":"0110"}}}"#, "compressed instances are refused with 0110", ["stow.fail.transfer-syntax-c122"];
    "stow.conflict" => r#"{"when":{"service":"store"},"then":{"patient-conflict":{"outcome":"reject","reason":"A778"}}}"#, "an instance of another patient than its study is refused with A778", [];
    "stow.conflict-splits-study" => r#"{"when":{"service":"store"},"then":{"patient-conflict":{"outcome":"split"}}}"#, "a study under two patients is listed twice", ["stow.conflict.patient-id"];
    "mp.matches-midline" => r#"{"when":{"service":"store","protocol":"web"},"then":{"boundary-anywhere":{}}}"#, "the boundary is taken for a delimiter inside a part", ["stow.mp.token-inside-pixels"];
    "qido.drop" => r#"{"when":{"service":"search"},"then":{"drop-row":{"index":-1}}}"#, "one match of a search is left out", [];
    "qido.drop-last" => r#"{"when":{"service":"search","protocol":"web"},"then":{"drop-row":{"index":-1}}}"#, "the last match of a search is left out", ["qido.set.exact"];
    "qido.replace-names" => r#"{"when":{"service":"search","protocol":"web"},"then":{"replace-values":{"attribute":"PatientName","value":"Replaced^Name"}}}"#, "each match has another patient name", ["qido.value.equals-stored"];
    "qido.offset-off-by-one" => r#"{"when":{"service":"search","protocol":"web"},"then":{"shift-offset":{"by":-1}}}"#, "a page begins one match too early", ["qido.page.offset-disjoint"];
    "qido.stale-instance-count" => r#"{"when":{"service":"search","protocol":"web"},"then":{"stale-count":{"attribute":"NumberOfStudyRelatedInstances","behind":1}}}"#, "the number of instances of a study is one behind", ["qido.count.study-instances"];
    "wado.drops-last-part" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"drop-instance":{"index":-1}}}"#, "the last instance of a retrieve is left out", ["wado.study.complete"];
    "wado.default-as-stored" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"return-as-stored":{}}}"#, "a retrieve returns the stored transfer syntax unasked", ["wado.ts.default-explicit-le"];
    "wado.meta-index-only" => r#"{"when":{"service":"metadata"},"then":{"index-only-metadata":{}}}"#, "metadata holds what the archive indexes and nothing else", ["wado.meta.complete"];
    "move.stops-on-failure" => r#"{"when":{"service":"move"},"then":{"stop-on-failure":{}}}"#, "a C-MOVE gives up at the first failed sub-operation", ["move.mixed-b000"];
    "ul.one-pdv-only" => r#"{"when":{"service":"associate"},"then":{"first-pdv-only":{}}}"#, "the first PDV is taken for the whole message", ["ul.pdv.fragments"];
    "assoc.reject" => r#"{"when":{"service":"associate"},"then":{"reject-association":{}}}"#, "associations are rejected", [];
    "http.status" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":503}}}"#, "requests get a status and nothing is done", [];
    "wire.latency" => r#"{"then":{"delay":{"by":"1s"}}}"#, "everything is answered a second late", [];
    "cut" => r#"{"then":{"cut-body":{}}}"#, "answers stop before their end", [];
    "wire.reset" => r#"{"then":{"end-connection":{}}}"#, "connections are reset before anything is answered", [];
}

impl Named {
    /// All of them.
    pub fn all() -> &'static [Self] {
        NAMED
    }

    /// The one of this name.
    pub fn find(name: &str) -> Option<&'static Self> {
        NAMED.iter().find(|named| named.name == name)
    }

    /// The rule it stands for.
    pub fn rule(&self) -> Rule {
        serde_json::from_str(self.rule)
            .expect("the rules in the table are valid: a test reads them all")
    }
}

impl Serialize for Named {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

/// No fault has this name, or it needs fields that were not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault {
    name: String,
    because: Because,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Because {
    NoSuchName(Vec<&'static str>),
    Incomplete(String),
}

impl UnknownFault {
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            because: Because::NoSuchName(nearest(name)),
        }
    }

    pub(crate) fn incomplete(name: &str, error: &serde_json::Error) -> Self {
        Self {
            name: name.to_owned(),
            because: Because::Incomplete(error.to_string()),
        }
    }
}

impl fmt::Display for UnknownFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.because {
            Because::NoSuchName(nearest) => write!(
                f,
                "there is no fault {:?}; the nearest are {}",
                self.name,
                nearest.join(", ")
            ),
            Because::Incomplete(error) => write!(f, "fault {:?}: {error}", self.name),
        }
    }
}

impl std::error::Error for UnknownFault {}

fn nearest(name: &str) -> Vec<&'static str> {
    let mut names: Vec<_> = NAMED
        .iter()
        .map(|named| named.name)
        .chain(AnyFault::NAMES.iter().copied())
        .collect();
    names.sort_by_key(|other| distance(name, other));
    names.truncate(3);
    names
}

/// Number of single-character edits between two names (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Reads `NAME[:ARG]...`: an argument is `key=value` for a field of the fault, of the matcher (`instance`, `study`, `calling` ...) or of the rule
/// (`times`, `every`, `priority`), the word `once`, or the value of the fault's first field.
pub(crate) fn parse_argument(text: &str) -> Result<Rule, String> {
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
            Some(("nth", n)) => {
                rule["often"] = json!({ "nth": { "from": number(n)?, "to": number(n)? } })
            }
            Some(("priority", n)) => {
                rule["priority"] = json!(
                    n.parse::<i32>()
                        .map_err(|_| format!("{n:?} is not a priority"))?
                )
            }
            Some(("uid", value)) => rule["when"]["instance"] = one_or_list(value),
            Some(("number", value)) => rule["when"]["number"] = json!(number(value)?),
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
    }
    Ok(rule)
}

const MATCHER_KEYS: &[&str] = &[
    "service",
    "protocol",
    "method",
    "path",
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
    use super::*;
    use crate::fault::{Delay, HttpStatus, RefuseInstance, RefuseTransferSyntax};
    use crate::rule::{any, storing};

    #[test]
    fn every_named_rule_is_valid_and_every_name_is_used_once() {
        for named in Named::all() {
            assert!(
                matches!(named.rule().then, Then::Fault(_)),
                "{}",
                named.name
            );
        }
        let mut names: Vec<_> = Named::all()
            .iter()
            .map(|named| named.name)
            .chain(AnyFault::NAMES.iter().copied())
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Named::all().len() + AnyFault::NAMES.len());
    }

    #[test]
    fn an_unknown_name_lists_the_nearest() {
        let error = Rule::named("stow.partal-200").unwrap_err().to_string();

        assert!(
            error.starts_with(
                "there is no fault \"stow.partal-200\"; the nearest are stow.partial-200"
            ),
            "{error}"
        );
    }

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
    fn a_wrong_argument_is_named() {
        for (text, named) in [
            ("refuse-instance:reson=A700", "reson"),
            ("refuse-instance:reason=Q", "Q"),
            ("http-status:x", "status"),
            ("delay:by=soon", "soon"),
            ("claim-stored:1", "takes no value"),
            ("stow.fail:study=1..2", "1..2"),
            ("delay", "by"),
        ] {
            let error = Rule::parse(text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
