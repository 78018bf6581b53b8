//! The accept loops: one task a listener, which owns the tasks of its connections.

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

/// How long a client of the control API may take for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection an HTTP request came in on; an extension of each request.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Its number, for [`crate::request::Request::on_connection`].
    pub(crate) number: u64,
    /// Ends it in the middle of an answer.
    pub(crate) switch: Switch,
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
        let connect = archive.connect(Protocol::Web);
        let local = stream.local_addr().ok();
        let socket = Socket::new(stream, &connect);
        let connection = Connection {
            number: connect.number,
            switch: socket.switch(),
            scheme: scheme(tls.as_ref()),
            local,
        };
        let router = router.clone().layer(Extension(connection));
        let patience = archive.policy().web_timeout;
        let opening = Stream::open(socket, tls.clone());
        async move {
            if let Some(stream) = opening.await {
                http(stream, router, patience).await;
            }
        }
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
        let connect = archive.connect(Protocol::Dimse);
        let opening = Stream::open(Socket::new(stream, &connect), tls.clone());
        let (archive, player) = (archive.clone(), player.clone());
        async move {
            if let Some(stream) = opening.await {
                crate::dimse::serve(stream, archive, connect.number, player).await;
            }
        }
    })
    .await;
}

/// Serves the control API until dropped.
pub(crate) async fn control(listener: TcpListener, archive: Archive, ready: Ready) {
    let router = admin::router(archive, ready);
    accept(listener, |stream| http(stream, router.clone(), PATIENCE)).await;
}

/// Accepts connections and runs them as tasks of its own, so that dropping this future ends them all.
async fn accept<F>(listener: TcpListener, mut serve: impl FnMut(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream));
                }
                // Out of file descriptors, or a peer gone before it was accepted: neither may end the listener.
                Err(error) => {
                    tracing::debug!(%error, "connection not accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
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
