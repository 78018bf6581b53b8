//! find-structured-reports: the structured reports and key object selections of a study.

use super::{Effect, Pending, STUDY, Session, Tool, reports};
use crate::arguments::Arguments;
use crate::query::Terms;

/// Every Structured Report Storage SOP class, also those to come, and Key Object Selection (PS3.4 B.5, PS3.6 A).
const ROOT: &str = "1.2.840.10008.5.1.4.1.1.88.";

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
        reports::find(
            session,
            study,
            Terms::default(),
            "structured reports",
            |class| class.starts_with(ROOT),
        )
        .await
    })
}
