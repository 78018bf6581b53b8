//! find-series: the series of a study.

use dicom_wire::query::Level;

use super::find_studies::page;
use super::{Effect, FIELDS, LIMIT, OFFSET, Pending, STUDY, Session, Tool, query, terms};
use crate::arguments::Arguments;
use crate::listing;
use crate::query::Search;

pub(super) const TOOL: Tool = Tool {
    name: "find-series",
    title: "Find series",
    about: "Lists the series of one study by number, one row each with modality, description, body part, count and the Series \
            Instance UID that find-instances needs. Use it after find-studies. It does not search across studies.",
    parameters: &[
        STUDY,
        query(
            "Filters as key=value with spaces between, for example: Modality=CT limit=20. Keys are DICOM keywords or tags; \
             limit, offset, includefield and fuzzymatching too. Empty for all series.",
        ),
        LIMIT,
        OFFSET,
        FIELDS,
    ],
    output: || listing::schema(Level::Series),
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let search = Search {
            level: Level::Series,
            study: Some(arguments.uid(STUDY.name)?),
            series: None,
            terms: terms(Level::Series, &arguments)?,
        };
        page(session, &search).await
    })
}
