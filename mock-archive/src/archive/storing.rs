//! The one store path of STOW-RS and C-STORE.

use std::sync::Arc;

use bytes::Bytes;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;

use super::{Archive, Effect, Identity, State, Verdict};
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::moment::{Fate, Judge, Moment, Under};
use crate::policy::{Duplicates, Policy};
use crate::rule::Scene;
use crate::store::{Spooled, Stored};

/// An instance that has arrived whole, as a Part 10 file.
#[derive(Debug)]
pub struct Incoming {
    /// Its bytes, preamble and file meta information first. A C-STORE data set gets them from `dicom_wire::part10::FileMeta::to_bytes`.
    pub bytes: Spooled,
    /// SOP Class and SOP Instance UID that were announced apart from the bytes (C-STORE request), which the data set must agree with.
    pub announced: Option<(Uid, Uid)>,
}

impl Incoming {
    /// A part of a STOW-RS request.
    pub fn part(bytes: Spooled) -> Self {
        Self {
            bytes,
            announced: None,
        }
    }

    /// The data set of a C-STORE request.
    pub fn announced(bytes: Spooled, sop_class: Uid, sop_instance: Uid) -> Self {
        Self {
            bytes,
            announced: Some((sop_class, sop_instance)),
        }
    }
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

/// Why something cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct Unloadable {
    /// The file, or the number of the instance.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

impl Archive {
    /// Stores an instance, or does not: policy speaks first, then the rules. The scope of the exchange's request (study of the URL) must hold.
    ///
    /// Reads the header of the instance from its bytes; call it where blocking is allowed when they are in a file.
    pub fn store(&self, exchange: &Exchange, incoming: Incoming) -> Judged {
        let Incoming { bytes, announced } = incoming;
        let stored = match Stored::read(bytes) {
            Ok(stored) => stored,
            Err(error) => return self.unreadable(exchange, &error.to_string()),
        };
        let identity = stored.identity().clone();
        let objection = objection(self.policy(), exchange, &stored, announced.as_ref());
        let mut state = self.state();
        let (verdict, effect) = state.judge(self.policy(), exchange, stored, objection.as_ref());
        let because = match verdict {
            Verdict::Refused(_) => objection.map(|(_, because)| because),
            _ => None,
        };
        state.note(
            exchange.number(),
            Note::Judged {
                instance: Some(identity.clone()),
                verdict,
                effect,
                because: because.clone(),
            },
        );
        Judged {
            verdict,
            instance: Some(identity),
            because,
        }
    }

    /// Notes an instance that the edge could not even spool (a part of another media type, a body cut short), and says so to the client.
    pub fn refuse_unread(
        &self,
        exchange: &Exchange,
        reason: FailureReason,
        because: impl Into<String>,
    ) -> Judged {
        let (verdict, because) = (Verdict::Refused(reason), Some(because.into()));
        self.note(
            exchange.number(),
            Note::Judged {
                instance: None,
                verdict,
                effect: Effect::Nothing,
                because: because.clone(),
            },
        );
        Judged {
            verdict,
            instance: None,
            because,
        }
    }

    /// Puts an instance into the archive as if it had always been there: no rule is asked and nothing is noted.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn load(&self, bytes: Bytes) -> Result<Identity, Unloadable> {
        let unloadable = |error: &dyn std::fmt::Display| Unloadable {
            what: "instance".to_owned(),
            why: error.to_string(),
        };
        let mut spool = self.spool();
        spool.write(bytes).map_err(|error| unloadable(&error))?;
        let spooled = spool.finish().map_err(|error| unloadable(&error))?;
        let mut stored = Stored::read(spooled).map_err(|error| unloadable(&error))?;
        stored.commit().map_err(|error| unloadable(&error))?;
        let identity = stored.identity().clone();
        self.state().index.insert(Arc::new(stored));
        Ok(identity)
    }

    fn unreadable(&self, exchange: &Exchange, error: &str) -> Judged {
        self.refuse_unread(exchange, FailureReason::CANNOT_UNDERSTAND, error)
    }
}

/// What policy has against an instance.
fn objection(
    policy: &Policy,
    exchange: &Exchange,
    stored: &Stored,
    announced: Option<&(Uid, Uid)>,
) -> Option<(FailureReason, String)> {
    let identity = stored.identity();
    if let Some(study) = exchange
        .request()
        .scope
        .study
        .as_ref()
        .filter(|study| **study != identity.study)
    {
        return Some((
            FailureReason::STUDY_MISMATCH,
            format!("it belongs to study {}, not to {study}", identity.study),
        ));
    }
    if let Some((sop_class, instance)) = announced
        && (*sop_class != identity.sop_class || *instance != identity.instance)
    {
        let because = format!(
            "it is {} of class {}, announced as {instance} of class {sop_class}",
            identity.instance, identity.sop_class
        );
        return Some((FailureReason::DATA_SET_MISMATCH, because));
    }
    if !policy.sop_classes.accepts(&identity.sop_class) {
        return Some((
            FailureReason::SOP_CLASS_NOT_SUPPORTED,
            format!("SOP class {} is not supported", identity.sop_class),
        ));
    }
    if !policy.transfer_syntaxes.accepts(&identity.transfer_syntax) {
        let because = format!(
            "transfer syntax {} is not supported",
            identity.transfer_syntax
        );
        return Some((FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED, because));
    }
    if let Some(most) = policy
        .max_instance_bytes
        .filter(|most| stored.len() > *most)
    {
        return Some((
            FailureReason::OUT_OF_RESOURCES,
            format!("it has {} bytes, at most {most} are taken", stored.len()),
        ));
    }
    None
}

impl State {
    /// Passes the moment of judgement and does what comes of it.
    fn judge(
        &mut self,
        policy: &Policy,
        exchange: &Exchange,
        stored: Stored,
        objection: Option<&(FailureReason, String)>,
    ) -> (Verdict, Effect) {
        let identity = stored.identity().clone();
        let other_patient = self
            .index
            .patient_of(&identity.study)
            .filter(|known| *known != identity.patient_id);
        let known = self.index.contains(&identity.instance);
        let mut judge = Judge {
            request: exchange.request(),
            instance: &identity,
            number: exchange.next_instance(),
            verdict: Verdict::Stored,
            fate: Fate::AsSaid,
            other_patient,
            under: Under::AsSent,
        };
        if judge.other_patient.is_some() {
            judge.settle_conflict(policy.patient_conflict);
        }
        if let (true, Duplicates::Reject(reason)) = (known, policy.duplicates) {
            judge.verdict = Verdict::Refused(reason);
        }
        if let Some((reason, _)) = objection {
            judge.verdict = Verdict::Refused(*reason);
        }
        let fired = self.rules.pass(&mut Scene::Judge(&mut judge));
        let (verdict, fate, under) = (judge.verdict, judge.fate, judge.under);
        for (rule, fault) in fired {
            self.note(
                exchange.number(),
                Note::Fired {
                    rule,
                    fault,
                    moment: Moment::Judge,
                },
            );
        }
        let keep = match fate {
            Fate::AsSaid => !matches!(verdict, Verdict::Refused(_)),
            Fate::Kept => true,
            Fate::Lost => false,
        };
        let effect = match (keep, known, policy.duplicates) {
            (false, ..) => Effect::Nothing,
            (true, true, Duplicates::Keep | Duplicates::Reject(_)) => Effect::AlreadyThere,
            (true, true, Duplicates::Overwrite) => Effect::Replaced,
            (true, false, _) => Effect::Added,
        };
        if matches!(effect, Effect::Added | Effect::Replaced)
            && let Err(error) = self.keep(stored, under)
        {
            tracing::warn!(%error, instance = %identity.instance, "cannot be kept");
            return (
                Verdict::Refused(FailureReason::OUT_OF_RESOURCES),
                Effect::Nothing,
            );
        }
        (verdict, effect)
    }

    /// Puts the bytes where they stay and the instance into the index; neither, if the first fails.
    fn keep(&mut self, mut stored: Stored, under: Under) -> std::io::Result<()> {
        if under == Under::PatientOfTheStudy
            && let Some(patient_id) = self.index.patient_of(&stored.identity().study)
        {
            stored = stored.under_patient(&patient_id)?;
        }
        stored.commit()?;
        let stored = Arc::new(stored);
        let replaced = match under {
            Under::StudyOfItsOwn => self.index.insert_apart(stored),
            Under::AsSent | Under::PatientOfTheStudy => self.index.insert(stored),
        };
        if let Some(replaced) = replaced {
            replaced.forget();
        }
        Ok(())
    }
}
