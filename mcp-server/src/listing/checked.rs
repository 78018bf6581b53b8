//! What an archive returned against what it was asked for.

use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::query::Level;

use super::{Page, columns, key};
use crate::attribute::Attribute;
use crate::query::{Search, show};
use crate::row::{Fit, Row};

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
