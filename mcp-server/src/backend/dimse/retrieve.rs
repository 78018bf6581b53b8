//! C-GET (PS3.4 C.4.3): instances here, with the account of the sub-operations. Where an archive has none, it moves them here.

use bytes::{Bytes, BytesMut};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::dimse::pdv::{Event, Place};
use dicom_wire::dimse::{
    Command, DataSet, GetRequest, Outcome, Priority, RetrieveResponse, Status, SubOperations,
};
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;

use super::association::{Association, Proposal, Role};
use super::receive::{SYNTAXES, Sink, USUAL_CLASSES, agreed, receive};
use super::{Dimse, is_done, plain, read, refused, uid, write};
use crate::backend::{Deadline, Instance, Scope};
use crate::error::Failure;
use crate::query::{Filter, Search, Terms};

/// Context IDs are odd and below 256 (PS3.8 9.3.2.2).
const MAX_CONTEXTS: usize = 128;

/// The account of a C-MOVE or C-GET.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The final status.
    pub outcome: Outcome,
    /// The last numbers that the archive gave.
    pub counts: SubOperations,
    /// The instances that failed, as far as the archive names them (0008,0058).
    pub failed: Vec<String>,
}

impl Dimse {
    /// The whole instance as a Part 10 file.
    pub(in crate::backend) async fn retrieve(
        &self,
        of: &Instance,
        deadline: &Deadline,
    ) -> Result<Bytes, Failure> {
        let doing = format!("retrieve instance {}", of.instance);
        let class = self.class_of(of, deadline).await?;
        let classes: Vec<String> = class.into_iter().collect();
        let mut identifier = scope_identifier(&Scope {
            study: of.study.clone(),
            series: Some(of.series.clone()),
        });
        put(
            &mut identifier,
            tags::SOP_INSTANCE_UID,
            of.instance.as_str(),
        );
        put_level(&mut identifier, Level::Instance);
        let mut sink = Sink::Memory {
            limit: self.limits.instance_bytes,
            files: Vec::new(),
        };
        let told = deadline
            .within(
                &doing,
                self.get(&doing, &identifier, &classes, &mut sink, &mut |_| {}),
            )
            .await?;
        let Sink::Memory { files, .. } = sink else {
            return Err(Failure::Internal { doing });
        };
        match files.into_iter().next() {
            Some(file) if is_done(told.outcome.status) => Ok(file),
            _ if !is_done(told.outcome.status) => Err(refused(&doing, &told.outcome, "")),
            _ => Err(Failure::Unusable {
                doing,
                reason: format!(
                    "the archive ended the C-GET with {} and sent nothing",
                    told.outcome.status
                ),
                said: None,
            }),
        }
    }

    /// The SOP class of an instance, which a C-GET has to propose; some archives do not tell it.
    async fn class_of(
        &self,
        of: &Instance,
        deadline: &Deadline,
    ) -> Result<Option<String>, Failure> {
        let search = Search {
            level: Level::Instance,
            study: Some(of.study.clone()),
            series: Some(of.series.clone()),
            terms: Terms {
                filters: vec![Filter::exact(tags::SOP_INSTANCE_UID, of.instance.as_str())],
                ..Terms::default()
            },
        };
        let page = crate::listing::checked(&search, self.search(&search, 2, 0, deadline).await?);
        let row = page.rows.first().ok_or_else(|| Failure::Absent {
            what: "instance",
            uid: of.instance.to_string(),
        })?;
        Ok(row.text(tags::SOP_CLASS_UID))
    }

    /// Retrieves a study or series of these SOP classes; `progress` sees each count.
    pub(crate) async fn get_all(
        &self,
        scope: &Scope,
        classes: &[String],
        sink: &mut Sink,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let doing = format!("retrieve {scope}");
        let identifier = scope_identifier(scope);
        self.get(&doing, &identifier, classes, sink, progress).await
    }

    /// By C-GET; where the archive has none, by a C-MOVE to this server.
    async fn get(
        &self,
        doing: &str,
        identifier: &InMemDicomObject,
        classes: &[String],
        sink: &mut Sink,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let by_get = self.by_get(doing, identifier, classes, sink, progress);
        match by_get.await {
            Err(Failure::NotAccepted { reason, .. }) => {
                self.by_move(doing, identifier, classes, sink, progress, reason)
                    .await
            }
            result => result,
        }
    }

    async fn by_get(
        &self,
        doing: &str,
        identifier: &InMemDicomObject,
        classes: &[String],
        sink: &mut Sink,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET;
        let proposals: Vec<Proposal> = std::iter::once(plain(model))
            .chain(storage(classes))
            .take(MAX_CONTEXTS)
            .collect();
        let mut association = Association::open(&self.peer, doing, &proposals, None).await?;
        let context = association.context(model)?;
        let request = GetRequest {
            message_id: association.message_id(),
            sop_class: uid(model),
            priority: Priority::Medium,
        };
        let data = write(identifier, &context.syntax, doing)?;
        association
            .send(context.id, Command::from(request), Some(data))
            .await?;
        loop {
            let Event::Command {
                context,
                set,
                data_set,
            } = association.event().await?
            else {
                return Err(
                    association.unusable("the archive sent a data set without a command".into())
                );
            };
            let command = Command::from_set(&set).map_err(|error| {
                association.unusable(format!("the archive's command is malformed: {error}"))
            })?;
            match command {
                Command::StoreRq(request) if data_set == DataSet::Present => {
                    let agreed = agreed(&association, context)?;
                    receive(&mut association, &agreed, request, sink, doing).await?;
                }
                Command::GetRsp(response) => {
                    let list = match data_set {
                        DataSet::Present => Some(rest(&mut association).await?),
                        DataSet::Absent => None,
                    };
                    progress(&response.sub_operations);
                    let syntax = context_syntax(&association, context);
                    if let Some(moved) = finished(&mut association, response, list, model, &syntax)
                    {
                        association.release().await;
                        return Ok(moved);
                    }
                }
                other => {
                    return Err(association.unusable(format!("the archive sent {}", other.name())));
                }
            }
        }
    }
}

fn context_syntax(association: &Association, id: u8) -> String {
    let found = association
        .contexts()
        .iter()
        .find(|context| context.id == id);
    found.map_or_else(String::new, |context| context.syntax.clone())
}

/// The account, if the response is the final one.
pub(super) fn finished(
    association: &mut Association,
    response: RetrieveResponse,
    list: Option<Bytes>,
    model: &str,
    syntax: &str,
) -> Option<Moved> {
    if matches!(
        response.outcome.status,
        Status::PENDING | Status::PENDING_UNSUPPORTED_KEYS
    ) {
        return None;
    }
    association.finished();
    let failed = list
        .and_then(|list| read(&list, model, syntax).ok())
        .and_then(|object| {
            let element = object.get(tags::FAILED_SOP_INSTANCE_UID_LIST)?;
            Some(element.to_multi_str().ok()?.to_vec())
        })
        .unwrap_or_default();
    let failed = failed.iter().filter_map(|text| Uid::from_padded(text).ok());
    Some(Moved {
        counts: response.sub_operations,
        failed: failed.map(|uid| uid.to_string()).collect(),
        outcome: response.outcome,
    })
}

/// What is left of a data set, held.
async fn rest(association: &mut Association) -> Result<Bytes, Failure> {
    let mut held = BytesMut::new();
    loop {
        match association.event().await? {
            Event::Data { bytes, place } if held.len() + bytes.len() <= 4 << 20 => {
                held.extend_from_slice(&bytes);
                if place == Place::Last {
                    return Ok(held.freeze());
                }
            }
            _ => {
                return Err(
                    association.unusable("the archive's list of failures is malformed".into())
                );
            }
        }
    }
}

pub(super) fn scope_identifier(scope: &Scope) -> InMemDicomObject {
    let mut identifier = InMemDicomObject::new_empty();
    put(
        &mut identifier,
        tags::STUDY_INSTANCE_UID,
        scope.study.as_str(),
    );
    match &scope.series {
        Some(series) => {
            put(&mut identifier, tags::SERIES_INSTANCE_UID, series.as_str());
            put_level(&mut identifier, Level::Series);
        }
        None => put_level(&mut identifier, Level::Study),
    }
    identifier
}

fn put(identifier: &mut InMemDicomObject, tag: dicom_core::Tag, uid: &str) {
    identifier.put(DataElement::new(tag, VR::UI, PrimitiveValue::from(uid)));
}

fn put_level(identifier: &mut InMemDicomObject, level: Level) {
    let term = PrimitiveValue::from(level.term());
    identifier.put(DataElement::new(tags::QUERY_RETRIEVE_LEVEL, VR::CS, term));
}

/// Contexts in which instances may come: of these classes in each syntax by itself, so that they come as they are; where no
/// class is known, of the usual ones.
fn storage(classes: &[String]) -> Vec<Proposal> {
    let proposal = |class: &str, syntaxes: &[&str]| Proposal {
        class: class.to_owned(),
        syntaxes: syntaxes.iter().map(|&syntax| syntax.to_owned()).collect(),
        role: Role::Us,
    };
    if classes.is_empty() {
        let (native, compressed) = SYNTAXES.split_at(2);
        return USUAL_CLASSES
            .iter()
            .flat_map(|class| [native, compressed].map(|syntaxes| proposal(class, syntaxes)))
            .collect();
    }
    let each = ((MAX_CONTEXTS - 1) / classes.len()).clamp(1, SYNTAXES.len());
    classes
        .iter()
        .flat_map(|class| {
            SYNTAXES[..each]
                .iter()
                .map(|syntax| proposal(class, &[*syntax]))
        })
        .collect()
}
