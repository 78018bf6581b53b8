//! An instance that comes in by C-STORE (PS3.4 B), whoever opened the association: its data set as it comes, into memory or a file.

use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use dicom_dictionary_std::uids;
use dicom_wire::dimse::pdv::{Event, Place};
use dicom_wire::dimse::{Command, Status, StoreRequest, StoreResponse};
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
/// What most instances are, for archives that do not tell of which SOP class theirs are (PS3.4 B.5).
pub(super) const USUAL_CLASSES: [&str; 39] = [
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::CT_IMAGE_STORAGE,
    uids::ENHANCED_CT_IMAGE_STORAGE,
    uids::MR_IMAGE_STORAGE,
    uids::ENHANCED_MR_IMAGE_STORAGE,
    uids::ULTRASOUND_IMAGE_STORAGE,
    uids::ULTRASOUND_MULTI_FRAME_IMAGE_STORAGE,
    uids::NUCLEAR_MEDICINE_IMAGE_STORAGE,
    uids::POSITRON_EMISSION_TOMOGRAPHY_IMAGE_STORAGE,
    uids::X_RAY_ANGIOGRAPHIC_IMAGE_STORAGE,
    uids::X_RAY_RADIOFLUOROSCOPIC_IMAGE_STORAGE,
    uids::BREAST_TOMOSYNTHESIS_IMAGE_STORAGE,
    uids::SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_GRAYSCALE_BYTE_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::MULTI_FRAME_TRUE_COLOR_SECONDARY_CAPTURE_IMAGE_STORAGE,
    uids::VL_ENDOSCOPIC_IMAGE_STORAGE,
    uids::VL_MICROSCOPIC_IMAGE_STORAGE,
    uids::VL_PHOTOGRAPHIC_IMAGE_STORAGE,
    uids::VL_WHOLE_SLIDE_MICROSCOPY_IMAGE_STORAGE,
    uids::OPHTHALMIC_TOMOGRAPHY_IMAGE_STORAGE,
    uids::SEGMENTATION_STORAGE,
    uids::BASIC_TEXT_SR_STORAGE,
    uids::ENHANCED_SR_STORAGE,
    uids::COMPREHENSIVE_SR_STORAGE,
    uids::COMPREHENSIVE3_DSR_STORAGE,
    uids::MAMMOGRAPHY_CADSR_STORAGE,
    uids::X_RAY_RADIATION_DOSE_SR_STORAGE,
    uids::KEY_OBJECT_SELECTION_DOCUMENT_STORAGE,
    uids::GRAYSCALE_SOFTCOPY_PRESENTATION_STATE_STORAGE,
    uids::ENCAPSULATED_PDF_STORAGE,
    uids::ENCAPSULATED_CDA_STORAGE,
    uids::RT_IMAGE_STORAGE,
    uids::RT_DOSE_STORAGE,
    uids::RT_STRUCTURE_SET_STORAGE,
    uids::RT_PLAN_STORAGE,
];

/// What UIDs of Storage SOP classes begin with (PS3.6 A).
pub(super) const STORAGE: &str = "1.2.840.10008.5.1.4.1.1.";

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

/// Takes one instance, and answers with what became of it.
pub(super) async fn receive(
    association: &mut Association,
    context: &Context,
    request: StoreRequest,
    sink: &mut Sink,
    doing: &str,
) -> Result<(), Failure> {
    let status = take(association, context, &request, sink, doing).await?;
    let response = StoreResponse {
        message_id: request.message_id,
        sop_class: Some(request.sop_class),
        sop_instance: Some(request.sop_instance),
        outcome: status.into(),
    };
    association
        .send(context.id, Command::from(response), None)
        .await
}

/// Takes one instance: its data set as it comes, behind meta information of our own.
async fn take(
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
