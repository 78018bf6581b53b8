//! find-patients: patients, over DICOMweb out of their studies.

use std::collections::BTreeMap;

use dicom_dictionary_std::tags;
use dicom_wire::query::Level;

use super::find_studies::page;
use super::{Effect, FIELDS, LIMIT, OFFSET, Pending, Session, Tool, query, terms};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::error::Failure;
use crate::listing::{Listing, More};
use crate::query::{DEFAULT_LIMIT, Search};
use crate::row::Row;
use crate::{find, listing};

pub(super) const TOOL: Tool = Tool {
    name: "find-patients",
    title: "Find patients",
    about: "Searches the archive for patients and shows one row each with name, ID, birth date, sex and number of studies. Use it when \
            several people may have the same name; go on with find-studies and PatientID, or with get-study-overview. DICOMweb has no \
            search for patients, so there it goes through the studies.",
    parameters: &[
        query(
            "Filters as key=value with spaces between, for example: PatientName=DOE* PatientBirthDate=19800101-. Names are FAMILY^GIVEN. Keys are those of a \
             patient: PatientName, PatientID, PatientBirthDate, PatientSex. Empty for all patients.",
        ),
        LIMIT,
        OFFSET,
        FIELDS,
    ],
    output: || listing::schema(Level::Patient),
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let search = Search {
            level: Level::Patient,
            study: None,
            series: None,
            terms: terms(Level::Patient, &arguments)?,
        };
        answer(session, &search).await
    })
}

/// A page of patients, over whichever protocol there is.
pub(crate) async fn answer(session: &Session, search: &Search) -> Result<Answer, Failure> {
    if session.backend.web().is_none() {
        return page(session, search).await;
    }
    let mut listing = grouped(session, search).await?;
    listing.fit(session.config.limits.text);
    session.mask.rows(&mut listing.rows);
    Ok(Answer::done(listing.text(), listing.json()))
}

/// The patients of all studies that match, one page of them.
async fn grouped(session: &Session, search: &Search) -> Result<Listing, Failure> {
    let deadline = session.deadline();
    let search = session.meant(search);
    let limit = search.terms.limit.unwrap_or(DEFAULT_LIMIT);
    let offset = search.terms.offset;
    let mut studies = search.clone();
    studies.level = Level::Study;
    studies.terms.offset = 0;
    let whole = find::all(&session.backend, &studies, &deadline).await?;
    let mut patients: BTreeMap<String, (Row, usize)> = BTreeMap::new();
    let mut nameless = 0;
    for row in &whole.rows {
        let Some(id) = row.text(tags::PATIENT_ID) else {
            nameless += 1;
            continue;
        };
        patients.entry(id).or_insert_with(|| (row.clone(), 0)).1 += 1;
    }
    let mut warnings = whole.warnings;
    if nameless > 0 {
        warnings.push(format!(
            "{nameless} studies without PatientID left out: find-studies shows them"
        ));
    }
    let mut rows: Vec<Row> = patients
        .into_values()
        .map(|(mut row, studies)| {
            row.put_number(tags::NUMBER_OF_PATIENT_RELATED_STUDIES, studies);
            row
        })
        .collect();
    let columns = search
        .terms
        .columns
        .unwrap_or(listing::columns(Level::Patient));
    let mut listing = Listing {
        level: Level::Patient,
        study: None,
        series: None,
        rows: Vec::new(),
        columns,
        offset,
        more: More::No,
        total: None,
        warnings,
        include: search.terms.include.clone(),
        exclude: search.terms.exclude.clone(),
        next_offset: None,
    };
    std::mem::swap(&mut listing.rows, &mut rows);
    listing.sort();
    let all = listing.rows.len();
    listing.rows = listing.rows.drain(..).skip(offset).take(limit).collect();
    for (position, row) in listing.rows.iter_mut().enumerate() {
        row.position = position;
    }
    let end = offset + listing.rows.len();
    listing.more = match whole.more {
        _ if end < all => More::Yes,
        More::No => More::No,
        More::Yes => More::Unknown("not all studies were gone through".to_owned()),
        unknown => unknown,
    };
    listing.next_offset = (end < all).then_some(end);
    listing.total = (listing.more == More::No && (offset == 0 || end > offset)).then_some(all);
    Ok(listing)
}
