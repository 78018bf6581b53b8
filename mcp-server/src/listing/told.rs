//! A page as text and as structured content.

use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use serde_json::{Map, Value as Json, json};

use super::{Listing, More, columns, key, plural};
use crate::attribute::Attribute;
use crate::row::Row;
use crate::text;

impl Listing {
    /// The page as text: what it is in the first line, warnings, one line a row.
    pub fn text(&self) -> String {
        let mut lines = vec![self.headline()];
        if !self.rows.is_empty() {
            lines.extend(
                self.study
                    .iter()
                    .map(|uid| format!("StudyInstanceUID: {uid}")),
            );
            lines.extend(
                self.series
                    .iter()
                    .map(|uid| format!("SeriesInstanceUID: {uid}")),
            );
        }
        lines.extend(
            self.warnings
                .iter()
                .map(|warning| format!("Warning: {}", text::escape(warning))),
        );
        if !self.rows.is_empty() {
            let shown = self.shown();
            let keywords = shown.iter().map(|attribute| attribute.keyword.clone());
            lines.push(keywords.collect::<Vec<_>>().join(" | "));
            lines.extend(self.rows.iter().map(|row| cells(row, &shown).join(" | ")));
        }
        lines.join("\n")
    }

    fn headline(&self) -> String {
        let what = plural(self.level);
        let next = self
            .next_offset
            .map(|offset| format!("; the next page has offset={offset}"))
            .unwrap_or_default();
        let some = match self.rows.len() {
            0 if self.more != More::No => format!("No {what} on this page"),
            0 => format!("No {what} found"),
            count if self.offset == 0 => counted(count, self.level),
            count => format!("{} from offset {}", counted(count, self.level), self.offset),
        };
        match (&self.more, self.total) {
            (More::No, _) if self.rows.is_empty() && self.offset == 0 => format!("{some}."),
            (More::No, Some(total)) if self.offset > 0 => {
                format!("{some}, {total} in all, no more.")
            }
            (More::No, _) => format!("{some}, no more."),
            (More::Yes, _) => format!("{some}, more available{next}."),
            (More::Unknown(why), _) => {
                format!(
                    "{some}; whether there are more is unknown: {}{next}.",
                    text::escape(why)
                )
            }
        }
    }

    /// The page as structured content.
    pub fn json(&self) -> Json {
        let shown = self.shown();
        let rows: Vec<Json> = self
            .rows
            .iter()
            .map(|row| {
                let fields = shown.iter().filter_map(|attribute| {
                    Some((attribute.keyword.clone(), row.json(attribute.tag)?))
                });
                Json::Object(fields.collect())
            })
            .collect();
        let mut json = json!({
            "returned": rows.len(),
            "offset": self.offset,
            "moreAvailable": self.more.json(),
            "warnings": self.warnings,
            (plural(self.level)): rows,
        });
        let uid = |uid: &Option<Uid>| uid.as_ref().map(|uid| json!(uid.as_str()));
        let further = [
            ("studyInstanceUid", uid(&self.study)),
            ("seriesInstanceUid", uid(&self.series)),
            ("total", self.total.map(Json::from)),
            ("nextOffset", self.next_offset.map(Json::from)),
            (
                "moreUnknownBecause",
                match &self.more {
                    More::Unknown(why) => Some(json!(why)),
                    _ => None,
                },
            ),
        ];
        if let Json::Object(object) = &mut json {
            object.extend(
                further
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.to_owned(), value?))),
            );
        }
        json
    }
}

fn counted(count: usize, level: Level) -> String {
    let one = match level {
        Level::Patient => "patient",
        Level::Study => "study",
        Level::Series => "series",
        Level::Instance => "instance",
    };
    format!("{count} {}", if count == 1 { one } else { plural(level) })
}

pub(super) fn cells(row: &Row, shown: &[Attribute]) -> Vec<String> {
    shown
        .iter()
        .map(|attribute| {
            text::cell(&text::cut(
                &row.text(attribute.tag).unwrap_or_default(),
                200,
            ))
        })
        .collect()
}

/// The JSON schema of [`Listing::json`].
pub fn schema(level: Level) -> Json {
    let value = json!({"anyOf": [
        {"type": ["string", "number"]},
        {"type": "array", "items": {"type": ["string", "number"]}}
    ]});
    let columns: Map<String, Json> = columns(level)
        .iter()
        .map(|tag| {
            (
                Attribute::of(*tag).keyword,
                json!({"$ref": "#/$defs/value"}),
            )
        })
        .collect();
    json!({
        "type": "object",
        "properties": {
            "studyInstanceUid": {"type": "string", "description": "The study that was searched in."},
            "seriesInstanceUid": {"type": "string", "description": "The series that was searched in."},
            "returned": {"type": "integer", "minimum": 0, "description": "Rows of this page."},
            "offset": {"type": "integer", "minimum": 0, "description": "Rows skipped before the first one."},
            "moreAvailable": {"type": ["boolean", "null"], "description": "Whether rows follow; null where that is unknown."},
            "moreUnknownBecause": {"type": "string"},
            "total": {"type": "integer", "minimum": 0, "description": "Rows in all, where known."},
            "nextOffset": {"type": "integer", "minimum": 0, "description": "The offset of the next page."},
            "warnings": {"type": "array", "items": {"type": "string"}, "description": "What has to be known about these rows."},
            (plural(level)): {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": columns,
                    "required": [Attribute::of(key(level)).keyword],
                    "additionalProperties": {"$ref": "#/$defs/value"}
                }
            }
        },
        "required": ["returned", "offset", "moreAvailable", "warnings", plural(level)],
        "additionalProperties": false,
        "$defs": {"value": value}
    })
}
