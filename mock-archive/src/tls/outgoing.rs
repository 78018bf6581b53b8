//! TLS on associations that the archive opens itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, version};

use super::authorities::Authorities;
use super::pem::{Pem, TlsError};
use super::provider;

/// How the archive speaks TLS to another node: whom it believes, and who it proves to be itself.
///
/// By default it believes the CAs that browsers believe, for the name of the host.
#[derive(Clone, Debug)]
pub struct Outgoing {
    config: Arc<ClientConfig>,
    authorities: Option<Authorities>,
    own: Option<Arc<Own>>,
}

/// A certificate of our own.
#[derive(Debug)]
struct Own {
    certificates: Pem,
    key: Pem,
    files: Option<[PathBuf; 2]>,
}

impl Default for Outgoing {
    fn default() -> Self {
        Self {
            config: Arc::new(public().with_no_client_auth()),
            authorities: None,
            own: None,
        }
    }
}

impl Outgoing {
    /// Believes nobody else.
    ///
    /// # Errors
    /// If nothing can be compared with these certificates.
    pub fn believing(self, authorities: Authorities) -> Result<Self, TlsError> {
        Self::of(Some(authorities), self.own)
    }

    /// Proves who it is to those who ask, from two PEM files: as [`Tls::from_files`](super::Tls::from_files).
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn proving_files(
        self,
        certificates: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> Result<Self, TlsError> {
        let files = [certificates.as_ref().to_owned(), key.as_ref().to_owned()];
        let own = Own {
            certificates: Pem::read(&files[0])?,
            key: Pem::read(&files[1])?,
            files: Some(files),
        };
        Self::of(self.authorities, Some(Arc::new(own)))
    }

    /// The same from two PEM texts.
    ///
    /// # Errors
    /// Says which of them is wrong, and how.
    pub fn proving_pem(
        self,
        certificates: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let own = Own {
            certificates: Pem::of("the text of the certificates", certificates.as_ref()),
            key: Pem::of("the text of the key", key.as_ref()),
            files: None,
        };
        Self::of(self.authorities, Some(Arc::new(own)))
    }

    fn of(authorities: Option<Authorities>, own: Option<Arc<Own>>) -> Result<Self, TlsError> {
        let builder = match &authorities {
            None => public(),
            Some(authorities) => versions()
                .dangerous()
                .with_custom_certificate_verifier(authorities.of_servers()?),
        };
        let config = match &own {
            None => builder.with_no_client_auth(),
            Some(own) => own.prove(builder)?,
        };
        Ok(Self {
            config: Arc::new(config),
            authorities,
            own,
        })
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        self.config.clone()
    }

    /// The file of those who are believed; `None` for the CAs that browsers believe.
    pub(crate) fn believed(&self) -> Option<Option<&Path>> {
        self.authorities.as_ref().map(Authorities::file)
    }

    /// The files of the certificates and the key that it proves itself with, if it does.
    pub(crate) fn proven(&self) -> Option<Option<&[PathBuf; 2]>> {
        self.own.as_ref().map(|own| own.files.as_ref())
    }
}

impl Own {
    fn prove(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    ) -> Result<ClientConfig, TlsError> {
        builder
            .with_client_auth_cert(self.certificates.certificates()?, self.key.private_key()?)
            .map_err(|why| TlsError::of_key(why, &self.certificates, &self.key))
    }
}

/// For hosts that a CA vouches for which browsers believe.
fn public() -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    versions().with_root_certificates(roots)
}

fn versions() -> ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("ring speaks both versions")
}
