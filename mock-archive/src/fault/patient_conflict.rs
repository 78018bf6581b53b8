use std::collections::BTreeSet;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_wire::stow::FailureReason;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{AttributeTag, Fault, Reason};
use crate::moment::{Judge, Moment, Under};
use crate::policy;
use crate::rule::Scene;

/// An instance names another patient than the study it belongs to, and the archive does this about it, whatever its policy.
///
/// On the wire: `reject` refuses the instance with A777 to A77B (dcm4chee, default policy); `coerce` stores it under the study's patient with warning B000;
/// `accept` stores it as it is and the study keeps its patient; `split` stores it and the study is listed once for each patient (Orthanc 1.10 and 1.12, which then
/// cannot retrieve it); `latest` stores it and from then on searches give patient and study as it has them (Azure, latest wins); `hide` keeps it where neither searches nor retrieves come (AWS HealthImaging, as not primary). A good client shows both IDs to a person, never merges two patients by itself, and does not send the instance again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatientConflict {
    /// What the archive does.
    pub outcome: Outcome,
    /// The attributes that are compared with those of the first instance of the study, by keyword or tag: one difference is a conflict. dcm4chee takes another issuer, or any attribute of patient or study, for one.
    pub on: BTreeSet<AttributeTag>,
    /// Failure reason for `reject`: `A777` Patient ID missing, `A778` Patient ID differs, `A779` attribute differs, `A77B` relation differs.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
}

/// What an archive does about an instance of another patient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Refuse it.
    #[default]
    Reject,
    /// Store it under the study's patient.
    Coerce,
    /// Store it as it is.
    Accept,
    /// Store it and list the study twice.
    Split,
    /// Store it as it is, and take what it says of patient and study for what they are.
    Latest,
    /// Say that it is stored, and neither find nor give it back.
    Hide,
}

impl Default for PatientConflict {
    fn default() -> Self {
        Self {
            outcome: Outcome::default(),
            on: BTreeSet::from([AttributeTag(tags::PATIENT_ID)]),
            reason: FailureReason::PATIENT_CONFLICT,
        }
    }
}

impl Fault for PatientConflict {
    fn moment(&self) -> Moment {
        Moment::Judge
    }

    fn compares(&self) -> Vec<Tag> {
        self.on.iter().map(|attribute| attribute.0).collect()
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Judge(judge) = scene else {
            return false;
        };
        self.on.iter().any(|attribute| match attribute.0 {
            // The patient of a study may have been settled before.
            tags::PATIENT_ID => judge.other_patient.is_some(),
            other => judge.differs.contains(&other),
        })
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        if self.outcome == Outcome::Latest {
            judge.settle_conflict(policy::PatientConflict::Accept);
            judge.under = Under::NewPatientOfTheStudy;
            return;
        }
        judge.settle_conflict(match self.outcome {
            Outcome::Reject => policy::PatientConflict::Reject(self.reason),
            Outcome::Coerce => policy::PatientConflict::Coerce,
            Outcome::Accept | Outcome::Latest => policy::PatientConflict::Accept,
            Outcome::Split => policy::PatientConflict::Split,
            Outcome::Hide => policy::PatientConflict::Hide,
        });
    }
}
