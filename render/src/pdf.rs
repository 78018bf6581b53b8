//! The text of an Encapsulated PDF by page (PS3.3 A.45.1), and the picture of a page that is a scan.
//!
//! lopdf finds the objects; contents, fonts and character maps are read here, because the text extractors in use recurse
//! into forms that contain themselves and unroll any range that a character map claims.

mod content;
mod font;
mod glyphs;
mod layout;
mod picture;
mod raster;
mod stream;
mod token;
mod tounicode;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use lopdf::{Document, Object};

use crate::encode::Picture;
use crate::image::text;

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
    #[error("the PDF is encrypted and cannot be read without its password")]
    Encrypted,
    /// The document has no structure that can be read.
    #[error("the PDF is broken: {0}")]
    Broken(String),
    /// The document has no such page.
    #[error("there is no page {number}: the PDF has {pages}")]
    NoSuchPage {
        /// The page that was asked for.
        number: u32,
        /// How many there are.
        pages: usize,
    },
    /// Nothing on the page can be drawn.
    #[error("page {number} cannot be drawn: {why}")]
    NotDrawn {
        /// The page.
        number: u32,
        /// What it is made of.
        why: String,
    },
    /// More than is read, packed or unpacked.
    #[error("the PDF is too large: more than {limit} {what}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}

/// The most bytes of a document.
const MAX_BYTES: usize = 64 << 20;

/// The most bytes that all its streams may unpack to.
const MAX_UNPACKED: u64 = 256 << 20;

/// The most bytes of an encrypted document with object streams: what these unpack to is known only after they are unpacked.
const MAX_ENCRYPTED: usize = 256 << 10;

/// The most pages.
const MAX_PAGES: usize = 5_000;

/// The bytes of the PDF in a data set: Encapsulated Document (0042,0011) cut to Encapsulated Document Length (0042,0015).
pub fn document(attributes: &InMemDicomObject) -> Result<Cow<'_, [u8]>, PdfError> {
    let element = attributes
        .get(tags::ENCAPSULATED_DOCUMENT)
        .ok_or(PdfError::NoDocument)?;
    let kind = text(attributes, tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT).unwrap_or_default();
    if !kind.is_empty() && !kind.eq_ignore_ascii_case("application/pdf") {
        return Err(PdfError::NotPdf(kind));
    }
    let bytes = element.to_bytes().map_err(|_| PdfError::NoDocument)?;
    let length = attributes
        .get(tags::ENCAPSULATED_DOCUMENT_LENGTH)
        .and_then(|element| element.to_int::<usize>().ok());
    match length {
        Some(length) if length < bytes.len() => Ok(match bytes {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..length]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(length);
                Cow::Owned(bytes)
            }
        }),
        _ => Ok(bytes),
    }
}

/// The text of each page in reading order.
pub fn pages(pdf: &[u8]) -> Result<Vec<Page>, PdfError> {
    with(pdf, read)
}

/// The images of a page (from 1) where they lie on it, its longer edge of at most `max_edge` pixels: what a scan shows.
///
/// JPEG, JPEG 2000, fax and uncompressed images are drawn. Letters and lines are not; the picture's notes say so.
///
/// # Errors
/// What cannot be read, as for [`pages`]; a page that is not there or has no image that can be drawn.
pub fn picture(pdf: &[u8], number: u32, max_edge: u32) -> Result<Picture, PdfError> {
    with(pdf, |document| {
        let ids: Vec<_> = document.page_iter().take(MAX_PAGES).collect();
        let id = (number as usize)
            .checked_sub(1)
            .and_then(|index| ids.get(index));
        let id = id.ok_or(PdfError::NoSuchPage {
            number,
            pages: ids.len(),
        })?;
        let page = document
            .get_dictionary(*id)
            .map_err(|error| PdfError::Broken(error.to_string()))?;
        picture::draw(&document, page, number, max_edge)
    })
}

/// Opens a document and does something with it, without panicking.
fn with<T>(pdf: &[u8], what: impl FnOnce(Document) -> Result<T, PdfError>) -> Result<T, PdfError> {
    check(pdf)?;
    let broken = |_| PdfError::Broken("the reader gave up on it".to_owned());
    let document = catch_unwind(|| Document::load_mem(pdf)).map_err(broken)?;
    let document = document.map_err(|error| match error {
        lopdf::Error::Decryption(_) | lopdf::Error::InvalidPassword => PdfError::Encrypted,
        other => PdfError::Broken(other.to_string()),
    })?;
    catch_unwind(AssertUnwindSafe(|| what(opened(document)?))).map_err(broken)?
}

/// An empty password opens documents that only restrict printing and the like.
fn opened(mut document: Document) -> Result<Document, PdfError> {
    if document.is_encrypted() {
        document.decrypt("").map_err(|_| PdfError::Encrypted)?;
    }
    Ok(document)
}

/// What can be known before anything is unpacked for good.
fn check(pdf: &[u8]) -> Result<(), PdfError> {
    if pdf.len() > MAX_BYTES {
        return Err(PdfError::TooLarge {
            what: "bytes",
            limit: MAX_BYTES as u64,
        });
    }
    // Writers put a few bytes before the mark.
    if !pdf.windows(5).take(1024).any(|window| window == b"%PDF-") {
        let start = String::from_utf8_lossy(&pdf[..pdf.len().min(16)]).into_owned();
        return Err(PdfError::NotPdf(start));
    }
    let has = |name: &[u8]| pdf.windows(name.len()).any(|window| window == name);
    if has(b"/Encrypt") && has(b"/ObjStm") && pdf.len() > MAX_ENCRYPTED {
        return Err(PdfError::TooLarge {
            what: "bytes with encryption",
            limit: MAX_ENCRYPTED as u64,
        });
    }
    if stream::unpacked_length(pdf, MAX_UNPACKED) > MAX_UNPACKED {
        return Err(PdfError::TooLarge {
            what: "bytes once unpacked",
            limit: MAX_UNPACKED,
        });
    }
    Ok(())
}

fn read(document: Document) -> Result<Vec<Page>, PdfError> {
    let ids: Vec<_> = document.page_iter().take(MAX_PAGES + 1).collect();
    if ids.len() > MAX_PAGES {
        return Err(PdfError::TooLarge {
            what: "pages",
            limit: MAX_PAGES as u64,
        });
    }
    if ids.is_empty() {
        return Err(PdfError::Broken("it has no pages".to_owned()));
    }
    let mut budget = stream::Budget::new(MAX_UNPACKED);
    let mut fonts = font::Fonts::default();
    let mut pages = Vec::with_capacity(ids.len());
    for (index, id) in ids.into_iter().enumerate() {
        let page = document
            .get_dictionary(id)
            .map_err(|error| PdfError::Broken(error.to_string()))?;
        let drawn = content::drawn(&document, page, &mut fonts, &mut budget)?;
        let text = layout::text(&drawn.chunks);
        pages.push(Page {
            number: index as u32 + 1,
            text: (!text.is_empty()).then_some(text),
        });
    }
    Ok(pages)
}

/// The object behind a chain of references.
fn resolve<'d>(document: &'d Document, object: &'d Object) -> Option<&'d Object> {
    document.dereference(object).ok().map(|(_, object)| object)
}
