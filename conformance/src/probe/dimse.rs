//! The harness as SCU: associations on the [raw wire](super::pdu), messages by `dicom_wire::dimse`.

mod association;
mod keys;
mod retrieve;

use bytes::Bytes;
use dicom_dictionary_std::uids;
use dicom_encoding::TransferSyntaxIndex;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

use crate::data::{Instance, Study};
use crate::outcome::{Finding, Verdict};
use crate::target::DimseTarget;
use crate::transcript::Transcript;

use super::pdu::{Acceptance, Heard, Proposal, Wire};

pub use association::{Association, Found, Response};
pub use keys::{Keys, Match};
pub use retrieve::{Reply, Retrieved, Step};

/// What every context offers, unless a check chooses.
pub const SYNTAXES: [&str; 2] = [
    uids::EXPLICIT_VR_LITTLE_ENDIAN,
    uids::IMPLICIT_VR_LITTLE_ENDIAN,
];

/// C-FIND, Study Root.
pub const STUDY_FIND: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_FIND;
/// C-MOVE, Study Root.
pub const STUDY_MOVE: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_MOVE;
/// C-GET, Study Root.
pub const STUDY_GET: &str = uids::STUDY_ROOT_QUERY_RETRIEVE_INFORMATION_MODEL_GET;

/// A client of one archive.
#[derive(Clone, Debug)]
pub struct Dimse {
    target: DimseTarget,
    login: Option<String>,
    transcript: Transcript,
}

impl Dimse {
    /// A client for this target.
    pub const fn new(target: DimseTarget, transcript: Transcript) -> Self {
        Self {
            target,
            login: None,
            transcript,
        }
    }

    /// The same for an archive that lets in nobody who is not named: `NAME:SECRET`.
    pub fn named(mut self, login: Option<&str>) -> Self {
        self.login = login.map(str::to_owned);
        self
    }

    /// The same under another AE title of ours.
    pub fn calling(mut self, title: &str) -> Self {
        self.target.calling = title.into();
        self
    }

    /// Who is asked, and how we call ourselves.
    pub const fn target(&self) -> &DimseTarget {
        &self.target
    }

    /// Where the raw probe notes what it does.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The beginning of a request for an association.
    pub fn proposal(&self) -> Proposal {
        let proposal = Proposal::to(&self.target);
        match self
            .login
            .as_deref()
            .and_then(|login| login.split_once(':'))
        {
            Some((name, secret)) => proposal.identity(name, secret, 0),
            None => proposal,
        }
    }

    /// Asks for an association, and hears what comes.
    ///
    /// # Errors
    /// A failure if there is no connection.
    pub async fn ask(&self, proposal: &Proposal) -> Verdict<(Wire, Heard)> {
        let mut wire = self.connect().await?;
        let heard = wire.propose(proposal).await?;
        Ok((wire, heard))
    }

    /// An association on which every PDU is written by hand.
    ///
    /// # Errors
    /// A failure if it is not accepted.
    pub async fn wire(&self, proposal: &Proposal) -> Verdict<(Wire, Acceptance)> {
        Wire::open(&self.target, proposal, &self.transcript).await
    }

    /// A connection, nothing sent.
    ///
    /// # Errors
    /// A failure if nobody listens.
    pub async fn connect(&self) -> Verdict<Wire> {
        Wire::connect(&self.target, &self.transcript).await
    }

    /// An association with one context for each of the abstract syntaxes.
    ///
    /// # Errors
    /// A failure if there is no connection, or the association is not accepted.
    pub async fn associate(&self, abstract_syntaxes: &[&str]) -> Verdict<Association> {
        let contexts = abstract_syntaxes.iter();
        let proposal = contexts.fold(self.proposal(), |proposal, syntax| {
            proposal.context(syntax, &SYNTAXES)
        });
        self.open(proposal).await
    }

    /// An association as proposed.
    ///
    /// # Errors
    /// A failure if there is no connection, or the association is not accepted.
    pub async fn open(&self, proposal: Proposal) -> Verdict<Association> {
        let opened = Wire::open(&self.target, &proposal, &self.transcript).await;
        let (wire, acceptance) = opened.map_err(|finding| match finding {
            Finding::Fail(difference) => {
                Finding::fail(format!("no association: {}", difference.got))
            }
            other => other,
        })?;
        Ok(Association::new(
            wire,
            proposal,
            acceptance,
            self.transcript.clone(),
        ))
    }

    /// An association for C-GET: the model, and contexts in which we are SCP of these storage classes.
    ///
    /// # Errors
    /// A failure if there is no connection, or the association is not accepted.
    pub async fn associate_to_get(&self, model: &str, storage: &[&str]) -> Verdict<Association> {
        let proposal = self.proposal().context(model, &SYNTAXES);
        let proposal = storage.iter().fold(proposal, |proposal, class| {
            proposal.context(class, &SYNTAXES).role(class, 0, 1)
        });
        self.open(proposal).await
    }

    /// Stores data that another question is asked about.
    ///
    /// # Errors
    /// Untestable unless every C-STORE ends with success.
    pub async fn prepare(&self, study: &Study) -> Verdict {
        self.prepare_instances(&study.instances).await
    }

    /// The same for some instances, in the transfer syntax in which each is written.
    ///
    /// # Errors
    /// Untestable unless every C-STORE ends with success.
    pub async fn prepare_instances(&self, instances: &[Instance]) -> Verdict {
        let untestable = |reason: String| Finding::Untestable {
            because: "store.success",
            reason,
        };
        let stored = async {
            let mut association = self.associate_to_store(instances).await?;
            for instance in instances {
                let status = association.store(instance).await?;
                if status != 0 {
                    return Err(Finding::fail(format!(
                        "C-STORE of its data was answered {status:04X}H"
                    )));
                }
            }
            association.release().await
        };
        match stored.await {
            Err(Finding::Fail(difference)) => Err(untestable(difference.got)),
            other => other,
        }
    }

    /// An association with a context for each class and transfer syntax of these instances.
    ///
    /// # Errors
    /// A failure if there is no connection, or the association is not accepted.
    pub async fn associate_to_store(&self, instances: &[Instance]) -> Verdict<Association> {
        let mut proposal = self.proposal();
        let mut offered = Vec::new();
        for instance in instances {
            let key = (instance.sop_class, instance.transfer_syntax);
            if offered.contains(&key) {
                continue;
            }
            offered.push(key);
            let syntaxes = match key.1 {
                syntax if SYNTAXES.contains(&syntax) => SYNTAXES.to_vec(),
                other => vec![other],
            };
            proposal = proposal.context(key.0, &syntaxes);
        }
        self.open(proposal).await
    }
}

/// A data set in a transfer syntax.
///
/// # Errors
/// A failure if the archive chose a syntax that nobody knows.
pub fn encode(data_set: &InMemDicomObject, syntax: &str) -> Verdict<Bytes> {
    let Some(known) = TransferSyntaxRegistry.get(syntax) else {
        return Err(Finding::fail(format!(
            "a context accepted with transfer syntax {syntax:?}, which was not offered"
        )));
    };
    let mut bytes = Vec::new();
    data_set
        .write_dataset_with_ts(&mut bytes, known)
        .map_err(Finding::error)?;
    Ok(bytes.into())
}
