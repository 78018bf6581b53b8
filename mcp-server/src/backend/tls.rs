//! Which certificates are trusted, and which one is shown: the same for both protocols.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

use crate::config::TlsSettings;
use crate::error::Failure;

/// The client's side of TLS with these files.
pub(super) fn client(settings: &TlsSettings) -> Result<rustls::ClientConfig, Failure> {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = &settings.authorities {
        trust(&mut roots, path)?;
    }
    let builder = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring offers the default protocol versions")
        .with_root_certificates(roots);
    match &settings.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let (chain, secret) = identity(certificate, key)?;
            builder
                .with_client_auth_cert(chain, secret)
                .map_err(|error| unusable(certificate, &error.to_string()))
        }
    }
}

/// The side of TLS that is connected to, with the certificate of these files. A client that shows a certificate has to show one
/// of the authority that is named; one that shows none is let in, as archives have it.
pub(super) fn server(settings: &TlsSettings) -> Result<rustls::ServerConfig, Failure> {
    let Some((certificate, key)) = &settings.identity else {
        return Err(Failure::NoWay {
            doing: "be reached inside TLS".to_owned(),
            reason: "there is no certificate to show".to_owned(),
            setting: "set DICOM_CLIENT_CERT and DICOM_CLIENT_KEY".to_owned(),
        });
    };
    let builder = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("ring offers the default protocol versions");
    let builder = match &settings.authorities {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = rustls::RootCertStore::empty();
            trust(&mut roots, path)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
                .allow_unauthenticated()
                .build()
                .map_err(|error| unusable(path, &error.to_string()))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let (chain, secret) = identity(certificate, key)?;
    builder
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(certificate, &error.to_string()))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn trust(roots: &mut rustls::RootCertStore, path: &Path) -> Result<(), Failure> {
    for certificate in certificates(path)? {
        roots
            .add(certificate)
            .map_err(|error| unusable(path, &error.to_string()))?;
    }
    Ok(())
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn identity(certificate: &Path, key: &Path) -> Result<Identity, Failure> {
    let chain = certificates(certificate)?;
    let secret =
        PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error.to_string()))?;
    Ok((chain, secret))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(path, &error.to_string()))
}

fn unusable(path: &Path, reason: &str) -> Failure {
    Failure::NoWay {
        doing: "prepare the connection".to_owned(),
        reason: format!("{}: {reason}", path.display()),
        setting: "check the files of the CA, the client certificate and its key (DICOMWEB_CA_FILE or DICOM_CA_FILE, and so on)"
            .to_owned(),
    }
}
