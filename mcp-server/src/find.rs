//! A search with the truth about what may follow: what every find tool does.

mod names;

use dicom_dictionary_std::tags;
use dicom_wire::query::{Level, Matching};
use dicom_wire::uid::Uid;

use crate::backend::{Backend, Deadline};
use crate::error::Failure;
use crate::listing::{self, Listing, More, Page};
use crate::query::{DEFAULT_LIMIT, Filter, Search, Terms};

/// Rows asked for at once where all of them are wanted.
const WHOLE_PAGE: usize = 500;
/// The most rows that are gone through where all of them are wanted.
const WHOLE_LIMIT: usize = 20_000;

/// One page. Asks for one row more than wanted; where an archive may have capped the page, it is asked for what follows.
pub async fn page(
    backend: &Backend,
    search: &Search,
    deadline: &Deadline,
) -> Result<Listing, Failure> {
    let limit = search.terms.limit.unwrap_or(DEFAULT_LIMIT);
    let offset = search.terms.offset;
    let mut page = backend.search(search, limit + 1, offset, deadline).await?;
    page.rows.retain(|row| !row.is_empty());
    for (position, row) in page.rows.iter_mut().enumerate() {
        row.position = position;
    }
    let received = page.rows.len();
    if received > limit + 1 {
        page.warnings.push(format!(
            "the archive ignored limit={} and returned {received} rows",
            limit + 1
        ));
    }
    page.rows.truncate(limit);
    // One row more than wanted was asked for, so an archive's own count of what remains is off by one.
    let remaining = page.warnings.len();
    page.warnings
        .retain(|warning| !warning.contains("additional results"));
    let more = if received > limit || page.warnings.len() < remaining {
        More::Yes
    } else {
        follows(backend, search, &mut page, deadline).await
    };
    let next_offset = (more == More::Yes).then_some(offset + page.rows.len());
    let before = page.rows.len();
    let mut page = listing::checked(search, page);
    if page.rows.is_empty() && offset == 0 && more == More::No {
        page.warnings.extend(names::turned_round(search));
    }
    let complete = offset == 0 || page.rows.len() == before;
    let total = (more == More::No && complete).then_some(offset + page.rows.len());
    // Past the end an archive says nothing about how many there are.
    let total = total.filter(|_| offset == 0 || before > 0);
    Ok(Listing {
        level: search.level,
        study: search.study.clone(),
        series: search.series.clone(),
        rows: page.rows,
        offset,
        more,
        total,
        warnings: page.warnings,
        columns: search
            .terms
            .columns
            .unwrap_or(listing::columns(search.level)),
        include: search.terms.include.clone(),
        exclude: search.terms.exclude.clone(),
        next_offset,
    })
}

/// Whether rows follow a page that was not longer than asked for.
async fn follows(backend: &Backend, search: &Search, page: &mut Page, deadline: &Deadline) -> More {
    let received = page.rows.len();
    let key = listing::key(search.level);
    let names_one = search.terms.filters.iter().any(|filter| {
        matches!((filter.path.as_slice(), &filter.matching), ([one], Matching::Value(_)) if one.tag == key)
    });
    if received == 0 || names_one || received < backend.largest_page() {
        return More::No;
    }
    let offset = search.terms.offset + received;
    match backend.search(search, 1, offset, deadline).await {
        Err(failure) => More::Unknown(format!(
            "asking for the row at offset {offset} failed: {failure}"
        )),
        Ok(next) => match next.rows.iter().find(|row| !row.is_empty()) {
            None => {
                backend.note_page(received);
                More::No
            }
            Some(row)
                if page
                    .rows
                    .iter()
                    .any(|known| known.text(key) == row.text(key)) =>
            {
                More::Unknown("the archive ignores offset".to_owned())
            }
            Some(_) => {
                page.warnings
                    .push(format!("the archive returned only {received} rows at once"));
                More::Yes
            }
        },
    }
}

/// All rows, page after page. Where that cannot be, the listing says so in `more`.
pub async fn all(
    backend: &Backend,
    search: &Search,
    deadline: &Deadline,
) -> Result<Listing, Failure> {
    let mut search = search.clone();
    search.terms.limit = Some(WHOLE_PAGE);
    let mut whole = page(backend, &search, deadline).await?;
    while let (More::Yes, Some(offset)) = (&whole.more, whole.next_offset) {
        if offset >= WHOLE_LIMIT || offset <= search.terms.offset {
            whole.more = More::Unknown(format!("only the first {offset} rows were gone through"));
            break;
        }
        search.terms.offset = offset;
        let next = page(backend, &search, deadline)
            .await
            .map_err(|failure| incomplete(failure, offset))?;
        let key = listing::key(search.level);
        let known: std::collections::BTreeSet<_> =
            whole.rows.iter().map(|row| row.text(key)).collect();
        let before = next.rows.len();
        let fresh: Vec<_> = next
            .rows
            .into_iter()
            .filter(|row| !known.contains(&row.text(key)))
            .collect();
        if fresh.is_empty() && before > 0 {
            whole.more = More::Unknown("the archive returns the same rows again".to_owned());
            break;
        }
        whole.rows.extend(fresh);
        for warning in next.warnings {
            if !whole.warnings.contains(&warning) {
                whole.warnings.push(warning);
            }
        }
        (whole.more, whole.next_offset) = (next.more, next.next_offset);
    }
    whole.total = (whole.more == More::No).then_some(whole.rows.len());
    Ok(whole)
}

/// An error where the study or series that a search is confined to is not in the archive: then "none" is no answer.
pub async fn scope_exists(
    backend: &Backend,
    search: &Search,
    deadline: &Deadline,
) -> Result<(), Failure> {
    let Some(study) = &search.study else {
        return Ok(());
    };
    let one = |level, tag, uid: &Uid| Search {
        level,
        study: (level != Level::Study).then(|| study.clone()),
        series: None,
        terms: Terms {
            filters: vec![Filter::exact(tag, uid.as_str())],
            ..Terms::default()
        },
    };
    let mut scope = vec![(
        "study",
        study,
        one(Level::Study, tags::STUDY_INSTANCE_UID, study),
    )];
    if let Some(series) = &search.series {
        scope.push((
            "series",
            series,
            one(Level::Series, tags::SERIES_INSTANCE_UID, series),
        ));
    }
    for (what, uid, search) in scope {
        let page = listing::checked(&search, backend.search(&search, 1, 0, deadline).await?);
        if page.rows.is_empty() {
            return Err(Failure::Absent {
                what,
                uid: uid.to_string(),
            });
        }
    }
    Ok(())
}

/// Says of a failure that rows had come before it.
fn incomplete(failure: Failure, rows: usize) -> Failure {
    failure.while_doing(|doing| {
        format!("{doing} to the end (the first {rows} rows came, they are incomplete)")
    })
}

/// What is done when a search of this level is made, as a failure names it.
pub fn doing(level: Level) -> String {
    format!("search {}", listing::plural(level))
}
