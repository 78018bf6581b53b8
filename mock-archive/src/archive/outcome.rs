//! What was decided about an instance, and what it is.

use dicom_wire::stow::{FailureReason, WarningReason};
use dicom_wire::uid::Uid;
use serde::{Serialize, Serializer};

/// What the client is told about an instance; the same over both protocols.
///
/// Over STOW-RS it is an item of Referenced SOP Sequence (`Stored`, `Warned`), of Failed SOP Sequence (`Refused`, or Other Failures Sequence where the instance could
/// not be identified), or no item (`Unlisted`). Over C-STORE it is [`Verdict::dimse_status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is stored.
    Stored,
    /// It is stored, but something was changed or is odd (PS3.18 I.2.1).
    Warned(WarningReason),
    /// It is not stored (PS3.18 I.2.2).
    Refused(FailureReason),
    /// The client is told nothing; over C-STORE, where there must be a response, that it is stored.
    Unlisted,
}

impl Verdict {
    /// Status of the C-STORE response (PS3.4 B.2.3); the reasons of PS3.18 I.2 are such statuses already.
    pub fn dimse_status(self) -> dicom_wire::dimse::Status {
        dicom_wire::dimse::Status(match self {
            Self::Stored | Self::Unlisted => 0x0000,
            Self::Warned(reason) => reason.0,
            Self::Refused(reason) => reason.0,
        })
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stored => serializer.serialize_str("stored"),
            Self::Warned(reason) => {
                serializer.collect_str(&format_args!("warned {:04X}", reason.0))
            }
            Self::Refused(reason) => {
                serializer.collect_str(&format_args!("refused {:04X}", reason.0))
            }
            Self::Unlisted => serializer.serialize_str("unlisted"),
        }
    }
}

/// What became of an instance, whatever the client was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is in the archive now.
    Added,
    /// It took the place of one with the same UID.
    Replaced,
    /// One with the same UID was there and stays.
    AlreadyThere,
    /// It is not in the archive.
    Nothing,
}

/// What an instance is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// Study Instance UID.
    pub study: Uid,
    /// Series Instance UID.
    pub series: Uid,
    /// SOP Class UID.
    pub sop_class: Uid,
    /// SOP Instance UID.
    pub instance: Uid,
    /// Transfer Syntax UID.
    pub transfer_syntax: Uid,
    /// Patient ID without padding; empty if there is none. Not in the journal.
    #[serde(skip)]
    pub patient_id: String,
}

/// What was decided about an instance.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What the client is told.
    pub verdict: Verdict,
    /// What it is; `None` if it could not be read, which STOW-RS reports in Other Failures Sequence (0008,119A).
    pub instance: Option<Identity>,
    /// What was wrong, in words without a patient's values.
    pub because: Option<String>,
}
