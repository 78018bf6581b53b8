//! The list of faults for people and tools: the page, and `faults --json`.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::{AnyFault, Named};

/// One fault as it is shown.
#[derive(Clone, Debug, Serialize)]
pub struct FaultEntry {
    /// Its name.
    pub name: &'static str,
    /// The moment at which it reacts; for a named fault that of the fault under it.
    pub moment: crate::moment::Moment,
    /// What happens on the wire, who does it, what a good client must do.
    pub meaning: String,
    /// JSON schema of its fields; a named fault has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Value>,
    /// The rule that a name stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Value>,
    /// The checks that are expected to notice, by id.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub checks: &'static [&'static str],
}

/// All faults: the parametric ones, then the named ones.
pub fn catalogue() -> Vec<FaultEntry> {
    let parametric = AnyFault::schemas().into_iter().map(|(name, schema)| {
        let mut fields = schema.to_value();
        let meaning = fields["description"]
            .take()
            .as_str()
            .unwrap_or_default()
            .to_owned();
        for superfluous in ["$schema", "title", "description"] {
            fields
                .as_object_mut()
                .map(|fields| fields.remove(superfluous));
        }
        let moment = AnyFault::example(name, &fields)
            .map_or(crate::moment::Moment::Admit, |fault| {
                fault.as_fault().moment()
            });
        FaultEntry {
            name,
            moment,
            meaning,
            fields: Some(fields),
            rule: None,
            checks: &[],
        }
    });
    let named = Named::all().map(|named| {
        let rule = named.rule();
        FaultEntry {
            name: named.name,
            moment: rule.then.fault().as_fault().moment(),
            meaning: named.meaning.to_owned(),
            fields: None,
            rule: serde_json::to_value(&rule).ok(),
            checks: named.checks,
        }
    });
    parametric.chain(named).collect()
}

impl AnyFault {
    /// A fault of this name with some valid values.
    fn example(name: &'static str, schema: &Value) -> Option<Self> {
        let mut fields = serde_json::Map::new();
        for required in schema["required"].as_array().into_iter().flatten() {
            let required = required.as_str()?;
            fields.insert(
                required.to_owned(),
                schema["properties"][required]["examples"][0].clone(),
            );
        }
        serde_json::from_value(serde_json::json!({ name: fields })).ok()
    }
}

/// The page `docs/faults.md`.
pub fn markdown() -> String {
    let (named, parametric): (Vec<_>, Vec<_>) = catalogue()
        .into_iter()
        .partition(|entry| entry.rule.is_some());
    let mut page = String::from(HEAD);
    for entry in parametric {
        let _ = writeln!(
            page,
            "\n### `{}`\n\n{}\n\nAt moment `{}`.",
            entry.name,
            unwrapped(&entry.meaning),
            word(&entry.moment)
        );
        let properties = entry
            .fields
            .as_ref()
            .and_then(|fields| fields["properties"].as_object());
        let Some(properties) = properties.filter(|properties| !properties.is_empty()) else {
            continue;
        };
        page.push_str("\n| field | value | default | meaning |\n|---|---|---|---|\n");
        for (name, field) in properties {
            let (kind, default) = (kind(field), default(field));
            let meaning = unwrapped(field["description"].as_str().unwrap_or_default());
            let _ = writeln!(page, "| `{name}` | {kind} | {default} | {meaning} |");
        }
    }
    page.push_str(NAMED_HEAD);
    for entry in named {
        let checks: Vec<_> = entry
            .checks
            .iter()
            .map(|check| format!("`{check}`"))
            .collect();
        let rule = entry.rule.unwrap_or_default();
        let _ = writeln!(
            page,
            "| `{}` | {} | `{rule}` | {} |",
            entry.name,
            entry.meaning,
            checks.join(", ")
        );
    }
    page
}

const HEAD: &str = "# Faults

What the mock archive can do wrong, exactly as told. This page is generated from the list in `mock-archive/src/fault.rs`; `just docs` writes it anew.

The same words everywhere: `Rule::when(storing()).then(RefuseInstance::default()).once()` in Rust; `{ \"when\": { \"service\": \"store\" }, \"then\": { \"refuse-instance\": {} },
\"often\": \"once\" }` sent to `POST /rules` of the control address, or as a `[[rules]]` table in a scenario file; `--fault refuse-instance:service=store:once` on the command line.
Arguments on the command line are fields of the fault; conditions (`service`, `protocol`, `method`, `path`, `header.NAME`, `query-key.NAME`, `media-type`, `connection`, `nth-of-connection`, `study`, `series`, `instance`,
`sop-class`, `transfer-syntax`, `patient-id`, `calling`, `called`, `level`, `number`); how often: `once`, `times=N`, `nth=N`, `nth=FROM-TO`, `every=N`, `seeded=P` or `seeded=P/SEED`; from when on: `after.time=500ms`, `after.exchanges=N`, `after.instances=N`,
`after.bytes=N`, `after.parts=N`, `after.pdus=N`; `in-state=NAME`, `to-state=NAME`, `priority=N`. A bare value is the fault's first field. Where a field has the name of one of these words it is the field: `when.` before a condition and `often.`
before a number say what is meant, as in `trickle:every=2s:often.every=3`. What begins with `{` is a whole rule in JSON.

States are those of a scenario: `in-state` and `to-state` of a rule, `start` and `[[transitions]]` of a file or of what is sent to `POST /scenarios`, `Transition::to(\"busy\").from(\"calm\").when(storing()).times(3)`
in Rust, and on the command line `--start calm --transition busy:from=calm:service=store:times=3`, with the words of a rule for when it is taken.

## Faults with fields
";

const NAMED_HEAD: &str = "
## Named faults

Each is a rule over the faults above; the names are those that the checks of the conformance harness know.

| name | what happens | rule | checks that notice |
|---|---|---|---|
";

fn unwrapped(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn word(moment: &crate::moment::Moment) -> String {
    serde_json::to_value(moment)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn kind(field: &Value) -> String {
    let choices: Vec<String> = field["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["const"].as_str())
        .map(|one| format!("`{one}`"))
        .collect();
    if !choices.is_empty() {
        return choices.join(", ");
    }
    if let Some(format) = field["format"]
        .as_str()
        .filter(|_| field["type"] == "string")
    {
        return format.to_owned();
    }
    match &field["type"] {
        Value::String(kind) if kind == "array" => format!(
            "list of {}",
            field["items"]["type"].as_str().unwrap_or("values")
        ),
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .filter(|kind| *kind != "null")
            .collect::<Vec<_>>()
            .join(" or "),
        _ => "value".to_owned(),
    }
}

fn default(field: &Value) -> String {
    match field.get("default") {
        None => "needed".to_owned(),
        Some(Value::Null) => "none".to_owned(),
        Some(value) => format!(
            "`{}`",
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        ),
    }
}
