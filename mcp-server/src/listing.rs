//! A page of rows with the truth about it: how many, whether there are more, what was left out and why.

use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use serde_json::{Map, Value as Json, json};

use crate::attribute::Attribute;
use crate::query::{Include, Search, show};
use crate::row::{Fit, Row};
use crate::text;

/// Rows that an archive returned, before any is believed.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The rows in the archive's order.
    pub rows: Vec<Row>,
    /// What the archive or the transport wants said.
    pub warnings: Vec<String>,
}

/// Whether rows follow the last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// None does.
    No,
    /// Some do.
    Yes,
    /// It could not be found out, for this reason.
    Unknown(String),
}

/// A page as it is told.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What a row is.
    pub level: Level,
    /// The study that was searched in.
    pub study: Option<Uid>,
    /// The series that was searched in.
    pub series: Option<Uid>,
    /// The rows that are what was asked for.
    pub rows: Vec<Row>,
    /// Rows skipped before the first.
    pub offset: usize,
    /// Whether rows follow.
    pub more: More,
    /// How many there are in all, where that is known.
    pub total: Option<usize>,
    /// What a reader has to know about the page.
    pub warnings: Vec<String>,
    /// Attributes shown.
    pub columns: &'static [Tag],
    /// Attributes shown beside these.
    pub include: Include,
    /// Attributes not shown.
    pub exclude: Vec<Tag>,
    /// Where the next page starts, where there may be one.
    pub next_offset: Option<usize>,
}

/// The UID that makes a row one of its level.
pub fn key(level: Level) -> Tag {
    match level {
        Level::Patient => tags::PATIENT_ID,
        Level::Study => tags::STUDY_INSTANCE_UID,
        Level::Series => tags::SERIES_INSTANCE_UID,
        Level::Instance => tags::SOP_INSTANCE_UID,
    }
}

/// The attributes that a reader of a level needs next; asked for and shown in this order.
pub fn columns(level: Level) -> &'static [Tag] {
    match level {
        Level::Patient => &[
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
        ],
        Level::Study => &[
            tags::STUDY_DATE,
            tags::STUDY_TIME,
            tags::PATIENT_NAME,
            tags::PATIENT_ID,
            tags::PATIENT_BIRTH_DATE,
            tags::PATIENT_SEX,
            tags::MODALITIES_IN_STUDY,
            tags::STUDY_DESCRIPTION,
            tags::ACCESSION_NUMBER,
            tags::NUMBER_OF_STUDY_RELATED_SERIES,
            tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
            tags::STUDY_INSTANCE_UID,
        ],
        Level::Series => &[
            tags::SERIES_NUMBER,
            tags::MODALITY,
            tags::SERIES_DESCRIPTION,
            tags::BODY_PART_EXAMINED,
            tags::SERIES_DATE,
            tags::SERIES_TIME,
            tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
            tags::SERIES_INSTANCE_UID,
        ],
        Level::Instance => &[
            tags::INSTANCE_NUMBER,
            tags::SOP_CLASS_UID,
            tags::NUMBER_OF_FRAMES,
            tags::ROWS,
            tags::COLUMNS,
            tags::CONTENT_DATE,
            tags::CONTENT_TIME,
            tags::SOP_INSTANCE_UID,
        ],
    }
}

/// What the rows of a level are called in structured content.
pub fn plural(level: Level) -> &'static str {
    match level {
        Level::Patient => "patients",
        Level::Study => "studies",
        Level::Series => "series",
        Level::Instance => "instances",
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

/// Takes out what is not what was asked for: empty rows, rows that do not fit a filter, rows without their UID, rows
/// that came before. Each is said once, with the number.
pub fn checked(search: &Search, page: Page) -> Page {
    let Page { rows, mut warnings } = page;
    let mut kept: Vec<Row> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    let scope = [
        (tags::STUDY_INSTANCE_UID, &search.study),
        (tags::SERIES_INSTANCE_UID, &search.series),
    ];
    for (tag, uid) in scope {
        let Some(uid) = uid else { continue };
        let before = kept.len();
        kept.retain(|row| row.text(tag).is_none_or(|value| value == uid.as_str()));
        if kept.len() < before {
            let keyword = Attribute::of(tag).keyword;
            warnings.push(format!(
                "the archive returned {} of another {keyword} than {uid}: left out",
                rows_of(before - kept.len()),
            ));
        }
    }
    for filter in &search.terms.filters {
        let fits: Vec<Fit> = kept
            .iter()
            .map(|row| row.fits(filter, search.terms.fuzzy))
            .collect();
        let key = filter.key();
        let said_by_some = fits.iter().any(|fit| *fit != Fit::Unknown);
        let is_name_search =
            search.terms.fuzzy || filter.path.iter().any(|part| part.vr == dicom_core::VR::PN);
        let refused = fits.iter().filter(|fit| **fit == Fit::No).count();
        if refused > 0 {
            warnings.push(format!(
                "the archive ignored {key}={}: {} left out that it returned all the same",
                show(&filter.matching),
                rows_of(refused),
            ));
        }
        if !fits.is_empty() && !said_by_some && !is_name_search {
            warnings.push(format!(
                "the archive did not return {key}, so whether it searched for {} could not be checked",
                show(&filter.matching),
            ));
        }
        let mut fits = fits.into_iter();
        kept.retain(|_| fits.next() != Some(Fit::No));
    }
    let key = key(search.level);
    let before = kept.len();
    kept.retain(|row| row.text(key).is_some());
    if kept.len() < before {
        warnings.push(format!(
            "{} left out without {}, with which nothing could be done",
            rows_of(before - kept.len()),
            Attribute::of(key).keyword
        ));
    }
    // What a reader of this level needs and no row even names: a reader must not take it for empty.
    let silent: Vec<String> = columns(search.level)
        .iter()
        .filter(|tag| {
            !is_optional(search.level, **tag)
                && !kept.is_empty()
                && kept.iter().all(|row| !row.names(**tag))
        })
        .map(|tag| Attribute::of(*tag).keyword)
        .collect();
    if !silent.is_empty() {
        warnings.push(format!("the archive did not return {}", silent.join(", ")));
    }
    let before = kept.len();
    let mut seen = BTreeSet::new();
    kept.retain(|row| seen.insert(row.text(key)));
    if kept.len() < before {
        warnings.push(format!(
            "the archive returned {} twice: shown once",
            rows_of(before - kept.len())
        ));
    }
    Page {
        rows: kept,
        warnings,
    }
}

/// Attributes of our columns that an archive need not return unasked (PS3.18 tables 10.6.3-3 to 10.6.3-5).
fn is_optional(level: Level, tag: Tag) -> bool {
    match level {
        Level::Patient => tag == tags::NUMBER_OF_PATIENT_RELATED_STUDIES,
        Level::Study => tag == tags::STUDY_DESCRIPTION,
        Level::Series => matches!(
            tag,
            tags::SERIES_DATE
                | tags::SERIES_TIME
                | tags::BODY_PART_EXAMINED
                | tags::SERIES_DESCRIPTION
        ),
        Level::Instance => matches!(
            tag,
            tags::CONTENT_DATE
                | tags::CONTENT_TIME
                | tags::NUMBER_OF_FRAMES
                | tags::ROWS
                | tags::COLUMNS
        ),
    }
}

fn rows_of(count: usize) -> String {
    if count == 1 {
        "1 row".to_owned()
    } else {
        format!("{count} rows")
    }
}

impl Listing {
    /// Puts the rows into the order in which people read them: studies newest first, the rest by number.
    pub fn sort(&mut self) {
        match self.level {
            Level::Patient => self
                .rows
                .sort_by_key(|row| (row.text(tags::PATIENT_NAME), row.text(tags::PATIENT_ID))),
            Level::Study => self.rows.sort_by_key(|row| {
                std::cmp::Reverse((row.text(tags::STUDY_DATE), row.text(tags::STUDY_TIME)))
            }),
            Level::Series => self.rows.sort_by_key(|row| {
                (
                    row.number(tags::SERIES_NUMBER).unwrap_or(i64::MAX),
                    row.text(tags::SERIES_INSTANCE_UID),
                )
            }),
            Level::Instance => self.rows.sort_by_key(|row| {
                (
                    row.number(tags::INSTANCE_NUMBER).unwrap_or(i64::MAX),
                    row.text(tags::SOP_INSTANCE_UID),
                )
            }),
        }
    }

    /// The columns that are shown: those of the level that have a value anywhere, then what was included.
    fn shown(&self) -> Vec<Attribute> {
        let mut shown: Vec<Tag> = self
            .columns
            .iter()
            .copied()
            .filter(|tag| self.rows.iter().any(|row| row.text(*tag).is_some()))
            .collect();
        let mut further: Vec<Tag> = match &self.include {
            Include::Attributes(attributes) => {
                attributes.iter().map(|attribute| attribute.tag).collect()
            }
            Include::All => self
                .rows
                .iter()
                .flat_map(Row::tags)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        further.retain(|tag| !shown.contains(tag));
        shown.extend(further);
        // A row that cannot be followed up is of no use, whatever was excluded.
        shown.retain(|tag| *tag == key(self.level) || !self.exclude.contains(tag));
        shown.into_iter().map(Attribute::of).collect()
    }

    /// Drops rows from the end until the text fits; what is dropped is on the next page and is said. To be done while
    /// the rows are in the archive's order.
    pub fn fit(&mut self, characters: usize) {
        let head = 1000;
        let mut room = characters.saturating_sub(head);
        let shown = self.shown();
        let mut keep = 0;
        for row in &self.rows {
            let length: usize = cells(row, &shown)
                .iter()
                .map(|cell| cell.chars().count() + 3)
                .sum();
            if length > room {
                break;
            }
            room -= length;
            keep += 1;
        }
        let keep = keep.max(1);
        if keep < self.rows.len() {
            self.warnings.push(format!(
                "{} more rows of this page are cut to keep the answer short",
                self.rows.len() - keep
            ));
            self.more = More::Yes;
            self.total = None;
            self.next_offset = self.rows.get(keep).map(|row| self.offset + row.position);
            self.rows.truncate(keep);
        }
    }

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
            "moreAvailable": match self.more { More::No => json!(false), More::Yes => json!(true), More::Unknown(_) => Json::Null },
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

fn cells(row: &Row, shown: &[Attribute]) -> Vec<String> {
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
