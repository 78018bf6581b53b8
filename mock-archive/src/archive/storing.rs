//! The one store path of STOW-RS and C-STORE.

use std::collections::BTreeMap;

use dicom_core::{Tag, VR};
use dicom_wire::query::Path;
use dicom_wire::stow::{FailureReason, WarningReason};
use dicom_wire::uid::Uid;

use super::keeping::Judging;
use super::outcome::Judged;
use super::validation::mismatch;
use super::{Archive, Effect, Identity, State, Verdict};
use crate::exchange::Exchange;
use crate::journal::Note;
use crate::moment::{Fate, Judge, Lag, Originals, Under};
use crate::policy::{Discards, Duplicates, Policy, Validation};
use crate::rule::Scene;
use crate::store::{Changes, Spooled, Stored};

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

/// An instance that has arrived, and whose header was read.
pub(crate) struct Arrived {
    stored: Stored,
    announced: Option<(Uid, Uid)>,
}

impl Archive {
    /// Stores an instance, or does not: policy speaks first, then the rules. The scope of the exchange's request (study of the URL) must hold.
    ///
    /// Reads the header of the instance and puts the bytes where they stay; call it where blocking is allowed.
    pub fn store(&self, exchange: &Exchange, incoming: Incoming) -> Judged {
        self.judge(exchange, incoming).settle()
    }

    /// The first half of [`store`](Self::store): reads the header, decides, and notes what was decided. The second, [`Judging::settle`], may take a while;
    /// those of several instances may run beside each other.
    pub(crate) fn judge(&self, exchange: &Exchange, incoming: Incoming) -> Judging {
        match self.read(exchange, incoming) {
            Ok(arrived) => self.judge_read(exchange, arrived),
            Err(judged) => Judging::Done(*judged),
        }
    }

    /// Reads the header of an instance.
    ///
    /// # Errors
    /// What becomes of it where it is none.
    pub(crate) fn read(
        &self,
        exchange: &Exchange,
        incoming: Incoming,
    ) -> Result<Arrived, Box<Judged>> {
        let Incoming { bytes, announced } = incoming;
        match Stored::read(bytes) {
            Ok(stored) => Ok(Arrived { stored, announced }),
            Err(error) => {
                let reason = FailureReason::CANNOT_UNDERSTAND;
                let judged = self.refuse_unread(exchange, reason, error.to_string());
                Err(Box::new(judged))
            }
        }
    }

    /// Whether one with the same UID is on its way, so that judging this one has to wait.
    pub(crate) fn is_expected(&self, arrived: &Arrived) -> bool {
        let instance = &arrived.stored.identity().instance;
        self.state().reserved.instances.contains(instance)
    }

    /// Decides about an instance that was read, and notes what was decided.
    pub(crate) fn judge_read(&self, exchange: &Exchange, arrived: Arrived) -> Judging {
        let Arrived { stored, announced } = arrived;
        let identity = stored.identity().clone();
        let objection = objection(self.policy(), exchange, &stored, announced.as_ref());
        let mut state = self.state_without(&identity.instance);
        let objection = objection.or_else(|| state.no_room(self.policy(), &stored));
        let decided = state.judge(self.policy(), exchange, &stored, objection.as_ref());
        let because = match decided.verdict {
            Verdict::Refused(_) => objection.map(|(_, because)| because),
            _ => None,
        };
        let (verdict, effect) = (decided.verdict, decided.effect);
        state.note(
            exchange.number(),
            Note::Judged {
                instance: Some(identity.clone()),
                verdict,
                effect,
                because: because.clone(),
            },
        );
        let judged = Judged {
            verdict,
            instance: Some(identity),
            because,
        };
        match effect {
            Effect::Added | Effect::Replaced => self.keep(state, exchange, stored, decided, judged),
            Effect::AlreadyThere | Effect::Nothing => Judging::Done(judged),
        }
    }

    /// Notes an instance that the edge could not even spool (a part of another media type, a body cut short), and says so to the client.
    pub fn refuse_unread(
        &self,
        exchange: &Exchange,
        reason: FailureReason,
        because: impl Into<String>,
    ) -> Judged {
        self.refuse(exchange, None, reason, because)
    }

    /// The same for one that is known by name, though not all of it is there.
    pub fn refuse(
        &self,
        exchange: &Exchange,
        instance: Option<Identity>,
        reason: FailureReason,
        because: impl Into<String>,
    ) -> Judged {
        let (verdict, because) = (Verdict::Refused(reason), Some(because.into()));
        self.note(
            exchange.number(),
            Note::Judged {
                instance: instance.clone(),
                verdict,
                effect: Effect::Nothing,
                because: because.clone(),
            },
        );
        Judged {
            verdict,
            instance,
            because,
        }
    }
}

impl State {
    /// What policy has against one more instance of this size.
    fn no_room(&self, policy: &Policy, stored: &Stored) -> Option<(FailureReason, String)> {
        let most = policy.max_stored_bytes?;
        let known = self.known(&stored.identity().instance);
        let after = self.bytes() + stored.len() - known.map_or(0, |known| known.len());
        (after > most).then(|| {
            let because = format!("it has {} bytes, and {most} are taken of all", stored.len());
            (FailureReason::OUT_OF_RESOURCES, because)
        })
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
    if let (Some(storers), Some(calling)) = (&policy.storers, &exchange.request().calling)
        && !storers.contains(calling)
    {
        let because = format!("{calling} may not store");
        return Some((FailureReason::NOT_AUTHORIZED, because));
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
    if policy.validation == Validation::Reject
        && let Some(because) = mismatch(stored)
    {
        return Some((FailureReason::DATA_SET_MISMATCH, because));
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

/// What was decided about an instance, before anything is done.
pub(super) struct Decided {
    pub(super) verdict: Verdict,
    pub(super) effect: Effect,
    pub(super) under: Under,
    pub(super) lag: Lag,
    /// Values that it gets.
    pub(super) changes: Changes,
}

impl State {
    /// Passes the moment of judgement.
    fn judge(
        &mut self,
        policy: &Policy,
        exchange: &Exchange,
        stored: &Stored,
        objection: Option<&(FailureReason, String)>,
    ) -> Decided {
        let identity = stored.identity();
        let patient = self.patient_of(&identity.study);
        let other_patient = patient.as_ref().map(|patient| patient.id.clone());
        let differs = patient.as_ref().map(|patient| patient.differs(stored));
        let known = self.known(&identity.instance).is_some();
        let mut judge = Judge {
            request: exchange.request(),
            instance: identity,
            number: exchange.next_instance(),
            bytes: stored.len(),
            verdict: Verdict::Stored,
            fate: Fate::AsSaid,
            other_patient: other_patient.filter(|id| *id != identity.patient_id),
            differs: differs.unwrap_or_default(),
            under: Under::AsSent,
            lag: Lag::default(),
            originals: Originals::Told,
            without_private: policy.discards == Discards::PrivateElements
                && stored.header().tags().any(is_private),
            values: Vec::new(),
            known,
            duplicates: policy.duplicates,
            first_study: exchange.first_study(&identity.study),
        };
        if policy.validation == Validation::Warn && mismatch(stored).is_some() {
            judge.verdict = Verdict::Warned(WarningReason::DATA_SET_MISMATCH);
        }
        if judge.without_private {
            judge.verdict = Verdict::Warned(WarningReason::ELEMENTS_DISCARDED);
        }
        let odd = judge.verdict;
        if judge.other_patient.is_some() {
            judge.settle_conflict(policy.patient_conflict);
            if judge.verdict == Verdict::Stored {
                judge.verdict = odd;
            }
        }
        let mut values = coerced(policy, stored);
        if !values.is_empty() && judge.verdict == odd {
            judge.verdict = Verdict::Warned(WarningReason::COERCION);
        }
        if let (true, Duplicates::Reject(reason)) = (known, policy.duplicates) {
            judge.verdict = Verdict::Refused(reason);
        }
        if let Some((reason, _)) = objection {
            judge.verdict = Verdict::Refused(*reason);
        }
        self.pass(exchange.number(), &mut Scene::Judge(&mut judge));
        let Judge {
            verdict,
            fate,
            under,
            originals,
            duplicates,
            without_private,
            lag,
            values: more,
            ..
        } = judge;
        values.extend(
            more.into_iter()
                .map(|(tag, text)| (tag, (Path::from(tag).vr(), text))),
        );
        let keep = match fate {
            Fate::AsSaid => !matches!(verdict, Verdict::Refused(_)),
            Fate::Kept => true,
            Fate::Lost => false,
        };
        let effect = match (keep, known, duplicates) {
            (false, ..) => Effect::Nothing,
            (true, true, Duplicates::Keep | Duplicates::Reject(_)) => Effect::AlreadyThere,
            (true, true, Duplicates::Replace) => Effect::Replaced,
            (true, false, _) => Effect::Added,
        };
        if let (Under::PatientOfTheStudy, Some(patient)) = (under, patient) {
            values.extend(patient.values_for(stored));
        }
        Decided {
            verdict,
            effect,
            under,
            lag,
            changes: Changes {
                values,
                originals,
                without_private,
            },
        }
    }
}

/// Whether an element is a private one (PS3.5 7.8).
fn is_private(tag: Tag) -> bool {
    tag.group() % 2 == 1
}

/// The attributes that policy changes, where they are not already so.
fn coerced(policy: &Policy, stored: &Stored) -> BTreeMap<Tag, (VR, String)> {
    let other = |(tag, wanted): (&Tag, &String)| {
        let vr = Path::from(*tag).vr();
        (text(stored, *tag).as_ref() != Some(wanted)).then(|| (*tag, (vr, wanted.clone())))
    };
    policy.coerce.iter().filter_map(other).collect()
}

/// The text of an attribute, without padding.
pub(super) fn text(stored: &Stored, tag: Tag) -> Option<String> {
    let element = stored.element(tag)?;
    let text = element.to_str().ok()?;
    Some(text.trim_matches(['\0', ' ']).to_owned())
}
