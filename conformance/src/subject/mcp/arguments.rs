//! Arguments that cannot be right, made from what tools say about theirs.

use serde_json::{Map, Value, json};

use crate::identity::Dice;

/// A call that has to be refused.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The tool.
    pub(crate) tool: String,
    /// What it is called with.
    pub(crate) arguments: Map<String, Value>,
    /// The arguments that are wrong or missing.
    pub(crate) wrong: Vec<String>,
}

impl Case {
    /// In one line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.tool, Value::Object(self.arguments.clone()))
    }
}

/// For each argument of a tool: an object in its place, nothing where it is required, and for UIDs one that cannot be.
pub(crate) fn wrong(tool: &Value) -> Vec<Case> {
    let name = tool["name"].as_str().unwrap_or_default();
    let schema = &tool["inputSchema"];
    let Some(properties) = schema["properties"].as_object() else {
        return Vec::new();
    };
    let required: Vec<_> = (schema["required"].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .collect();
    // What is required beside the wrong one is given, as far as its type tells how.
    let given: Map<String, Value> = (required.iter())
        .filter_map(|&name| Some((name.to_owned(), likely(name, properties.get(name)?))))
        .collect();
    let mut cases = Vec::new();
    let mut case = |arguments: Map<String, Value>, wrong: &str| {
        cases.push(Case {
            tool: name.to_owned(),
            arguments,
            wrong: vec![wrong.to_owned()],
        });
    };
    for (property, about) in properties {
        let with = |value: Value| {
            let mut arguments = given.clone();
            arguments.insert(property.clone(), value);
            arguments
        };
        if !may_be_object(about) {
            case(with(json!({"wrong": [1]})), property);
        }
        if required.contains(&property.as_str()) {
            let mut arguments = given.clone();
            arguments.remove(property);
            case(arguments, property);
            if is_uid(property) {
                case(with(json!("1..2")), property);
            }
        }
    }
    cases
}

/// So many calls of wrong arguments from several of the cases of a tool.
pub(crate) fn mixed(cases: &[Case], count: usize, dice: &mut Dice) -> Vec<Case> {
    let mut mixed = Vec::new();
    for _ in 0..count.min(cases.len() * cases.len()) {
        let pick = |dice: &mut Dice| &cases[(dice.roll() % cases.len() as u64) as usize];
        let (first, second) = (pick(dice), pick(dice));
        if first.tool != second.tool {
            mixed.push(first.clone());
            continue;
        }
        let mut case = first.clone();
        for name in &second.wrong {
            match second.arguments.get(name) {
                Some(value) => case.arguments.insert(name.clone(), value.clone()),
                None => case.arguments.remove(name),
            };
        }
        case.wrong.extend(second.wrong.iter().cloned());
        mixed.push(case);
    }
    mixed
}

/// A value that an argument of this name and type can have.
fn likely(name: &str, about: &Value) -> Value {
    match about["type"].as_str() {
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(false),
        Some("array") => json!(["x"]),
        Some("object") => json!({}),
        _ if is_uid(name) => json!("1.2.3"),
        _ => json!("x"),
    }
}

fn is_uid(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with("uid")
}

/// Whether an object could be right: its type says so, or says nothing.
fn may_be_object(about: &Value) -> bool {
    let object = |kind: &Value| kind == "object";
    if let Some(any) = about["anyOf"].as_array() {
        return any.iter().any(may_be_object);
    }
    match &about["type"] {
        Value::Array(kinds) => kinds.iter().any(object),
        Value::Null => about.get("enum").is_none(),
        kind => object(kind),
    }
}

#[cfg(test)]
mod tests {
    use crate::identity::Identity;

    use super::*;

    #[test]
    fn each_argument_is_wrong_once_in_each_way() {
        let tool = json!({"name": "look", "inputSchema": {
            "properties": {
                "studyUid": {"type": "string"}, "limit": {"type": ["integer", "null"]},
                "free": {}, "map": {"type": "object"},
            },
            "required": ["studyUid"],
        }});
        let cases = wrong(&tool);
        let mut made: Vec<_> = cases
            .iter()
            .map(|case| Value::Object(case.arguments.clone()))
            .collect();
        let mut wanted = vec![
            json!({"limit": {"wrong": [1]}, "studyUid": "1.2.3"}),
            json!({"studyUid": {"wrong": [1]}}),
            json!({}),
            json!({"studyUid": "1..2"}),
        ];
        // Which comes first is up to the order of the schema.
        made.sort_by_key(|value| value["studyUid"].to_string());
        wanted.sort_by_key(|value| value["studyUid"].to_string());
        assert_eq!(made, wanted);
        let mut dice = Identity::new(1).dice("mix");
        assert_eq!(mixed(&cases, 9, &mut dice).len(), 9);
        assert!(mixed(&[], 9, &mut dice).is_empty());
    }
}
