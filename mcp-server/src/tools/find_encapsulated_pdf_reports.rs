//! find-encapsulated-pdf-reports: the PDF documents of a study.

use dicom_dictionary_std::{tags, uids};

use super::{Effect, Pending, STUDY, Session, Tool, reports};
use crate::arguments::Arguments;
use crate::query::{Filter, Terms};

pub(super) const TOOL: Tool = Tool {
    name: "find-encapsulated-pdf-reports",
    title: "Find PDF reports",
    about: "Lists every Encapsulated PDF of one study with title, date and the UIDs that get-encapsulated-pdf-report-text needs. It goes \
            by SOP class, not by modality. It does not read the documents.",
    parameters: &[STUDY],
    output: reports::schema,
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, arguments: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let study = arguments.uid(STUDY.name)?;
        let class = uids::ENCAPSULATED_PDF_STORAGE;
        let terms = Terms {
            filters: vec![Filter::exact(tags::SOP_CLASS_UID, class)],
            ..Terms::default()
        };
        reports::find(session, study, terms, "encapsulated PDFs", |other| {
            other == class
        })
        .await
    })
}
