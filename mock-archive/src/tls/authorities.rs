//! Who vouches for the other side.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use super::pem::{Pem, TlsError};
use super::provider;

/// Certificates that are believed: those of CAs, which vouch for others, and any that shows up itself, such as one that nobody else signed.
///
/// Names in certificates are not compared: nodes are known by AE title, and who is signed by the CA that you name is one of yours.
#[derive(Clone, Debug)]
pub struct Authorities {
    roots: Arc<RootCertStore>,
    believed: Arc<[CertificateDer<'static>]>,
    name: String,
    file: Option<PathBuf>,
}

impl Authorities {
    /// From a PEM file with one certificate or more.
    ///
    /// # Errors
    /// Names the file and what is wrong with it.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TlsError> {
        let path = path.as_ref();
        Self::load(&Pem::read(path)?, Some(path.to_owned()))
    }

    /// From a PEM text with one certificate or more.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Self::load(&Pem::of("the text of the CA", text.as_ref()), None)
    }

    fn load(pem: &Pem, file: Option<PathBuf>) -> Result<Self, TlsError> {
        let believed = pem.certificates()?;
        let mut roots = RootCertStore::empty();
        for certificate in &believed {
            roots
                .add(certificate.clone())
                .map_err(|why| wrong(&pem.name, &why))?;
        }
        Ok(Self {
            roots: Arc::new(roots),
            believed: believed.into(),
            name: pem.name.clone(),
            file,
        })
    }

    /// The file that they came from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    fn holds(&self, certificate: &CertificateDer<'_>) -> bool {
        self.believed.iter().any(|believed| believed == certificate)
    }

    /// Judges servers that the archive connects to.
    pub(super) fn of_servers(&self) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        let judge = WebPkiServerVerifier::builder_with_provider(self.roots.clone(), provider());
        let judge = judge.build().map_err(|why| wrong(&self.name, &why))?;
        let authorities = self.clone();
        Ok(Arc::new(OfServers { authorities, judge }))
    }

    /// Judges clients of the archive.
    pub(super) fn of_clients(&self) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let judge = WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider());
        let judge = judge.build().map_err(|why| wrong(&self.name, &why))?;
        let authorities = self.clone();
        Ok(Arc::new(OfClients { authorities, judge }))
    }
}

fn wrong(certificates: &str, why: &impl ToString) -> TlsError {
    TlsError::Unbelievable {
        certificates: certificates.to_owned(),
        why: why.to_string(),
    }
}

#[derive(Debug)]
struct OfServers {
    authorities: Authorities,
    judge: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for OfServers {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !self.authorities.holds(end_entity) {
            let algorithms = provider().signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(end_entity)?,
                &self.authorities.roots,
                intermediates,
                now,
                algorithms,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}

#[derive(Debug)]
struct OfClients {
    authorities: Authorities,
    judge: Arc<dyn ClientCertVerifier>,
}

impl ClientCertVerifier for OfClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.judge.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if self.authorities.holds(end_entity) {
            return Ok(ClientCertVerified::assertion());
        }
        self.judge
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.judge
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.judge.supported_verify_schemes()
    }
}
