//! The moment at which an instance has arrived whole.

use std::collections::BTreeSet;
use std::time::Duration;

use dicom_core::Tag;
use dicom_wire::stow::WarningReason;
use dicom_wire::uid::Uid;
use serde::Serialize;

use crate::archive::{Identity, Verdict};
use crate::policy::{Duplicates, PatientConflict};
use crate::request::Request;

/// One instance has arrived whole and been read; decide about it.
#[derive(Debug)]
pub struct Judge<'a> {
    /// The store request it came with.
    pub request: &'a Request,
    /// What it is.
    pub instance: &'a Identity,
    /// Which one it is in this exchange; 1 for the first.
    pub number: usize,
    /// Length of its file.
    pub bytes: u64,
    /// What the client is told. On entry: what policy says.
    pub verdict: Verdict,
    /// What really happens.
    pub fate: Fate,
    /// The Patient ID under which its study is known, if that is another one.
    pub other_patient: Option<String>,
    /// In what it differs from the first instance of its study: of the attributes that a rule in force compares, bulk values aside.
    pub differs: BTreeSet<Tag>,
    /// Under which patient it is kept.
    pub under: Under,
    /// Whether an instance whose values are changed tells which it had.
    pub originals: Originals,
    /// How late it is there.
    pub lag: Lag,
    /// Whether private elements are left out.
    pub without_private: bool,
    /// Attributes that it gets besides those that policy changes, with their values.
    pub values: Vec<(Tag, String)>,
    /// Whether an instance with its UID is there already.
    pub known: bool,
    /// What happens to one that is.
    pub duplicates: Duplicates,
    /// The study of the first instance of the same request or association.
    pub first_study: Uid,
}

/// Whether an instance that is changed holds what was there before (PS3.3 C.12.1.1.9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Originals {
    /// In Original Attributes Sequence (0400,0561).
    #[default]
    Told,
    /// Nowhere.
    Forgotten,
}

impl Judge<'_> {
    /// Decides about an instance of another patient than its study.
    pub fn settle_conflict(&mut self, resolution: PatientConflict) {
        self.under = Under::AsSent;
        self.fate = Fate::AsSaid;
        self.verdict = Verdict::Stored;
        match resolution {
            PatientConflict::Accept => {}
            PatientConflict::Reject(reason) => self.verdict = Verdict::Refused(reason),
            PatientConflict::Split => self.under = Under::StudyOfItsOwn,
            PatientConflict::Hide => self.fate = Fate::Lost,
            PatientConflict::Coerce => {
                self.under = Under::PatientOfTheStudy;
                self.verdict = Verdict::Warned(WarningReason::COERCION);
            }
        }
    }
}

/// How long after its acknowledgement an instance is missed, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// By searches and retrieves.
    pub everything: Duration,
    /// By searches only.
    pub search: Duration,
    /// By requests for metadata only.
    pub metadata: Duration,
}

/// Under which patient an instance is kept whose study is known under another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Under {
    /// As it was sent, in the study that is there.
    #[default]
    AsSent,
    /// Under the patient of the study: the data set is changed.
    PatientOfTheStudy,
    /// In a second study with the same Study Instance UID.
    StudyOfItsOwn,
    /// As it was sent, and what it says of patient and study is from then on what searches find of them.
    NewPatientOfTheStudy,
}

/// What really happens to an instance, whatever the client is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is kept if and only if the verdict says so.
    #[default]
    AsSaid,
    /// It is kept whatever the verdict says.
    Kept,
    /// It is dropped whatever the verdict says.
    Lost,
}
