//! QIDO-RS (PS3.18 10.6): rows, none, or a failure, never one for another.

use std::sync::atomic::Ordering;

use dicom_wire::query::{self, Key, Level, Matching, Path, Query};
use http::{Method, StatusCode, header};
use serde_json::Value as Json;

use super::{Web, body, content_type, said};
use crate::backend::{Deadline, path_of};
use crate::error::Failure;
use crate::find;
use crate::listing::{Page, columns};
use crate::query::{Include, Search};
use crate::row::Row;

impl Web {
    pub(in crate::backend) async fn search(
        &self,
        search: &Search,
        limit: usize,
        offset: usize,
        deadline: &Deadline,
    ) -> Result<Page, Failure> {
        let doing = find::doing(search.level);
        let query = query(search, limit, offset).to_url();
        deadline
            .within(&doing, async {
                let encoded = unescaped(&query).filter(|raw| *raw != query);
                let raw = self.takes_raw_queries.load(Ordering::Relaxed);
                let first = encoded.as_ref().filter(|_| raw).unwrap_or(&query);
                let page = self.rows(&doing, search, first).await?;
                match encoded {
                    // Some archives never decode a query string and so find no name with a caret.
                    Some(plain) if !raw && offset == 0 && page.rows.iter().all(Row::is_empty) => {
                        Ok(self
                            .asked_plainly(&doing, search, &plain)
                            .await
                            .unwrap_or(page))
                    }
                    _ => Ok(page),
                }
            })
            .await
    }

    /// The rows for a query string that is sent without escapes, if there are any.
    async fn asked_plainly(&self, doing: &str, search: &Search, plain: &str) -> Option<Page> {
        let mut page = self.rows(doing, search, plain).await.ok()?;
        if page.rows.iter().all(Row::is_empty) {
            return None;
        }
        self.takes_raw_queries.store(true, Ordering::Relaxed);
        page.warnings.push(
            "the archive does not decode query strings, so they are sent to it unencoded"
                .to_owned(),
        );
        Some(page)
    }

    async fn rows(&self, doing: &str, search: &Search, query: &str) -> Result<Page, Failure> {
        let path = format!("{}?{query}", resource(search));
        let ask = |accept: &str| {
            self.request(Method::GET, &path)
                .header(header::ACCEPT, accept)
        };
        let answer = match self.send(doing, ask("application/dicom+json")).await {
            Err(Failure::Status { status: 406, .. }) => {
                self.send(doing, ask("application/json")).await?
            }
            other => other?,
        };
        let mut page = Page {
            rows: Vec::new(),
            warnings: Vec::new(),
        };
        for words in said::warnings(answer.headers()) {
            page.warnings.push(format!(
                "the archive warns: {}",
                crate::text::cut(&words, 200)
            ));
        }
        if answer.status() == StatusCode::NO_CONTENT {
            return Ok(page);
        }
        let headers = answer.headers().clone();
        let bytes = body(doing, answer, self.limits.answer_bytes).await?;
        let unusable = |reason: String| Failure::Unusable {
            doing: doing.to_owned(),
            reason,
            said: said::of(&headers, &bytes),
        };
        if bytes.trim_ascii().is_empty() {
            return Ok(page);
        }
        let json: Json = serde_json::from_slice(&bytes).map_err(|error| {
            let kind = content_type(&headers);
            if bytes.trim_ascii_start().starts_with(b"<") {
                unusable(format!("the archive answered with a page of type {kind:?} instead of DICOM JSON, perhaps to log in"))
            } else {
                unusable(format!("the archive's answer of type {kind:?} is not JSON: {error}"))
            }
        })?;
        page.rows = match json {
            Json::Null => Vec::new(),
            Json::Array(items) => items
                .iter()
                .map(|item| {
                    Row::from_json(item)
                        .ok_or_else(|| unusable("a row of the answer is no object".into()))
                })
                .collect::<Result<_, _>>()?,
            object => match Row::from_json(&object) {
                Some(row)
                    if !row.is_empty()
                        || object.as_object().is_some_and(serde_json::Map::is_empty) =>
                {
                    vec![row]
                }
                _ => return Err(unusable("the answer is JSON, but not rows".into())),
            },
        };
        Ok(page)
    }
}

fn resource(search: &Search) -> String {
    let mut path = String::new();
    if let Some(study) = &search.study {
        path.push_str(&format!("/studies/{study}"));
    }
    if let Some(series) = &search.series {
        path.push_str(&format!("/series/{series}"));
    }
    path.push_str(match search.level {
        Level::Patient | Level::Study => "/studies",
        Level::Series => "/series",
        Level::Instance => "/instances",
    });
    path
}

/// The search as the wire knows it. Asks for every attribute that is shown and that could not be told otherwise.
fn query(search: &Search, limit: usize, offset: usize) -> Query {
    let keys: Vec<Key> = search
        .terms
        .filters
        .iter()
        .filter_map(|filter| {
            let path = path_of(&filter.path)?;
            Some(Key {
                vr: filter.path.last()?.vr,
                path,
                matching: filter.matching.clone(),
            })
        })
        .collect();
    let lists = keys
        .iter()
        .any(|key| matches!(key.matching, Matching::List(_)) && key.vr != dicom_core::VR::UI);
    let include = match &search.terms.include {
        Include::All => query::Include::All,
        Include::Attributes(further) => query::Include::Fields(
            columns(search.level)
                .iter()
                .copied()
                .chain(search.terms.columns.unwrap_or_default().iter().copied())
                .filter(|tag| !always_returned(search.level, *tag))
                .chain(further.iter().map(|attribute| attribute.tag))
                .map(Path::from)
                .filter(|path| keys.iter().all(|key| key.path != *path))
                .fold(Vec::new(), |mut all, path| {
                    if !all.contains(&path) {
                        all.push(path);
                    }
                    all
                }),
        ),
    };
    Query {
        keys,
        include,
        limit: Some(limit as u64),
        offset: offset as u64,
        fuzzy: search.terms.fuzzy,
        multiple_values: lists,
        study: search.study.clone(),
        series: search.series.clone(),
        ..Query::all(search.level)
    }
}

/// Attributes of our columns that every archive returns unasked (PS3.18 tables 10.6.3-3 to 10.6.3-5).
fn always_returned(level: Level, tag: dicom_core::Tag) -> bool {
    use dicom_dictionary_std::tags;
    let further: &[dicom_core::Tag] = match level {
        Level::Patient | Level::Study => &[tags::STUDY_DESCRIPTION],
        Level::Series => &[
            tags::BODY_PART_EXAMINED,
            tags::SERIES_DATE,
            tags::SERIES_TIME,
        ],
        Level::Instance => &[tags::CONTENT_DATE, tags::CONTENT_TIME],
    };
    !further.contains(&tag) && columns(level).contains(&tag)
}

/// A query string without its escapes, where it can be sent so: only printable ASCII that separates nothing.
fn unescaped(query: &str) -> Option<String> {
    let plain = percent_encoding::percent_decode_str(query)
        .decode_utf8()
        .ok()?;
    let names = |text: &str| text.matches(['&', '=']).count();
    let fits = plain
        .bytes()
        .all(|b| b.is_ascii_graphic() && !matches!(b, b'#' | b'%' | b'+' | b'"' | b'<' | b'>'));
    (fits && names(&plain) == names(query)).then(|| plain.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_no_escape_is_sent_without() {
        assert_eq!(
            unescaped("00100010=DOE%5EJOHN").as_deref(),
            Some("00100010=DOE^JOHN")
        );
        assert_eq!(unescaped("00100010=DOE%20J"), None);
        assert_eq!(unescaped("00100010=A%26B%3D1"), None);
        assert_eq!(unescaped("00100010=M%C3%BCller"), None);
    }
}
