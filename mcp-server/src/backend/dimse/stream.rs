//! The bytes under an association: TCP, or TLS over it (PS3.15 B.1, B.12).

use std::io::{self, Write as _};
use std::sync::Arc;

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ConnectionCommon, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector, TlsStream};

/// A connection.
#[derive(Debug)]
pub(super) enum Stream {
    /// As it is.
    Plain(TcpStream),
    /// Inside TLS.
    Secure(Box<TlsStream<TcpStream>>),
}

impl Stream {
    /// Connects to HOST:PORT, and makes it secure where that is configured.
    pub(super) async fn connect(
        address: &str,
        tls: Option<&Arc<ClientConfig>>,
    ) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = tls else {
            return Ok(Self::Plain(stream));
        };
        let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(host).map_err(io::Error::other)?;
        let connector = TlsConnector::from(tls.clone());
        let secure = connector
            .connect(name, stream)
            .await
            .map_err(|error| io::Error::other(format!("no TLS with it: {error}")))?;
        Ok(Self::Secure(Box::new(secure.into())))
    }

    /// Takes a connection that came in; it has to be secure where that is configured.
    pub(super) async fn accept(
        stream: TcpStream,
        tls: Option<&Arc<ServerConfig>>,
    ) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let Some(tls) = tls else {
            return Ok(Self::Plain(stream));
        };
        let secure = TlsAcceptor::from(tls.clone()).accept(stream).await?;
        Ok(Self::Secure(Box::new(secure.into())))
    }

    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Secure(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }

    pub(super) async fn read_buf(&mut self, input: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(input).await,
            Self::Secure(stream) => stream.read_buf(input).await,
        }
    }

    /// Sends what the socket takes at once. What it does not take is lost with the connection, which the archive notices too.
    pub(super) fn last_words(&mut self, bytes: &[u8]) {
        match self {
            Self::Plain(stream) => {
                let _ = stream.try_write(bytes);
            }
            Self::Secure(stream) => match stream.as_mut() {
                TlsStream::Client(stream) => {
                    let (socket, session) = stream.get_mut();
                    let _ = socket.try_write(&last_records(session, bytes));
                }
                TlsStream::Server(stream) => {
                    let (socket, session) = stream.get_mut();
                    let _ = socket.try_write(&last_records(session, bytes));
                }
            },
        }
    }
}

/// What did not go out before, these bytes, and the alert that nothing follows.
fn last_records<Side>(session: &mut ConnectionCommon<Side>, bytes: &[u8]) -> Vec<u8> {
    let mut records = Vec::new();
    // Writing to a buffer does not fail.
    let _ = session.writer().write_all(bytes);
    session.send_close_notify();
    while session.wants_write() && session.write_tls(&mut records).is_ok() {}
    records
}
