//! A connection, over TLS or not.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::{Outgoing, Tls, flawed};
use crate::moment::Handshake;
use crate::socket::{Socket, Switch};

/// How long the other side may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A connection that was accepted or opened, over TLS or not.
#[derive(Debug)]
pub(crate) enum Stream {
    /// Without TLS.
    Plain(Box<Socket>),
    /// After a TLS handshake.
    Secure(Box<TlsStream<Socket>>),
}

impl Stream {
    /// Shakes hands if the archive speaks TLS. `None` if nothing came of it: that connection has ended then.
    pub(crate) async fn open(mut socket: Socket, tls: Option<Tls>) -> Option<Self> {
        let Some(tls) = tls else {
            return Some(Self::from(socket));
        };
        let handshake = socket.handshake();
        if handshake == Handshake::Plain {
            return Some(Self::from(socket));
        }
        let config = flawed::config(handshake, &tls, &mut socket).await?;
        // Who is kept waiting by a rule is not to blame for it.
        let is_limited = !socket.is_held_up();
        let handshake = TlsAcceptor::from(config).accept(socket);
        let shaken = if is_limited {
            timeout(HANDSHAKE, handshake)
                .await
                .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            handshake.await
        };
        match shaken {
            Ok(stream) => Some(Self::Secure(Box::new(stream.into()))),
            Err(error) => {
                tracing::debug!(%error, "no TLS handshake");
                None
            }
        }
    }

    /// Shakes hands with the host that a connection was opened to.
    pub(crate) async fn connect(socket: Socket, tls: &Outgoing, host: &str) -> io::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let handshake = TlsConnector::from(tls.config()).connect(name, socket);
        let shaken = timeout(HANDSHAKE, handshake)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
        Ok(Self::Secure(Box::new(shaken.into())))
    }

    /// The switch that ends it.
    pub(crate) fn switch(&self) -> Switch {
        self.socket().switch()
    }

    /// Whether it never answers, so that no timer above shall end it either.
    pub(crate) fn is_silent(&self) -> bool {
        self.socket().is_silent()
    }

    fn socket(&self) -> &Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Secure(stream) => stream.get_ref().0,
        }
    }
}

/// Without TLS.
impl From<Socket> for Stream {
    fn from(socket: Socket) -> Self {
        Self::Plain(Box::new(socket))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            Self::Secure(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Secure(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Secure(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::moment::{Direction, Ending, Latency, Line, Manner, Spread};
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, UnixTime};
    use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;

    /// Both ends of a handshake with a certificate made for it.
    fn parties() -> (Tls, TlsConnector) {
        let signed = rcgen::generate_simple_self_signed(["archive".to_owned()]).unwrap();
        let tls = Tls::from_pem(signed.cert.pem(), signed.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(signed.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trusting = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        (tls, TlsConnector::from(Arc::new(trusting)))
    }

    async fn connected(line: Line) -> (Socket, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (stream, _) = listener.accept().await.unwrap();
        (Socket::with_line(stream, line), peer.unwrap())
    }

    /// What comes of a handshake over a line, at the archive and at the client.
    async fn shaken(line: Line) -> (Option<Stream>, io::Result<()>) {
        let (tls, connector) = parties();
        let (socket, peer) = connected(line).await;
        let client = connector.connect(ServerName::try_from("archive").unwrap(), peer);
        let client = async { client.await.map(drop) };
        tokio::join!(Stream::open(socket, Some(tls)), client)
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_that_is_late_by_rule_is_given_time_for_its_handshake() {
        let began = Instant::now();
        let line = Line {
            latency: Some(Latency {
                of: 2 * HANDSHAKE,
                jitter: Duration::ZERO,
                spread: Spread::default(),
            }),
            ..Line::default()
        };
        let (stream, client) = shaken(line).await;
        assert!(matches!(stream, Some(Stream::Secure(_))));
        client.unwrap();
        assert!(began.elapsed() >= 2 * HANDSHAKE);
    }

    #[tokio::test]
    async fn a_line_that_ends_by_rule_ends_inside_the_handshake() {
        for (manner, seen) in [
            (Manner::Close, io::ErrorKind::UnexpectedEof),
            (Manner::Reset, io::ErrorKind::ConnectionReset),
        ] {
            let ending = Ending {
                after: 100,
                direction: Direction::Outbound,
                manner,
            };
            let line = Line {
                ending: Some(ending),
                ..Line::default()
            };
            let (stream, client) = shaken(line).await;
            assert!(stream.is_none());
            assert_eq!(client.unwrap_err().kind(), seen);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_line_is_held_until_the_peer_leaves() {
        let (tls, _) = parties();
        let (socket, mut peer) = connected(Line {
            silent: true,
            ..Line::default()
        })
        .await;
        let opening = tokio::spawn(Stream::open(socket, Some(tls)));
        let answer = timeout(10 * HANDSHAKE, peer.read_u8()).await;
        assert!(answer.is_err(), "neither a byte nor an end may come");
        drop(peer);
        assert!(opening.await.unwrap().is_none());
    }

    fn turned(handshake: Handshake) -> Line {
        Line {
            handshake,
            ..Line::default()
        }
    }

    #[tokio::test]
    async fn a_handshake_without_common_version_ends_with_its_alert() {
        let (stream, client) = shaken(turned(Handshake::OldVersion)).await;
        assert!(stream.is_none());
        let told = client.unwrap_err().to_string();
        assert!(told.contains("ProtocolVersion"), "{told}");
    }

    #[tokio::test]
    async fn a_certificate_that_nobody_vouches_for_is_told_apart() {
        for (flaw, word) in [
            (Handshake::UnknownIssuer, "UnknownIssuer"),
            (Handshake::Expired, "expired"),
            (Handshake::WrongHost, "UnknownIssuer"),
        ] {
            let (_, client) = shaken(turned(flaw)).await;
            let told = client.unwrap_err().to_string();
            assert!(told.contains(word), "{flaw:?}: {told}");
        }
    }

    #[tokio::test]
    async fn certificates_say_what_is_wrong_with_them() {
        for (flaw, there) in [
            (Handshake::Expired, &b"200101000000Z"[..]),
            (Handshake::WrongHost, b"archive.invalid"),
            (Handshake::UnknownIssuer, b"localhost"),
        ] {
            let (tls, _) = parties();
            let (socket, peer) = connected(turned(flaw)).await;
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let believing = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Believes))
                .with_no_client_auth();
            let client = TlsConnector::from(Arc::new(believing));
            let client = client.connect(ServerName::try_from("localhost").unwrap(), peer);
            let (stream, client) = tokio::join!(Stream::open(socket, Some(tls)), client);
            assert!(matches!(stream, Some(Stream::Secure(_))));
            let client = client.unwrap();
            let shown = client.get_ref().1.peer_certificates().unwrap()[0].as_ref();
            let found = shown.windows(there.len()).any(|bytes| bytes == there);
            assert!(found, "{flaw:?}");
        }
    }

    #[tokio::test]
    async fn a_client_without_certificate_is_refused_where_one_is_wanted() {
        let (tls, connector) = parties();
        let (socket, peer) = connected(turned(Handshake::ClientCertificate)).await;
        let client = async {
            let mut stream = connector
                .connect(ServerName::try_from("archive").unwrap(), peer)
                .await?;
            // The client has finished before the archive looks for its certificate (RFC 8446 2).
            stream.read_u8().await
        };
        let (stream, client) = tokio::join!(Stream::open(socket, Some(tls)), client);
        assert!(stream.is_none());
        let told = client.unwrap_err().to_string();
        assert!(told.contains("CertificateRequired"), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_can_stay_without_answer_or_without_tls() {
        let (tls, _) = parties();
        let (socket, mut peer) = connected(turned(Handshake::Silent)).await;
        let opening = tokio::spawn(Stream::open(socket, Some(tls.clone())));
        peer.write_all(b"hello").await.unwrap();
        assert!(timeout(10 * HANDSHAKE, peer.read_u8()).await.is_err());
        drop(peer);
        assert!(opening.await.unwrap().is_none());

        let (socket, _peer) = connected(turned(Handshake::Plain)).await;
        let plain = Stream::open(socket, Some(tls)).await;
        assert!(matches!(plain, Some(Stream::Plain(_))));
    }

    /// Takes any certificate.
    #[derive(Debug)]
    struct Believes;

    impl ServerCertVerifier for Believes {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp_response: &[u8],
            _now: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            let provider = rustls::crypto::ring::default_provider();
            provider
                .signature_verification_algorithms
                .supported_schemes()
        }
    }
}
