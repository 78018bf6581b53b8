//! What tools about one instance share: its three UIDs as arguments and in the answer.

use serde_json::{Value as Json, json};

use crate::arguments::{Arguments, Kind, Parameter};
use crate::backend::Instance;
use crate::error::Failure;

pub(super) const STUDY: Parameter = Parameter {
    name: "studyInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "Study Instance UID, as find-studies shows it.",
};
pub(super) const SERIES: Parameter = Parameter {
    name: "seriesInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "Series Instance UID, as find-series shows it.",
};
pub(super) const INSTANCE: Parameter = Parameter {
    name: "sopInstanceUid",
    kind: Kind::Uid,
    required: true,
    about: "SOP Instance UID, as find-instances or a find-…-reports tool shows it.",
};

pub(super) fn instance(arguments: &Arguments) -> Result<Instance, Failure> {
    Ok(Instance {
        study: arguments.uid(STUDY.name)?,
        series: arguments.uid(SERIES.name)?,
        instance: arguments.uid(INSTANCE.name)?,
    })
}

/// The three UIDs of an instance as members of structured content.
pub(super) fn uids(of: &Instance) -> Json {
    json!({
        "studyInstanceUid": of.study.as_str(),
        "seriesInstanceUid": of.series.as_str(),
        "sopInstanceUid": of.instance.as_str(),
    })
}

/// The schema of structured content about one instance: its UIDs and `further` members, all of them required but those
/// in `optional`.
pub(super) fn instance_schema(further: Json, optional: &[&str]) -> Json {
    let mut properties = json!({
        "studyInstanceUid": {"type": "string"},
        "seriesInstanceUid": {"type": "string"},
        "sopInstanceUid": {"type": "string"},
    });
    if let (Json::Object(properties), Json::Object(further)) = (&mut properties, further) {
        properties.extend(further);
    }
    let required: Vec<String> = properties
        .as_object()
        .map(|properties| {
            properties
                .keys()
                .filter(|name| !optional.contains(&name.as_str()))
                .cloned()
                .collect()
        })
        .unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// `of` with the members of `further`.
pub(super) fn with(of: &Instance, further: Json) -> Json {
    let mut all = uids(of);
    if let (Json::Object(all), Json::Object(further)) = (&mut all, further) {
        all.extend(further);
    }
    all
}
