//! Serving over streamable HTTP: each request for itself, so that any number of processes can stand behind one address.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use http::{StatusCode, header};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;

use crate::server::Server;

/// Where clients come in, and which of them.
#[derive(Debug, Clone)]
pub struct Door {
    /// The address; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Origins of web pages that may come in; none without.
    pub origins: Vec<String>,
    /// The bearer token that every request has to show; needed beyond loopback.
    pub token: Option<String>,
}

/// Why the door cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DoorError {
    /// Everybody on the network could come in.
    #[error("{0} is no loopback address: set DICOM_MCP_TOKEN to a token that clients have to show")]
    NoToken(SocketAddr),
    /// The address cannot be listened at.
    #[error("cannot listen at {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The socket broke.
    #[error("serving ended: {0}")]
    Serve(#[from] std::io::Error),
}

/// An address that is listened at.
#[derive(Debug)]
pub struct Open {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
}

/// Listens; [`Open::serve`] answers.
///
/// # Errors
/// If the address is not loopback and no token is set, or cannot be listened at.
pub async fn open(server: Server, door: Door) -> Result<Open, DoorError> {
    let loopback = door.listen.ip().is_loopback();
    if !loopback && door.token.is_none() {
        return Err(DoorError::NoToken(door.listen));
    }
    let listener = TcpListener::bind(door.listen)
        .await
        .map_err(|error| DoorError::Listen(door.listen, error))?;
    let address = listener
        .local_addr()
        .map_err(|error| DoorError::Listen(door.listen, error))?;
    let mut config = StreamableHttpServerConfig::default();
    config.legacy_session_mode = false;
    config.json_response = true;
    config.allowed_origins = door.origins;
    if loopback {
        // A page that this very port served is no stranger: nobody else serves one there.
        let port = address.port();
        let own = ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("http://{host}:{port}"));
        config.allowed_origins.extend(own);
    }
    let mut config = config.enforce_origin_validation();
    if !loopback {
        // Names under which a balancer reaches this are not known here; the token keeps strangers out.
        config = config.disable_allowed_hosts();
    }
    let service = StreamableHttpService::new(
        move || Ok(server.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let mut router = Router::new().nest_service("/mcp", service);
    if let Some(token) = door.token {
        let token = Arc::new(token);
        router = router.layer(middleware::from_fn(move |request: Request, next: Next| {
            let token = token.clone();
            async move { admit(&token, request, next).await }
        }));
    }
    Ok(Open {
        listener,
        address,
        router,
    })
}

impl Open {
    /// The address, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until it is dropped.
    ///
    /// # Errors
    /// If the socket breaks.
    pub async fn serve(self) -> Result<(), DoorError> {
        axum::serve(self.listener, self.router).await?;
        Ok(())
    }
}

/// Lets a request with the right token pass (RFC 6750 3).
async fn admit(token: &str, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"))
        .map(|(_, shown)| shown.trim());
    // Digests are compared, so that the time taken tells nothing about the token.
    let is_right = shown.is_some_and(|shown| Sha256::digest(shown) == Sha256::digest(token));
    if is_right {
        return next.run(request).await;
    }
    let mut refusal = Response::new(Body::from("a bearer token is needed\n"));
    *refusal.status_mut() = StatusCode::UNAUTHORIZED;
    refusal.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        header::HeaderValue::from_static("Bearer"),
    );
    refusal
}
