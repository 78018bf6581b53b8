//! Policies and rules that make the archive like a known product.

use serde::Serialize;

use crate::policy::{Called, PatientConflict, Policy};
use dicom_wire::stow::FailureReason;

/// An archive to be like.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Personality {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is like, and where that is known from.
    pub about: &'static str,
    #[serde(skip)]
    shape: fn(&mut Policy),
}

const PERSONALITIES: &[Personality] = &[Personality {
    name: "strict",
    about: "by the standard where the standard leaves a choice to be careful: takes only its own AE title, refuses a study under a second patient with A778",
    shape: |policy| {
        policy.called = Called::Own;
        policy.patient_conflict = PatientConflict::Reject(FailureReason::PATIENT_CONFLICT);
    },
}];

/// No personality has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no personality {name:?}; choose {choices}")]
pub struct UnknownPersonality {
    name: String,
    choices: String,
}

impl Personality {
    /// All of them.
    pub fn all() -> &'static [Self] {
        PERSONALITIES
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`UnknownPersonality`], which names the choices.
    pub fn find(name: &str) -> Result<&'static Self, UnknownPersonality> {
        PERSONALITIES
            .iter()
            .find(|personality| personality.name == name)
            .ok_or_else(|| {
                let choices: Vec<_> = PERSONALITIES
                    .iter()
                    .map(|personality| personality.name)
                    .collect();
                UnknownPersonality {
                    name: name.to_owned(),
                    choices: choices.join(", "),
                }
            })
    }

    /// Makes a policy like it.
    pub fn apply(&self, policy: &mut Policy) {
        (self.shape)(policy);
    }
}
