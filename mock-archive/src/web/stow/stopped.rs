//! Why a body was not read to a good end, and what is answered then.

use dicom_wire::multipart;
use dicom_wire::stow::FailureReason;

use crate::web::problem::Problem;

/// Why a body was not read to a good end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    #[error("the request has no body")]
    NoBody,
    #[error("the body has no part")]
    NoPart,
    #[error("the metadata describes no instance")]
    NoInstance,
    #[error("the body cannot be kept: {0}")]
    NotKept(std::io::Error),
    #[error("the body breaks off")]
    BrokenOff,
    #[error(transparent)]
    Malformed(#[from] multipart::Error),
    #[error("the body cannot be read")]
    NotUnderstood,
    #[error("the body is waited for")]
    LeftWaiting,
    #[error("the body is no gzip, or not a whole one")]
    NoGzip,
    #[error("a store request may have at most {0} bytes")]
    TooLarge(u64),
    #[error("a metadata part may have at most {0} bytes")]
    MetadataTooLarge(usize),
}

impl Stopped {
    /// The answer where nothing was judged yet.
    pub(super) fn problem(&self) -> Problem {
        match self {
            Stopped::TooLarge(_) | Stopped::MetadataTooLarge(_) => Problem::too_large(self),
            Stopped::NotKept(_) => Problem::internal(self),
            other => Problem::bad_request(other),
        }
    }

    /// What the account says otherwise, of what could not be read.
    pub(super) fn reason(&self) -> FailureReason {
        match self {
            Stopped::TooLarge(_) | Stopped::MetadataTooLarge(_) => FailureReason::OUT_OF_RESOURCES,
            _ => FailureReason::CANNOT_UNDERSTAND,
        }
    }
}
