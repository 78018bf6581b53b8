//! A page of rows with the truth about it: how many, whether there are more, what was left out and why.

use std::collections::BTreeSet;

mod checked;
mod columns;
mod told;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use serde_json::{Value as Json, json};

use crate::attribute::Attribute;
use crate::query::Include;
use crate::row::Row;

pub use checked::checked;
pub use columns::{columns, key, plural};
pub use told::schema;

use told::cells;

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

impl More {
    /// As structured content has it: true, false, or null where it is unknown.
    pub fn json(&self) -> Json {
        match self {
            Self::No => json!(false),
            Self::Yes => json!(true),
            Self::Unknown(_) => Json::Null,
        }
    }
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
}
