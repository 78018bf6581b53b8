//! The mock archive of this project in the same process: the target when none is given, and the prover of every check.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dicom_dictionary_std::uids;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::{
    Accepts, Called, Delete, Discards, Edition, Extension, PatientConflict, Policy, Validation,
};
use dicom_mock_archive::rule::Rule;
use dicom_wire::ae::AeTitle;
use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use url::Url;

use crate::check::Need;
use crate::probe::scp::StorageScp;

use super::{Claims, DimseTarget, Target};

/// AE title of our storage SCP.
pub const DESTINATION: &str = "CONF_SCP";
/// AE title under which we call, unless told otherwise.
pub const CALLING: &str = "CONFORMANCE";

/// A destination at which nobody is.
const DEAD: &str = "NOBODY_HOME";
/// Who may not store where that is limited.
const READER: &str = "CONF_READER";
/// The user of an archive that lets in nobody else.
const LOGIN: &str = "conformance:open sesame";

/// A running archive; dropping it ends it.
#[derive(Debug)]
pub struct Embedded {
    archive: MockArchive,
}

/// Why it did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// A listener could not be opened.
    #[error("cannot listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The archive did not start.
    #[error(transparent)]
    Start(#[from] dicom_mock_archive::server::StartError),
    /// An address or a name of the archive could not be used.
    #[error("the embedded archive cannot be used: {0}")]
    Name(String),
    /// No fault has this name.
    #[error(transparent)]
    Fault(#[from] dicom_mock_archive::fault::UnknownFault),
}

impl Embedded {
    /// Starts an empty archive that knows our storage SCP, with these named faults.
    ///
    /// # Errors
    /// No free port, or an unknown fault.
    pub async fn start(faults: &[&str]) -> Result<(Self, Target), EmbeddedError> {
        Self::claiming(current(), Claims::new(), faults).await
    }

    /// The same with a policy that has what the default one does not claim.
    ///
    /// # Errors
    /// No free port, or an unknown fault.
    pub async fn offering(
        needs: &[Need],
        faults: &[&str],
    ) -> Result<(Self, Target), EmbeddedError> {
        let mut policy = current();
        let claims = (needs.iter())
            .filter_map(|&need| Some((need, claim(need, &mut policy)?)))
            .collect();
        Self::claiming(policy, claims, faults).await
    }

    /// The same for an archive of another policy, and what that policy claims.
    ///
    /// # Errors
    /// No free port, or an unknown fault.
    pub async fn claiming(
        mut policy: Policy,
        claims: Claims,
        faults: &[&str],
    ) -> Result<(Self, Target), EmbeddedError> {
        let scp =
            StorageScp::listen(DESTINATION, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let name = |error: &dyn std::fmt::Display| EmbeddedError::Name(error.to_string());
        let title = AeTitle::parse(DESTINATION).map_err(|error| name(&error))?;
        policy.destinations.insert(title, scp.address().into());

        let mut builder = MockArchive::builder().policy(policy);
        for fault in faults {
            builder = builder.rule(Rule::named(fault)?);
        }
        let archive = builder.start().await?;
        let target = Target {
            web: Some(Url::parse(&archive.web_url()).map_err(|error| name(&error))?),
            dimse: Some(DimseTarget {
                address: archive.dimse_addr().to_string(),
                called: archive.ae_title().as_str().into(),
                calling: CALLING.into(),
            }),
            destination: Some(Arc::new(scp)),
            claims,
            statement: None,
            arguments: String::new(),
            program: None,
        };
        Ok((Self { archive }, target))
    }

    /// The archive.
    pub const fn archive(&self) -> &MockArchive {
        &self.archive
    }
}

/// The default policy, of the edition that a run asks about unless told otherwise.
fn current() -> Policy {
    Policy {
        edition: Edition::E2026,
        ..Policy::default()
    }
}

/// The AE titles under which we call.
fn ours() -> Option<BTreeSet<AeTitle>> {
    let titles = [CALLING, DESTINATION].map(AeTitle::parse);
    titles.into_iter().map(Result::ok).collect()
}

/// The most results of a search where that is limited.
const CAP: usize = 5;

/// Makes a policy offer something, and says what to claim of it; nothing for what every policy offers.
fn claim(need: Need, policy: &mut Policy) -> Option<String> {
    let all_but = |uid: &str| Uid::parse(uid).map(|uid| Accepts::Except(BTreeSet::from([uid])));
    let value = match need {
        Need::SopClassLimit => {
            policy.sop_classes = all_but(uids::MR_IMAGE_STORAGE).ok()?;
            uids::MR_IMAGE_STORAGE
        }
        Need::TransferSyntaxLimit => {
            policy.transfer_syntaxes = all_but(uids::RLE_LOSSLESS).ok()?;
            uids::RLE_LOSSLESS
        }
        Need::Consistency => {
            policy.patient_conflict = PatientConflict::Reject(FailureReason::PATIENT_CONFLICT);
            ""
        }
        Need::Quota => {
            policy.max_instance_bytes = Some(100_000);
            "100000"
        }
        Need::DeadDestination => {
            // Port 9 (discard) of this machine: nothing that a test starts listens there.
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 9)).to_string();
            policy
                .destinations
                .insert(AeTitle::parse(DEAD).ok()?, address.into());
            DEAD
        }
        Need::Discards => {
            policy.discards = Discards::PrivateElements;
            ""
        }
        Need::Validates => {
            policy.validation = Validation::Warn;
            ""
        }
        Need::ChecksCalled => {
            policy.called = Called::Own;
            ""
        }
        Need::ChecksCalling => {
            policy.known_callers = Some(ours()?);
            ""
        }
        Need::MaxAssociations => {
            policy.max_associations = Some(3);
            "3"
        }
        Need::UserIdentity => {
            policy.logins = vec![LOGIN.parse().ok()?];
            LOGIN
        }
        Need::Artim => {
            policy.artim_timeout = Duration::from_secs(1);
            "1"
        }
        Need::Acl => {
            policy.storers = Some(ours()?);
            READER
        }
        Need::Coerces => {
            policy.patient_conflict = PatientConflict::Coerce;
            ""
        }
        Need::NoFuzzy => {
            policy.extensions.remove(&Extension::Fuzzy);
            return None;
        }
        Need::Cap => {
            policy.max_limit = Some(CAP);
            return Some(CAP.to_string());
        }
        Need::Delete => {
            policy.delete = Delete::Allowed;
            ""
        }
        _ => return None,
    };
    Some(value.to_owned())
}
