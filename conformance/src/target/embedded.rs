//! The mock archive of this project in the same process: the target when none is given, and the prover of every check.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use dicom_mock_archive::MockArchive;
use dicom_mock_archive::policy::Policy;
use dicom_mock_archive::rule::Rule;
use dicom_wire::ae::AeTitle;
use url::Url;

use crate::probe::scp::StorageScp;

use super::{Claims, DimseTarget, Target};

/// AE title of our storage SCP.
pub const DESTINATION: &str = "CONF_SCP";
/// AE title under which we call, unless told otherwise.
pub const CALLING: &str = "CONFORMANCE";

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
        Self::claiming(Policy::default(), Claims::new(), faults).await
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
        policy.destinations.insert(title, scp.address().to_string());

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
            arguments: String::new(),
        };
        Ok((Self { archive }, target))
    }

    /// The archive.
    pub const fn archive(&self) -> &MockArchive {
        &self.archive
    }
}
