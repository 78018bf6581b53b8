//! C-FIND (PS3.4 C.4.1): rows, none, or a failure, never one for another.

use dicom_dictionary_std::{tags, uids};
use dicom_wire::dimse::{Command, FindRequest, Priority, Status, StatusClass};
use dicom_wire::json;
use dicom_wire::query::{self, Include, Key, Level, Path, Query};
use dicom_wire::uid::Uid;

use super::association::Association;
use super::{Dimse, plain, read, refused, uid, write};
use crate::backend::{Deadline, path_of};
use crate::error::Failure;
use crate::find;
use crate::listing::{Page, columns};
use crate::preset;
use crate::query::{Include as Wanted, Search, Terms};
use crate::row::Row;

/// Relational queries and combined date-time matching no, fuzzy names yes (PS3.4 C.5.1.1).
const FUZZY: [u8; 3] = [0, 0, 1];
/// The most series of a study whose instances are gone through.
const MAX_SERIES: usize = 2000;

impl Dimse {
    /// Rows from `offset` on, `limit` of them. C-FIND has neither, so the rows before are taken and dropped, and what
    /// comes after is cancelled.
    pub(in crate::backend) async fn search(
        &self,
        search: &Search,
        limit: usize,
        offset: usize,
        deadline: &Deadline,
    ) -> Result<Page, Failure> {
        let doing = find::doing(search.level);
        let class = match search.level {
            Level::Patient => uids::PATIENT_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
            _ => uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND,
        };
        let fuzzy = search.terms.fuzzy.then(|| (class, FUZZY.to_vec()));
        deadline
            .within(&doing, async {
                let mut association =
                    Association::open(&self.peer, &doing, &[plain(class)], fuzzy).await?;
                let mut page = if search.level == Level::Instance && search.series.is_none() {
                    self.rows_by_series(&mut association, class, search, limit, offset, &doing)
                        .await?
                } else {
                    self.rows(&mut association, class, search, limit, offset, &doing)
                        .await?
                };
                let sounds_alike = association
                    .extended(class)
                    .is_some_and(|bytes| bytes.get(2) == Some(&1));
                if search.terms.fuzzy && !sounds_alike {
                    page.warnings.push(
                        "the archive does not match names that sound alike: fuzzymatching had no effect"
                            .to_owned(),
                    );
                }
                association.release().await;
                Ok(page)
            })
            .await
    }

    /// Instances of a whole study: series by series, as the hierarchy wants it (PS3.4 C.4.1.2).
    async fn rows_by_series(
        &self,
        association: &mut Association,
        class: &str,
        search: &Search,
        limit: usize,
        offset: usize,
        doing: &str,
    ) -> Result<Page, Failure> {
        let of_study = Search {
            level: Level::Series,
            study: search.study.clone(),
            series: None,
            terms: Terms::default(),
        };
        let series = self
            .rows(association, class, &of_study, MAX_SERIES, 0, doing)
            .await?;
        let mut whole = Page {
            rows: Vec::new(),
            warnings: series.warnings,
        };
        if series.rows.len() == MAX_SERIES {
            return Err(association.unusable(format!(
                "the study has more than {MAX_SERIES} series; search them one by one"
            )));
        }
        let mut skip = offset;
        for row in series.rows {
            if whole.rows.len() >= limit {
                break;
            }
            let uid = row.text(tags::SERIES_INSTANCE_UID).unwrap_or_default();
            let Ok(uid) = Uid::parse(&uid) else { continue };
            let mut of_series = search.clone();
            of_series.series = Some(uid.clone());
            let wanted = skip + limit - whole.rows.len();
            let page = self
                .rows(association, class, &of_series, wanted, 0, doing)
                .await?;
            let here = page.rows.len();
            whole
                .rows
                .extend(page.rows.into_iter().skip(skip).map(|mut row| {
                    row.put(tags::SERIES_INSTANCE_UID, uid.to_string());
                    row
                }));
            skip = skip.saturating_sub(here);
            for warning in page.warnings {
                if !whole.warnings.contains(&warning) {
                    whole.warnings.push(warning);
                }
            }
        }
        Ok(whole)
    }

    async fn rows(
        &self,
        association: &mut Association,
        class: &str,
        search: &Search,
        limit: usize,
        offset: usize,
        doing: &str,
    ) -> Result<Page, Failure> {
        let context = association.context(class)?;
        let identifier = write(&query(search).to_identifier(), &context.syntax, doing)?;
        let request = FindRequest {
            message_id: association.message_id(),
            sop_class: uid(class),
            priority: Priority::Medium,
        };
        let message_id = request.message_id;
        association
            .send(context.id, Command::from(request), Some(identifier))
            .await?;
        let mut page = Page::default();
        let mut received = 0usize;
        let mut cancelled = false;
        let mut keys_not_supported = false;
        let mut bytes = 0u64;
        loop {
            let before = match received {
                0 => String::new(),
                rows => format!(" to the end (the first {rows} rows came, they are incomplete)"),
            };
            let said_before =
                |failure: Failure| failure.while_doing(|doing| format!("{doing}{before}"));
            let (_, command, data) = association.message().await.map_err(said_before)?;
            let Command::FindRsp(response) = command else {
                return Err(
                    association.unusable(format!("the archive answered with {}", command.name()))
                );
            };
            if response.message_id != message_id {
                return Err(association.unusable(format!(
                    "the archive answered message {} instead of {message_id}",
                    response.message_id
                )));
            }
            let status = response.outcome.status;
            match status.class() {
                StatusClass::Pending => {
                    keys_not_supported |= status == Status::PENDING_UNSUPPORTED_KEYS;
                    received += 1;
                    bytes += data.as_ref().map_or(0, |data| data.len() as u64);
                    if bytes > self.limits.answer_bytes {
                        return Err(Failure::TooLarge {
                            doing: doing.to_owned(),
                            limit: self.limits.answer_bytes,
                        });
                    }
                    if received > offset && page.rows.len() < limit {
                        let data = data.unwrap_or_default();
                        let object = read(&data, class, &context.syntax).map_err(|error| {
                            association.unusable(format!(
                                "row {received} of the archive is malformed: {error}"
                            ))
                        })?;
                        page.rows.push(row(&object));
                    } else if received > offset && !cancelled {
                        association.cancel().await?;
                        cancelled = true;
                    }
                }
                StatusClass::Success => break,
                StatusClass::Cancel if cancelled => break,
                StatusClass::Warning => {
                    page.warnings
                        .push(format!("the archive ended the search with {status}"));
                    break;
                }
                // What was wanted has come; why the archive did not like to be stopped is of no interest.
                _ if cancelled => break,
                StatusClass::Cancel | StatusClass::Failure => {
                    association.finished();
                    return Err(refused(doing, &response.outcome, &before));
                }
            }
        }
        association.finished();
        if keys_not_supported {
            page.warnings.push(
                "the archive did not match or return some of the attributes (status FF01H)"
                    .to_owned(),
            );
        }
        Ok(page)
    }
}

/// A data set as a row, by way of the JSON that the archive would have sent over DICOMweb.
fn row(object: &dicom_object::InMemDicomObject) -> Row {
    let mut row = Row::from_json(&json::to_value(object, &json::inline)).unwrap_or_default();
    for tag in [
        tags::QUERY_RETRIEVE_LEVEL,
        tags::SPECIFIC_CHARACTER_SET,
        tags::RETRIEVE_AE_TITLE,
        tags::INSTANCE_AVAILABILITY,
    ] {
        row.remove(tag);
    }
    row
}

/// The identifier: what is matched, and every attribute that the level shows.
fn query(search: &Search) -> Query {
    let keys: Vec<Key> = search
        .terms
        .filters
        .iter()
        .filter_map(|filter| {
            Some(Key {
                vr: filter.path.last()?.vr,
                path: path_of(&filter.path)?,
                matching: filter.matching.clone(),
            })
        })
        .collect();
    let further: Vec<dicom_core::Tag> = match &search.terms.include {
        Wanted::Attributes(attributes) => {
            attributes.iter().map(|attribute| attribute.tag).collect()
        }
        // C-FIND returns what is named and nothing else: all that is usually there is named.
        Wanted::All => preset::extended(search.level).to_vec(),
    };
    let mut fields: Vec<Path> = Vec::new();
    let chosen = search.terms.columns.unwrap_or_default();
    for tag in columns(search.level)
        .iter()
        .chain(chosen)
        .copied()
        .chain(further)
    {
        let path = Path::from(tag);
        let is_scope = (tag == tags::STUDY_INSTANCE_UID && search.study.is_some())
            || (tag == tags::SERIES_INSTANCE_UID && search.series.is_some());
        if !is_scope && !fields.contains(&path) && keys.iter().all(|key| key.path != path) {
            fields.push(path);
        }
    }
    Query {
        keys,
        include: Include::Fields(fields),
        study: search.study.clone(),
        series: search.series.clone(),
        fuzzy: search.terms.fuzzy,
        ..query::Query::all(search.level)
    }
}
