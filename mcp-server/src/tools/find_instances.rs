//! find-instances: the instances of a series.

use dicom_wire::query::Level;

use super::find_studies::page;
use super::{Effect, FIELDS, LIMIT, OFFSET, Pending, SERIES, STUDY, Session, Tool, query, terms};
use crate::arguments::Arguments;
use crate::listing;
use crate::query::Search;

pub(super) const TOOL: Tool = Tool {
    name: "find-instances",
    title: "Find instances",
    about: "Lists the instances of one series by number, one row each with SOP class, frames, size and the SOP Instance UID that \
            render-instance-frame and the get-… tools need. Use it after find-series. It does not search across series.",
    parameters: &[
        STUDY,
        SERIES,
        query(
            "Filters as key=value with spaces between, for example: InstanceNumber=1 limit=20. Keys are DICOM keywords or tags; \
             limit, offset and includefield too. Empty for all instances.",
        ),
        LIMIT,
        OFFSET,
        FIELDS,
    ],
    output: || listing::schema(Level::Instance),
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let search = Search {
            level: Level::Instance,
            study: Some(arguments.uid(STUDY.name)?),
            series: Some(arguments.uid(SERIES.name)?),
            terms: terms(Level::Instance, &arguments)?,
        };
        page(session, &search).await
    })
}
