//! An instance that comes in by C-STORE (PS3.4 B), whoever opened the association: its data set as it comes, into memory or a file.

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use dicom_dictionary_std::uids;
use dicom_wire::dimse::pdv::{Event, Place};
use dicom_wire::dimse::{Status, StoreRequest};
use dicom_wire::part10::FileMeta;
use dicom_wire::uid::Uid;
use tokio::io::AsyncWriteExt as _;

use super::association::{Association, Context};
use crate::error::Failure;

/// How instances may be encoded, one context each so that the archive can send them as they are (PS3.5 A).
pub(super) const SYNTAXES: [&str; 18] = [
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

/// The context of this number.
pub(super) fn agreed(association: &Association, id: u8) -> Result<Context, Failure> {
    let found = association
        .contexts()
        .iter()
        .find(|context| context.id == id);
    found.cloned().ok_or_else(|| {
        association.unusable("the archive uses a context that was not agreed on".into())
    })
}

/// Takes one instance: its data set as it comes, behind meta information of our own.
pub(super) async fn receive(
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
