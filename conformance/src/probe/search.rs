//! Searches, and what they found against what was stored.

use std::fmt::Write;

use dicom_core::Tag;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::{StandardDataDictionary, tags};

use crate::check::Edition;
use crate::data::{Study, sorted};
use crate::outcome::{Difference, Finding, Verdict, ensure};

use super::json::Row;
use super::web::{Answer, JSON, Web};

/// What a study's row has, empty or not (PS3.18 Table 10.6.3-3, types R and U).
pub const STUDY_KEYS: [Tag; 13] = [
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::ACCESSION_NUMBER,
    tags::MODALITIES_IN_STUDY,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_INSTANCE_UID,
    tags::STUDY_ID,
    tags::NUMBER_OF_STUDY_RELATED_SERIES,
    tags::NUMBER_OF_STUDY_RELATED_INSTANCES,
];

/// What a series' row has, empty or not (PS3.18 Table 10.6.3-4, type R).
pub const SERIES_KEYS: [Tag; 4] = [
    tags::MODALITY,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::NUMBER_OF_SERIES_RELATED_INSTANCES,
];

/// What an instance's row has, empty or not (PS3.18 Table 10.6.3-5, types R and U).
pub const INSTANCE_KEYS: [Tag; 3] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::INSTANCE_NUMBER,
];

/// Attributes of a study that its row has only when it is asked for them.
pub const OPTIONAL_KEYS: [Tag; 4] = [
    tags::STUDY_DESCRIPTION,
    tags::PATIENT_AGE,
    tags::REQUESTING_PHYSICIAN,
    tags::PROCEDURE_CODE_SEQUENCE,
];

impl Web {
    /// The rows of a search that has matches, each with a value of this key.
    ///
    /// # Errors
    /// A failure unless the answer is 200 with such rows.
    pub async fn listed(&self, path: &str, key: Tag) -> Verdict<Vec<Row>> {
        let answer = self.get(path, JSON).await?;
        ensure!(answer.status == 200, "{} to GET {path}", answer.summary());
        let rows = Row::all(&answer.body)?;
        ensure!(!rows.is_empty(), "no row of GET {path}");
        let without = rows.iter().filter(|row| row.text(key).is_none()).count();
        ensure!(
            without == 0,
            "{without} of {} rows of GET {path} without {}",
            rows.len(),
            name(key)
        );
        Ok(rows)
    }

    /// The values of a key in the rows of a search, in their order.
    ///
    /// # Errors
    /// A failure if the answer is not a list of matches.
    pub async fn found(&self, path: &str, key: Tag) -> Verdict<Vec<String>> {
        let rows = self.search(path).await?;
        Ok(rows.iter().filter_map(|row| row.text(key)).collect())
    }

    /// The only row of a search.
    ///
    /// # Errors
    /// A failure unless there is one row.
    pub async fn row(&self, path: &str) -> Verdict<Row> {
        let mut rows = self.search(path).await?;
        match rows.pop() {
            Some(row) if rows.is_empty() => Ok(row),
            other => {
                let count = rows.len() + usize::from(other.is_some());
                Err(Finding::fail(format!(
                    "{count} rows in place of 1, of GET {path}"
                )))
            }
        }
    }

    /// Which of [`OPTIONAL_KEYS`] a search of one row returns with a value when it is asked for each alone.
    ///
    /// # Errors
    /// A failure unless there is one row each time.
    pub async fn includable(&self, path: &str) -> Verdict<Vec<Tag>> {
        let mut includable = Vec::new();
        for tag in OPTIONAL_KEYS {
            let row = self
                .row(&format!("{path}&includefield={}", name(tag)))
                .await?;
            if row.has_value(tag) {
                includable.push(tag);
            }
        }
        Ok(includable)
    }

    /// Fails unless a search finds exactly what was stored, each once.
    ///
    /// # Errors
    /// A failure that names what is lost and what is extra.
    pub async fn finds(&self, path: &str, key: Tag, stored: &[String]) -> Verdict {
        let rows = self.search(path).await?;
        let found = sorted(rows.iter().filter_map(|row| row.text(key)));
        let lost: Vec<_> = stored.iter().filter(|uid| !found.contains(uid)).collect();
        let extra: Vec<_> = found.iter().filter(|uid| !stored.contains(uid)).collect();
        let (got, want) = (rows.len(), stored.len());
        ensure!(
            lost.is_empty(),
            "{got} rows for {want} stored; lost {lost:?} of GET {path}"
        );
        ensure!(
            extra.is_empty(),
            "{got} rows for {want} stored; not stored {extra:?} of GET {path}"
        );
        ensure!(
            got == want,
            "{got} rows for {want} stored; some come twice or have no UID, of GET {path}"
        );
        Ok(())
    }

    /// The same for studies.
    ///
    /// # Errors
    /// As for [`finds`](Self::finds).
    pub async fn finds_studies(&self, path: &str, stored: &[&Study]) -> Verdict {
        let uids = sorted(stored.iter().map(|study| study.uid.clone()));
        self.finds(path, tags::STUDY_INSTANCE_UID, &uids).await
    }
}

/// The text of the warnings with code 299 (RFC 7234 5.5) of an answer.
pub fn warning(answer: &Answer) -> Option<String> {
    let all = answer.headers.get_all(http::header::WARNING).iter();
    let texts: Vec<_> = all
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .filter(|text| text.contains("299 "))
        .collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// The number of results that a warning says remain (PS3.18 8.3.4.4.1).
pub fn remaining(warning: &str) -> Option<u64> {
    let (_, text) = warning.split_once("299 ")?;
    text.split(|c: char| c.is_whitespace() || c == '"')
        .find_map(|word| word.parse().ok())
}

/// Judges the answer to a search without matches: 204 without a body until 2025, 200 with an empty list since (CP-2473).
///
/// # Errors
/// A warning for the other edition's form, a failure for anything else.
pub fn judge_empty(answer: &Answer, edition: Edition) -> Verdict {
    let is_listed = match answer.status {
        204 => {
            let length = answer.headers.get(http::header::CONTENT_LENGTH);
            let length = length.and_then(|value| value.to_str().ok()).unwrap_or("0");
            ensure!(length == "0", "204 with Content-Length: {length}");
            false
        }
        200 => {
            let rows = Row::all(&answer.body)?;
            ensure!(rows.is_empty(), "{} rows where nothing matches", rows.len());
            true
        }
        _ => return Err(Finding::fail(answer.summary())),
    };
    let other_edition = |expected: &str, got: &str| {
        Err(Finding::Warn(Difference {
            expected: Some(expected.into()),
            got: got.into(),
        }))
    };
    match (is_listed, edition >= Edition::E2026a) {
        (true, false) => other_edition("204 without a body", "200 with []"),
        (false, true) => other_edition("200 with []", "204"),
        _ => Ok(()),
    }
}

/// Which of these keys a row does not have at all.
pub fn missing(row: &Row, keys: &[Tag]) -> Vec<String> {
    let absent = keys.iter().filter(|&&key| row.attribute(key).is_none());
    absent.map(|&key| name(key)).collect()
}

/// The keyword of an attribute, or its tag.
pub fn name(tag: Tag) -> String {
    match StandardDataDictionary.by_tag(tag) {
        Some(entry) => entry.alias().to_owned(),
        None => format!("{:04X}{:04X}", tag.group(), tag.element()),
    }
}

/// A value as it stands in a query string (RFC 3986 2.1): every byte encoded that is not unreserved.
pub fn encoded(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &'static str) -> Answer {
        let headers = headers.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        });
        Answer {
            status,
            headers: HeaderMap::from_iter(headers),
            body: Bytes::from_static(body.as_bytes()),
        }
    }

    #[test]
    fn the_remaining_number_is_read_from_either_form_of_the_warning() {
        for text in [
            "299 http://127.0.0.1:8042/dicomweb: There are 17 additional results that can be requested",
            "299 127.0.0.1:8042 \"There are 17 additional results that can be requested\"",
        ] {
            assert_eq!(remaining(text), Some(17), "{text}");
        }
        assert_eq!(remaining("299 archive \"more results\""), None);
        assert_eq!(
            warning(&answer(200, &[("warning", "110 - \"stale\"")], "[]")),
            None
        );
    }

    #[test]
    fn nothing_found_is_204_or_an_empty_list_by_the_edition() {
        let judged = |status, headers: &[(&'static str, &'static str)], body, edition| {
            judge_empty(&answer(status, headers, body), edition)
        };
        assert_eq!(judged(204, &[], "", Edition::E2024e), Ok(()));
        assert_eq!(judged(200, &[], "[]", Edition::E2026a), Ok(()));
        assert!(matches!(
            judged(200, &[], "[]", Edition::E2024e),
            Err(Finding::Warn(_))
        ));
        assert!(matches!(
            judged(204, &[], "", Edition::E2026a),
            Err(Finding::Warn(_))
        ));
        assert!(matches!(
            judged(204, &[("content-length", "2")], "", Edition::E2024e),
            Err(Finding::Fail(_))
        ));
        assert!(matches!(
            judged(404, &[], "", Edition::E2026a),
            Err(Finding::Fail(_))
        ));
        assert!(matches!(
            judged(200, &[], "[{}]", Edition::E2026a),
            Err(Finding::Fail(_))
        ));
    }

    #[test]
    fn values_are_encoded_once_as_utf8() {
        assert_eq!(encoded("Mü^+ ,"), "M%C3%BC%5E%2B%20%2C");
    }
}
