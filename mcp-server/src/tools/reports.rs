//! Reports of a study by their SOP class: neither modality nor a fixed list of classes decides.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use serde_json::{Value as Json, json};

use super::Session;
use crate::answer::Answer;
use crate::attribute::Attribute;
use crate::error::Failure;
use crate::find;
use crate::listing::{Listing, More};
use crate::query::{Include, Search, Terms};
use crate::row::Row;
use crate::text;

/// What is asked for beyond the columns of an instance.
pub(super) const ASKED: [Tag; 7] = [
    tags::SERIES_INSTANCE_UID,
    tags::MODALITY,
    tags::DOCUMENT_TITLE,
    tags::CONCEPT_NAME_CODE_SEQUENCE,
    tags::COMPLETION_FLAG,
    tags::VERIFICATION_FLAG,
    tags::SERIES_DESCRIPTION,
];

/// What is shown of a report.
pub(super) const SHOWN: [Tag; 10] = [
    tags::SOP_CLASS_UID,
    tags::DOCUMENT_TITLE,
    tags::SERIES_DESCRIPTION,
    tags::CONTENT_DATE,
    tags::CONTENT_TIME,
    tags::COMPLETION_FLAG,
    tags::VERIFICATION_FLAG,
    tags::INSTANCE_NUMBER,
    tags::SERIES_INSTANCE_UID,
    tags::SOP_INSTANCE_UID,
];

/// Every instance of the study that `is_one` takes by its SOP Class UID.
pub(super) async fn find(
    session: &Session,
    study: dicom_wire::uid::Uid,
    terms: Terms,
    what: &str,
    is_one: impl Fn(&str) -> bool,
) -> Result<Answer, Failure> {
    let deadline = session.deadline();
    let mut search = Search {
        level: Level::Instance,
        study: Some(study),
        series: None,
        terms,
    };
    search.terms.include = Include::Attributes(ASKED.map(Attribute::of).into());
    let mut listing = find::all(&session.backend, &search, &deadline).await?;
    if listing.rows.is_empty() {
        find::scope_exists(&session.backend, &search, &deadline).await?;
    }
    let nameless = listing
        .rows
        .iter()
        .filter(|row| row.text(tags::SOP_CLASS_UID).is_none())
        .count();
    if nameless > 0 {
        listing.warnings.push(format!(
            "{nameless} instances without SOPClassUID: whether they are {what} is unknown"
        ));
    }
    listing.rows.retain(|row| {
        row.text(tags::SOP_CLASS_UID)
            .is_some_and(|class| is_one(&class))
    });
    listing.rows.iter_mut().for_each(give_title);
    listing.sort();
    session.mask.rows(&mut listing.rows);
    Ok(Answer::done(told(&listing, what), structured(&listing)))
}

/// Whether it is a structured report or a key object selection: every such SOP class, also those to come (PS3.4 B.5, PS3.6 A).
pub(super) fn is_structured(class: &str) -> bool {
    class.starts_with("1.2.840.10008.5.1.4.1.1.88.")
}

/// A report without a title has that of its content.
pub(super) fn give_title(row: &mut Row) {
    if row.text(tags::DOCUMENT_TITLE).is_none()
        && let Some(title) = row
            .item(tags::CONCEPT_NAME_CODE_SEQUENCE)
            .and_then(|item| item.text(tags::CODE_MEANING))
    {
        row.put(tags::DOCUMENT_TITLE, title);
    }
}

fn told(listing: &Listing, what: &str) -> String {
    let complete = match &listing.more {
        More::No => String::new(),
        More::Yes => "; the study has more instances that were not gone through".to_owned(),
        More::Unknown(why) => format!("; there may be more: {}", text::escape(why)),
    };
    let mut lines = vec![match listing.rows.len() {
        0 => format!("No {what} found in the study{complete}."),
        1 => format!("1 {}{complete}.", what.trim_end_matches('s')),
        count => format!("{count} {what}{complete}."),
    }];
    lines.extend(
        listing
            .warnings
            .iter()
            .map(|warning| format!("Warning: {}", text::escape(warning))),
    );
    let shown = shown(listing);
    if !listing.rows.is_empty() {
        lines.push(
            shown
                .iter()
                .map(|tag| Attribute::of(*tag).keyword)
                .collect::<Vec<_>>()
                .join(" | "),
        );
    }
    for row in &listing.rows {
        let cells = shown
            .iter()
            .map(|tag| text::cell(&text::cut(&value(row, *tag).unwrap_or_default(), 200)));
        lines.push(cells.collect::<Vec<_>>().join(" | "));
    }
    lines.join("\n")
}

fn shown(listing: &Listing) -> Vec<Tag> {
    SHOWN
        .into_iter()
        .filter(|tag| listing.rows.iter().any(|row| row.text(*tag).is_some()))
        .collect()
}

/// The value as shown: a SOP class with its name.
fn value(row: &Row, tag: Tag) -> Option<String> {
    let text = row.text(tag)?;
    Some(match tag {
        tags::SOP_CLASS_UID => {
            class_name(&text).map_or(text.clone(), |name| format!("{name} ({text})"))
        }
        _ => text,
    })
}

fn class_name(uid: &str) -> Option<&'static str> {
    use dicom_core::dictionary::UidDictionary;
    dicom_dictionary_std::StandardSopClassDictionary
        .by_uid(uid)
        .map(|entry| entry.name)
}

fn structured(listing: &Listing) -> Json {
    let shown = shown(listing);
    let rows: Vec<Json> = listing
        .rows
        .iter()
        .map(|row| {
            let fields = shown
                .iter()
                .filter_map(|tag| Some((Attribute::of(*tag).keyword, json!(value(row, *tag)?))));
            Json::Object(fields.collect())
        })
        .collect();
    json!({
        "returned": rows.len(),
        "moreAvailable": listing.more.json(),
        "warnings": listing.warnings,
        "reports": rows,
    })
}

pub(super) fn schema() -> Json {
    let properties: serde_json::Map<String, Json> = SHOWN
        .iter()
        .map(|tag| (Attribute::of(*tag).keyword, json!({"type": "string"})))
        .collect();
    json!({
        "type": "object",
        "properties": {
            "returned": {"type": "integer", "minimum": 0, "description": "Reports found."},
            "moreAvailable": {"type": ["boolean", "null"], "description": "Whether instances of the study were not gone through; null where that is unknown."},
            "warnings": {"type": "array", "items": {"type": "string"}},
            "reports": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": properties,
                    "required": ["SOPClassUID", "SOPInstanceUID"],
                    "additionalProperties": false
                }
            }
        },
        "required": ["returned", "moreAvailable", "warnings", "reports"],
        "additionalProperties": false
    })
}
