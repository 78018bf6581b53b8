//! find-studies: studies by patient, date, modality and more.

use dicom_wire::query::Level;

use super::{Effect, FIELDS, LIMIT, OFFSET, Pending, Session, Tool, query, terms};
use crate::answer::Answer;
use crate::arguments::Arguments;
use crate::error::Failure;
use crate::query::Search;
use crate::{find, listing};

pub(super) const TOOL: Tool = Tool {
    name: "find-studies",
    title: "Find studies",
    about: "Searches the archive for studies and shows one row each with patient, date, modalities, description, counts and the Study \
            Instance UID that the other tools need, newest first within the page. Use it first. It says whether more studies follow and at which offset \
            the next page starts. It does not look inside series; find-series does.",
    parameters: &[
        query(
            "Filters as key=value with spaces between, for example: PatientName=DOE* StudyDate=20240101-20240131 \
         ModalitiesInStudy=CT limit=20. Names are FAMILY^GIVEN. Keys are DICOM keywords or tags; limit, offset, includefield and fuzzymatching too. \
         Empty for all studies.",
        ),
        LIMIT,
        OFFSET,
        FIELDS,
    ],
    output: || listing::schema(Level::Study),
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let search = Search {
            level: Level::Study,
            study: None,
            series: None,
            terms: terms(Level::Study, &arguments)?,
        };
        page(session, &search).await
    })
}

/// One page of a search, fitted and sorted: what the three general find tools answer.
pub(crate) async fn page(session: &Session, search: &Search) -> Result<Answer, Failure> {
    let deadline = session.deadline();
    let search = &session.meant(search);
    let mut listing = find::page(&session.backend, search, &deadline).await?;
    if listing.rows.is_empty() && listing.offset == 0 {
        find::scope_exists(&session.backend, search, &deadline).await?;
    }
    listing.fit(session.config.limits.text);
    listing.sort();
    if let (Level::Series, Some(study)) = (search.level, &search.study) {
        session.note_series(study, &listing.rows);
    }
    session.mask.rows(&mut listing.rows);
    Ok(Answer::done(listing.text(), listing.json()))
}
