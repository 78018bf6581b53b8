//! Certificates and keys in PEM (RFC 7468), and what can be wrong with them.

use std::io;
use std::path::Path;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be spoken. `certificates` and `key` say where they came from: a path, or words.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {file}: {why}")]
    Unreadable {
        /// Path of the file.
        file: String,
        /// Why not.
        why: io::Error,
    },
    /// What should be PEM is not (RFC 7468).
    #[error("{pem} is not PEM: {why}")]
    Malformed {
        /// Where it came from.
        pem: String,
        /// What is wrong.
        why: String,
    },
    /// There is no certificate where one should be.
    #[error("{certificates} holds no certificate")]
    NoCertificate {
        /// Where it should be.
        certificates: String,
    },
    /// There is no private key where one should be, or only an encrypted one.
    #[error("{key} holds no private key, or only an encrypted one")]
    NoKey {
        /// Where it should be.
        key: String,
    },
    /// The key is that of another certificate.
    #[error("the private key in {key} does not belong to the first certificate in {certificates}")]
    Mismatch {
        /// Where the certificate came from.
        certificates: String,
        /// Where the key came from.
        key: String,
    },
    /// The certificate or the key is of no use for another reason.
    #[error("{certificates} with {key} cannot be used for TLS: {why}")]
    Unusable {
        /// Where the certificate came from.
        certificates: String,
        /// Where the key came from.
        key: String,
        /// Why not.
        why: rustls::Error,
    },
    /// A certificate is none, so that nothing can be compared with it.
    #[error("{certificates} holds what is no certificate of somebody to believe: {why}")]
    Unbelievable {
        /// Where it came from.
        certificates: String,
        /// What is wrong.
        why: String,
    },
}

impl TlsError {
    /// What is wrong with a key for these certificates.
    pub(super) fn of_key(why: rustls::Error, certificates: &Pem, key: &Pem) -> Self {
        let (certificates, key) = (certificates.name.clone(), key.name.clone());
        match why {
            rustls::Error::InconsistentKeys(_) => Self::Mismatch { certificates, key },
            why => Self::Unusable {
                certificates,
                key,
                why,
            },
        }
    }
}

/// A PEM text and where it came from.
pub(super) struct Pem {
    pub(super) name: String,
    text: Vec<u8>,
}

/// Without the text: it may be a key.
impl std::fmt::Debug for Pem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Pem {
    pub(super) fn of(name: &str, text: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, TlsError> {
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(text) => Ok(Self { name, text }),
            Err(why) => Err(TlsError::Unreadable { file: name, why }),
        }
    }

    pub(super) fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found: Vec<_> = CertificateDer::pem_slice_iter(&self.text)
            .collect::<Result<_, _>>()
            .map_err(|error| self.malformed(&error))?;
        if found.is_empty() {
            return Err(TlsError::NoCertificate {
                certificates: self.name.clone(),
            });
        }
        Ok(found)
    }

    pub(super) fn private_key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.text).map_err(|error| match error {
            pem::Error::NoItemsFound => TlsError::NoKey {
                key: self.name.clone(),
            },
            error => self.malformed(&error),
        })
    }

    fn malformed(&self, error: &pem::Error) -> TlsError {
        TlsError::Malformed {
            pem: self.name.clone(),
            why: error.to_string(),
        }
    }
}
