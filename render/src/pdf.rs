//! The text of an Encapsulated PDF by page (PS3.3 A.45.1).

use std::borrow::Cow;

use dicom_object::InMemDicomObject;

/// One page of a PDF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The page, from 1.
    pub number: u32,
    /// Its text; `None` where the page has no text layer, as a scan.
    pub text: Option<String>,
}

/// Why a PDF cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PdfError {
    /// The data set has no Encapsulated Document (0042,0011).
    #[error("the data set has no encapsulated document")]
    NoDocument,
    /// The document is not a PDF.
    #[error("the encapsulated document is {0:?}, not a PDF")]
    NotPdf(String),
    /// A password is needed.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// The document has no structure that can be read.
    #[error("the PDF is broken: {0}")]
    Broken(String),
    /// More bytes or pages than are read, packed or unpacked.
    #[error("the PDF is too large: {found} {what}, the limit is {limit}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// The limit.
        limit: u64,
    },
}

/// The bytes of the PDF in a data set: Encapsulated Document (0042,0011) cut to Encapsulated Document Length (0042,0015).
pub fn document(attributes: &InMemDicomObject) -> Result<Cow<'_, [u8]>, PdfError> {
    let _ = attributes;
    Err(PdfError::NoDocument)
}

/// The text of each page in reading order.
pub fn pages(pdf: &[u8]) -> Result<Vec<Page>, PdfError> {
    let _ = pdf;
    Err(PdfError::Broken("no reader".to_owned()))
}
