//! find-structured-reports: the structured reports and key object selections of a study.

use super::{Effect, Pending, STUDY, Session, Tool, reports};
use crate::arguments::Arguments;
use crate::query::Terms;

pub(super) const TOOL: Tool = Tool {
    name: "find-structured-reports",
    title: "Find structured reports",
    about: "Lists every structured report (SR) and key object selection of one study with title, date, completion, verification and \
            the UIDs that get-structured-report-text needs. It goes by SOP class, so a report in a series of another modality is found \
            too. It does not read the reports.",
    parameters: &[STUDY],
    output: reports::schema,
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let study = arguments.uid(STUDY.name)?;
        let terms = Terms::default();
        let what = "structured reports";
        reports::find(session, study, terms, what, reports::is_structured).await
    })
}
