//! Handshakes that go wrong because a rule says so.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, SanType, date_time_ymd};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Tls, builder, provider};
use crate::moment::Handshake;
use crate::socket::Socket;

/// A fatal alert, protocol_version (RFC 8446 5.1 and 6), in a record of TLS 1.0.
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];

/// What an archive shakes hands with; `None` where it does not come to that.
pub(super) async fn config(
    handshake: Handshake,
    tls: &Tls,
    socket: &mut Socket,
) -> Option<Arc<ServerConfig>> {
    let made = match handshake {
        Handshake::AsUsual | Handshake::Plain => Ok(tls.0.clone()),
        Handshake::OldVersion => {
            refuse(socket).await;
            return None;
        }
        Handshake::Silent => {
            drain(socket).await;
            return None;
        }
        Handshake::UnknownIssuer | Handshake::Expired | Handshake::WrongHost => {
            self_signed(handshake)
        }
        Handshake::ClientCertificate => Ok(asking(tls)),
    };
    made.inspect_err(|error| tracing::warn!(%error, "no certificate for the handshake"))
        .ok()
}

/// Reads the client's hello, so that it finds the alert and no reset.
async fn refuse(socket: &mut Socket) {
    let mut hello = [0; 5];
    if socket.read_exact(&mut hello).await.is_ok()
        && socket.write_all(&PROTOCOL_VERSION).await.is_ok()
    {
        let _ = socket.shutdown().await;
        drain(socket).await;
    }
}

/// Reads and drops until the client leaves.
async fn drain(socket: &mut Socket) {
    let mut dropped = [0; 1024];
    while let Ok(1..) = socket.read(&mut dropped).await {}
}

/// A certificate that was made for this handshake and that nobody else signed.
fn self_signed(flaw: Handshake) -> io::Result<Arc<ServerConfig>> {
    let host = match flaw {
        Handshake::WrongHost => "archive.invalid",
        _ => "localhost",
    };
    let mut certificate = CertificateParams::new([host.to_owned()]).map_err(io::Error::other)?;
    if flaw != Handshake::WrongHost {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        certificate
            .subject_alt_names
            .push(SanType::IpAddress(loopback));
    }
    let mut nobody = rcgen::DistinguishedName::new();
    nobody.push(DnType::CommonName, "nobody in particular");
    certificate.distinguished_name = nobody;
    if flaw == Handshake::Expired {
        certificate.not_before = date_time_ymd(2019, 1, 1);
        certificate.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let signed = certificate.self_signed(&key).map_err(io::Error::other)?;
    let secret = PrivatePkcs8KeyDer::from(key.serialize_der());
    let config = builder()
        .with_no_client_auth()
        .with_single_cert(vec![signed.der().clone()], secret.into());
    config.map(Arc::new).map_err(io::Error::other)
}

/// The archive's own certificate, and the wish for one of the client.
fn asking(tls: &Tls) -> Arc<ServerConfig> {
    let config = builder()
        .with_client_cert_verifier(Arc::new(TakesNone(provider())))
        .with_cert_resolver(tls.0.cert_resolver.clone());
    Arc::new(config)
}

/// Asks for a certificate and finds fault with each.
#[derive(Debug)]
struct TakesNone(Arc<CryptoProvider>);

impl ClientCertVerifier for TakesNone {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Err(CertificateError::UnknownIssuer.into())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
