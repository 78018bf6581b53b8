//! Values that metadata gives by reference, and what is behind the references.

use bytes::Bytes;

use crate::outcome::{Finding, Verdict};

use super::body;
use super::json::Row;
use super::media::Media;
use super::web::Answer;

/// Every BulkDataURI of some data sets with its place, `00131003[0].00131001`.
pub fn references(rows: &[Row]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<(String, Row)> = rows
        .iter()
        .map(|row| (String::new(), row.clone()))
        .collect();
    while let Some((path, row)) = open.pop() {
        for (tag, attribute) in row.attributes() {
            let place = format!("{path}{:04X}{:04X}", tag.group(), tag.element());
            if let Some(uri) = attribute["BulkDataURI"].as_str() {
                found.push((place.clone(), uri.to_owned()));
            }
            let items = row.items(tag).into_iter().enumerate();
            open.extend(items.map(|(n, item)| (format!("{place}[{n}]."), item)));
        }
    }
    found
}

/// The one value of an answer, be it bare or a part.
///
/// # Errors
/// A failure if there are several parts, or the body is not what its content type says.
pub fn value(answer: &Answer) -> Verdict<Bytes> {
    if Media::of(answer.content_type()).essence != "multipart/related" {
        return Ok(answer.body.clone());
    }
    let parts = body::parts(answer.content_type(), &answer.body)?;
    match parts.as_slice() {
        [part] => Ok(part.content.clone()),
        _ => Err(Finding::fail(format!(
            "{} parts for one value",
            parts.len()
        ))),
    }
}
