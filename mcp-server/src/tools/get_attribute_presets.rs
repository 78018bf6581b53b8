//! get-attribute-presets: the sets of attributes that `fields` takes by name.

use dicom_wire::query::Level;
use serde_json::{Map, Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::attribute::Attribute;
use crate::listing::plural;
use crate::preset;

const LEVELS: [Level; 4] = [Level::Patient, Level::Study, Level::Series, Level::Instance];

pub(super) const TOOL: Tool = Tool {
    name: "get-attribute-presets",
    title: "Sets of attributes",
    about: "Tells which attributes the sets minimal, standard and extended have at each level; the argument fields of the find tools takes \
            their names. Use it to see what a row can be made to show. It asks no archive anything.",
    parameters: &[],
    output: || {
        let level = json!({
            "type": "object",
            "properties": preset::NAMES.iter().map(|name| ((*name).to_owned(), json!({"type": "array", "items": {"type": "string"}}))).collect::<Map<_, _>>(),
            "required": preset::NAMES,
            "additionalProperties": false
        });
        let levels: Map<String, Json> = LEVELS
            .iter()
            .map(|of| (plural(*of).to_owned(), level.clone()))
            .collect();
        json!({"type": "object", "properties": levels, "required": LEVELS.map(plural), "additionalProperties": false})
    },
    effect: Effect::Reads,
    call,
};

/// The sets of every level, as structured content.
pub(crate) fn sets() -> Json {
    let levels = LEVELS.map(|level| {
        let sets: Map<String, Json> = preset::NAMES
            .iter()
            .map(|name| {
                let tags = preset::named(name, level).unwrap_or_default();
                let keywords = tags.iter().map(|tag| json!(Attribute::of(*tag).keyword));
                ((*name).to_owned(), keywords.collect())
            })
            .collect();
        (plural(level).to_owned(), Json::Object(sets))
    });
    Json::Object(levels.into_iter().collect())
}

fn call(_: &Session, _: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let mut lines = Vec::new();
        for level in LEVELS {
            for name in preset::NAMES {
                let tags = preset::named(name, level).unwrap_or_default();
                let keywords: Vec<String> =
                    tags.iter().map(|tag| Attribute::of(*tag).keyword).collect();
                lines.push(format!("{} {name}: {}", plural(level), keywords.join(" ")));
            }
        }
        Ok(Answer::done(lines.join("\n"), sets()))
    })
}
