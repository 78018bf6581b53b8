//! C-GET and C-MOVE (PS3.4 C.4.2, C.4.3): instances here, or to a destination, with the account of the sub-operations.

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;
use dicom_wire::ae::AeTitle;
use dicom_wire::dimse::pdv::{Event, Place};
use dicom_wire::dimse::{
    Command, DataSet, GetRequest, MoveRequest, Outcome, Priority, RetrieveResponse, Status,
    StoreRequest, StoreResponse, SubOperations,
};
use dicom_wire::part10::FileMeta;
use dicom_wire::query::Level;
use dicom_wire::uid::Uid;
use tokio::io::AsyncWriteExt as _;

use super::association::{Association, Context, Proposal, Role};
use super::{Dimse, is_done, plain, read, refused, uid, write};
use crate::backend::{Deadline, Instance, Scope};
use crate::error::Failure;
use crate::query::{Filter, Search, Terms};

/// How instances may be encoded, one context each so that the archive can send them as they are (PS3.5 A).
const SYNTAXES: [&str; 18] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.70",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.100",
    "1.2.840.10008.1.2.4.102",
];
/// Context IDs are odd and below 256 (PS3.8 9.3.2.2).
const MAX_CONTEXTS: usize = 128;

/// Where retrieved instances go.
#[derive(Debug)]
pub enum Sink {
    /// Into memory, so many bytes in all.
    Memory {
        /// The most bytes.
        limit: u64,
        /// What came, as Part 10 files.
        files: Vec<Bytes>,
    },
    /// Into files of a folder, named by their SOP Instance UIDs.
    Folder {
        /// The folder; it is there.
        folder: PathBuf,
        /// What was written.
        written: Vec<PathBuf>,
    },
}

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
                self.get(&doing, &identifier, &[class], &mut sink, &mut |_| {}),
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

    /// The SOP class of an instance, which a C-GET has to propose.
    async fn class_of(&self, of: &Instance, deadline: &Deadline) -> Result<String, Failure> {
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
        row.text(tags::SOP_CLASS_UID)
            .ok_or_else(|| Failure::Unusable {
                doing: format!("retrieve instance {}", of.instance),
                reason: "the archive does not say of which SOP class it is".into(),
                said: None,
            })
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

    async fn get(
        &self,
        doing: &str,
        identifier: &InMemDicomObject,
        classes: &[String],
        sink: &mut Sink,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET;
        let each = ((MAX_CONTEXTS - 1) / classes.len().max(1)).clamp(1, SYNTAXES.len());
        let storage = classes.iter().flat_map(|class| {
            SYNTAXES[..each].iter().map(move |syntax| Proposal {
                class: class.clone(),
                syntaxes: vec![(*syntax).to_owned()],
                role: Role::Us,
            })
        });
        let proposals: Vec<Proposal> = std::iter::once(plain(model))
            .chain(storage)
            .take(MAX_CONTEXTS)
            .collect();
        let mut association = Association::open(&self.settings, doing, &proposals, None).await?;
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
                    let agreed = association
                        .contexts()
                        .iter()
                        .find(|agreed| agreed.id == context)
                        .cloned()
                        .ok_or_else(|| {
                            association.unusable(
                                "the archive uses a context that was not agreed on".into(),
                            )
                        })?;
                    let status = receive(&mut association, &agreed, &request, sink, doing).await?;
                    let response = StoreResponse {
                        message_id: request.message_id,
                        sop_class: Some(request.sop_class),
                        sop_instance: Some(request.sop_instance),
                        outcome: status.into(),
                    };
                    association
                        .send(context, Command::from(response), None)
                        .await?;
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

    /// Asks the archive to send a study or series to a destination; `progress` sees each count.
    pub(in crate::backend) async fn move_to(
        &self,
        scope: &Scope,
        destination: &AeTitle,
        progress: &mut (dyn FnMut(&SubOperations) + Send),
    ) -> Result<Moved, Failure> {
        let doing = format!("move {scope} to {destination}");
        let model = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
        let patience = Deadline::after(self.timeout);
        let mut association = patience
            .within(&doing, self.associate(&doing, model))
            .await?;
        let context = association.context(model)?;
        let request = MoveRequest {
            message_id: association.message_id(),
            sop_class: uid(model),
            priority: Priority::Medium,
            destination: destination.clone(),
        };
        let data = write(&scope_identifier(scope), &context.syntax, &doing)?;
        association
            .send(context.id, Command::from(request), Some(data))
            .await?;
        loop {
            // Each response renews the time: a move of a large study is long, a silent one is lost.
            let patience = Deadline::after(self.timeout);
            let (_, command, list) = patience.within(&doing, association.message()).await?;
            let Command::MoveRsp(response) = command else {
                return Err(
                    association.unusable(format!("the archive answered with {}", command.name()))
                );
            };
            progress(&response.sub_operations);
            if let Some(moved) = finished(&mut association, response, list, model, &context.syntax)
            {
                association.release().await;
                return Ok(moved);
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
fn finished(
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

/// Takes one instance: its data set as it comes, behind meta information of our own.
async fn receive(
    association: &mut Association,
    context: &Context,
    request: &StoreRequest,
    sink: &mut Sink,
    doing: &str,
) -> Result<Status, Failure> {
    let syntax = Uid::parse(&context.syntax).map_err(|_| Failure::Internal {
        doing: doing.to_owned(),
    })?;
    let meta = FileMeta::new(
        request.sop_class.clone(),
        request.sop_instance.clone(),
        syntax,
    )
    .to_bytes();
    match sink {
        Sink::Memory { limit, files } => {
            let before: u64 = files.iter().map(|file| file.len() as u64).sum();
            let mut file = BytesMut::from(&meta[..]);
            loop {
                let (bytes, place) = next(association).await?;
                if before + (file.len() + bytes.len()) as u64 > *limit {
                    return Err(Failure::TooLarge {
                        doing: doing.to_owned(),
                        limit: *limit,
                    });
                }
                file.extend_from_slice(&bytes);
                if place == Place::Last {
                    files.push(file.freeze());
                    return Ok(Status::SUCCESS);
                }
            }
        }
        Sink::Folder { folder, written } => {
            let path = folder.join(format!("{}.dcm", request.sop_instance));
            let part = folder.join(format!(".{}.part", request.sop_instance));
            let result = into_file(association, &part, &meta).await;
            let done = match result? {
                Ok(()) => tokio::fs::rename(&part, &path).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(()) => {
                    written.push(path);
                    Ok(Status::SUCCESS)
                }
                // The archive counts it as failed, which is what it is.
                Err(_) => {
                    let _ = tokio::fs::remove_file(&part).await;
                    Ok(Status::OUT_OF_RESOURCES)
                }
            }
        }
    }
}

async fn into_file(
    association: &mut Association,
    path: &Path,
    meta: &[u8],
) -> Result<std::io::Result<()>, Failure> {
    let mut file = match tokio::fs::File::create(path).await {
        Ok(mut file) => file.write_all(meta).await.map(|()| file),
        Err(error) => Err(error),
    };
    loop {
        let (bytes, place) = next(association).await?;
        if let Ok(open) = &mut file
            && let Err(error) = open.write_all(&bytes).await
        {
            file = Err(error);
        }
        if place == Place::Last {
            return Ok(match file {
                Ok(mut file) => file.flush().await,
                Err(error) => Err(error),
            });
        }
    }
}

async fn next(association: &mut Association) -> Result<(Bytes, Place), Failure> {
    match association.event().await? {
        Event::Data { bytes, place } => Ok((bytes, place)),
        Event::Command { .. } => {
            Err(association.unusable("the archive sent a command inside a data set".into()))
        }
    }
}

fn scope_identifier(scope: &Scope) -> InMemDicomObject {
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
