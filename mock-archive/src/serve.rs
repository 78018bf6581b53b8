//! The accept loops: one task a listener, which owns the tasks of its connections.

mod framing;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use http::uri::Scheme;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::admin;
use crate::archive::Archive;
use crate::recording::Player;
use crate::request::Protocol;
use crate::server::Ready;
use crate::socket::{Socket, Switch};
use crate::tls::{Stream, Tls};
use framing::Framed;
pub(crate) use framing::Wish;

/// How long a client of the control API may take for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection an HTTP request came in on; an extension of each request.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Its number, for [`crate::request::Request::on_connection`].
    pub(crate) number: u64,
    /// Ends it in the middle of an answer.
    pub(crate) switch: Switch,
    /// How its next answer is framed.
    pub(crate) framing: Wish,
    /// Of the URLs that lead to it: https over TLS.
    pub(crate) scheme: Scheme,
    /// Its end here.
    pub(crate) local: Option<SocketAddr>,
}

/// The scheme of the URLs that lead to DICOMweb.
pub(crate) fn scheme(tls: Option<&Tls>) -> Scheme {
    if tls.is_some() {
        Scheme::HTTPS
    } else {
        Scheme::HTTP
    }
}

/// Serves DICOMweb until dropped; with a player, from its recording.
pub(crate) async fn web(
    listener: TcpListener,
    archive: Archive,
    tls: Option<Tls>,
    player: Option<Arc<Player>>,
) {
    let mut router = crate::web::router(archive.clone());
    if let Some(player) = player {
        router = router.layer(Extension(player));
    }
    accept(listener, |stream| {
        let (connect, guest) = archive.connect(Protocol::Web);
        let local = stream.local_addr().ok();
        let outage = connect.line.outage;
        let socket = Socket::new(stream, &connect, guest);
        let framing = Wish::default();
        let connection = Connection {
            number: connect.number,
            switch: socket.switch(),
            framing: framing.clone(),
            scheme: scheme(tls.as_ref()),
            local,
        };
        let router = router.clone().layer(Extension(connection));
        let patience = archive.policy().web_timeout;
        let opening = Stream::open(socket, tls.clone());
        let connection = async move {
            if let Some(stream) = opening.await {
                http(Framed::new(stream, framing), router, patience).await;
            }
        };
        (connection, outage)
    })
    .await;
}

/// Serves DIMSE until dropped; with a player that has some, from its recording.
pub(crate) async fn dimse(
    listener: TcpListener,
    archive: Archive,
    tls: Option<Tls>,
    player: Option<Arc<Player>>,
) {
    accept(listener, |stream| {
        let (connect, guest) = archive.connect(Protocol::Dimse);
        let outage = connect.line.outage;
        let opening = Stream::open(Socket::new(stream, &connect, guest), tls.clone());
        let (archive, player) = (archive.clone(), player.clone());
        let connection = async move {
            if let Some(stream) = opening.await {
                crate::dimse::serve(stream, archive, &connect, player).await;
            }
        };
        (connection, outage)
    })
    .await;
}

/// Serves the control API until dropped.
pub(crate) async fn control(listener: TcpListener, archive: Archive, ready: Ready) {
    let router = admin::router(archive, ready);
    accept(listener, |stream| {
        (http(stream, router.clone(), PATIENCE), Duration::ZERO)
    })
    .await;
}

/// Accepts connections and runs them as tasks of its own, so that dropping this future ends them all. With a connection comes for how long nobody listens
/// from then on, as if the process had ended and been started again.
async fn accept<F>(mut listener: TcpListener, mut serve: impl FnMut(TcpStream) -> (F, Duration))
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let (connection, outage) = serve(stream);
                    connections.spawn(connection);
                    if !outage.is_zero() {
                        connections.shutdown().await;
                        listener = listen_again(listener, outage).await;
                    }
                }
                // Out of file descriptors, or a peer gone before it was accepted: neither may end the listener.
                Err(error) => {
                    tracing::debug!(%error, "connection not accepted");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended
                    && error.is_panic()
                {
                    tracing::error!(%error, "connection ended by a panic");
                }
            }
        }
    }
}

/// Closes the port and opens it again after some time.
async fn listen_again(listener: TcpListener, outage: Duration) -> TcpListener {
    let address = listener.local_addr();
    drop(listener);
    tokio::time::sleep(outage).await;
    loop {
        let again = match &address {
            Ok(address) => TcpListener::bind(address).await,
            Err(error) => Err(std::io::Error::from(error.kind())),
        };
        match again {
            Ok(listener) => return listener,
            // Somebody else has the port for a moment.
            Err(error) => {
                tracing::warn!(%error, "the port cannot be opened again yet");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

async fn http(
    io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    router: Router,
    patience: Duration,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .half_close(true)
        .serve_connection(TokioIo::new(io), TowerToHyperService::new(router));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "HTTP connection ended");
    }
}
