//! TLS between the sockets and the protocols: https for DICOMweb, DICOM over TLS for DIMSE (PS3.15 B.9, BCP 195).
//!
//! The stream lies over the layer where connections are cut, slowed down and reset, so what a rule does to a line happens to TCP bytes: to the handshake too, and without a closing alert.

mod authorities;
mod flawed;
mod outgoing;
mod pem;
mod stream;

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier, version};

pub use self::authorities::Authorities;
pub use self::outgoing::Outgoing;
pub use self::pem::TlsError;
pub(crate) use self::stream::Stream;

use self::pem::Pem;

/// Who the archive proves to be over TLS: a chain of certificates and the private key of the first.
///
/// TLS 1.2 and 1.3 are spoken. Clients are asked for a certificate where [`Policy::client_ca`](crate::policy::Policy::client_ca) says who vouches for them.
#[derive(Clone, Debug)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// From two PEM files: the certificate with whatever leads up to its CA, and its private key (PKCS #8, PKCS #1 or SEC 1).
    /// One file may be both.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn from_files(
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, TlsError> {
        Self::load(
            &Pem::read(certificates.as_ref())?,
            &Pem::read(key.as_ref())?,
        )
    }

    /// From two PEM texts, as [`Self::from_files`].
    ///
    /// # Errors
    /// Says which of them is wrong, and how.
    pub fn from_pem(
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        Self::load(
            &Pem::of("the text of the certificates", certificates.as_ref()),
            &Pem::of("the text of the key", key.as_ref()),
        )
    }

    /// The same for clients that prove who they are; others get no handshake.
    pub(crate) fn asking(&self, authorities: &Authorities) -> Result<Self, TlsError> {
        let config = builder()
            .with_client_cert_verifier(authorities.of_clients()?)
            .with_cert_resolver(self.0.cert_resolver.clone());
        Ok(Self(Arc::new(config)))
    }

    fn load(certificates: &Pem, key: &Pem) -> Result<Self, TlsError> {
        let chain = certificates.certificates()?;
        let secret = key.private_key()?;
        builder()
            .with_no_client_auth()
            .with_single_cert(chain, secret)
            .map(|config| Self(Arc::new(config)))
            .map_err(|why| TlsError::of_key(why, certificates, key))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("ring speaks both versions")
}
