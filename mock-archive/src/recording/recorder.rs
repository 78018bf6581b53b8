//! A proxy that writes what passes.
//!
//! Clients see the archive as it is: bodies pass as they come, whatever their size. Only the archive's own URL in JSON, XML and texts is
//! exchanged for the recorder's, so that a client that follows a link stays here.

mod association;
mod copy;
mod relay;
mod writer;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::StreamExt;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use url::Url;

use super::mask::Mask;
use super::parts;
use crate::web::BASE_PATH;
use copy::{Copied, Copying};
use relay::UnderWay;
use writer::{Forwarded, Writer};

/// The longest time to wait for a connection to the archive.
const CONNECT: Duration = Duration::from_secs(10);

/// Headers that concern one connection only (RFC 9110 7.6.1), and those that the two sides say for themselves.
const OWN_HEADERS: [HeaderName; 9] = [
    header::CONNECTION,
    header::HOST,
    header::TRANSFER_ENCODING,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("keep-alive"),
];

/// What is recorded, and where.
#[derive(Debug)]
pub struct Settings {
    /// DICOMweb: where clients connect, and the base URL of the archive's services.
    pub web: Option<Relay<Url>>,
    /// DIMSE: where clients connect, and `HOST:PORT` of the archive.
    pub dimse: Option<Relay<String>>,
    /// The file.
    pub out: PathBuf,
    /// How patients are replaced; `None` keeps them.
    pub mask: Option<Mask>,
    /// A body longer than this many bytes passes, and is not kept.
    pub max_body: usize,
    /// Root certificates (PEM) to trust beside the public ones.
    pub roots: Option<PathBuf>,
}

/// From where to where.
#[derive(Clone, Debug)]
pub struct Relay<T> {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Where the archive is.
    pub upstream: T,
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecorderError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        why: std::io::Error,
    },
    /// The file cannot be written; one that is there already is not touched.
    #[error("cannot write the recording {}: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// The URL leads to no archive.
    #[error("{0} is not a base URL such as http://pacs.example/dicom-web")]
    Upstream(Url),
    /// The certificates cannot be used.
    #[error("cannot read certificates from {}: {why}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// A proxy at work. Dropping it ends it; what has passed is in the file then. HTTP answers that are still coming in are not.
#[derive(Debug)]
pub struct Recorder {
    web: Option<SocketAddr>,
    dimse: Option<SocketAddr>,
    under_way: UnderWay,
    _listeners: JoinSet<()>,
    _writer: Writer,
}

/// What all requests share.
#[derive(Debug)]
struct Proxy {
    client: reqwest::Client,
    upstream: Url,
    max_body: usize,
    out: writer::Inlet,
}

impl Recorder {
    /// Opens the file and begins to listen.
    ///
    /// # Errors
    /// An address or file that cannot be used, or a URL without a host.
    pub async fn start(settings: Settings) -> Result<Self, RecorderError> {
        if let Some(web) = &settings.web
            && (!matches!(web.upstream.scheme(), "http" | "https") || web.upstream.host().is_none())
        {
            return Err(RecorderError::Upstream(web.upstream.clone()));
        }
        let client = client(settings.roots.as_ref())?;
        let web = listen(settings.web.as_ref().map(|web| web.listen)).await?;
        let dimse = listen(settings.dimse.as_ref().map(|dimse| dimse.listen)).await?;
        let in_words = |why| RecorderError::File {
            path: settings.out.clone(),
            why,
        };
        let writer = Writer::create(&settings.out, settings.mask).map_err(in_words)?;
        let mut recorder = Self {
            web: web.as_ref().map(|(address, _)| *address),
            dimse: dimse.as_ref().map(|(address, _)| *address),
            under_way: UnderWay::default(),
            _listeners: JoinSet::new(),
            _writer: writer,
        };
        let out = recorder._writer.inlet();
        if let (Some((_, listener)), Some(web)) = (web, settings.web) {
            let proxy = Proxy {
                client,
                upstream: web.upstream,
                max_body: settings.max_body,
                out: out.clone(),
            };
            let router = Router::new().fallback(pass).with_state(Arc::new(proxy));
            recorder._listeners.spawn(async move {
                if let Err(error) = axum::serve(listener, router).await {
                    tracing::error!(%error, "the recorder's listener ended");
                }
            });
        }
        if let (Some((_, listener)), Some(dimse)) = (dimse, settings.dimse) {
            let relayed = relay::serve(
                listener,
                dimse.upstream,
                settings.max_body,
                out,
                recorder.under_way.clone(),
            );
            recorder._listeners.spawn(relayed);
        }
        Ok(recorder)
    }

    /// Base URL for DICOMweb clients.
    pub fn web_url(&self) -> Option<String> {
        self.web
            .map(|address| format!("http://{address}{BASE_PATH}"))
    }

    /// Address for DIMSE clients.
    pub fn dimse_addr(&self) -> Option<SocketAddr> {
        self.dimse
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Tasks end some time after they are told to; the writer ends now.
        self.under_way.end();
    }
}

async fn listen(
    address: Option<SocketAddr>,
) -> Result<Option<(SocketAddr, TcpListener)>, RecorderError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let in_words = |why| RecorderError::Listen { address, why };
    let listener = TcpListener::bind(address).await.map_err(in_words)?;
    let address = listener.local_addr().map_err(in_words)?;
    Ok(Some((address, listener)))
}

fn client(roots: Option<&PathBuf>) -> Result<reqwest::Client, RecorderError> {
    let mut trusted = rustls::RootCertStore::empty();
    trusted.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    if let Some(path) = roots {
        let wrong = |why: String| RecorderError::Roots {
            path: path.clone(),
            why,
        };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| wrong(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            trusted
                .add(certificate)
                .map_err(|error| wrong(error.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default protocol versions")
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(CONNECT)
        // What the archive answers is what the client gets, redirects too.
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client of these settings can be made"))
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |known| known.as_str());
    let Some(target) = target.strip_prefix(BASE_PATH) else {
        return plain(
            StatusCode::NOT_FOUND,
            format!("{target:?} is not below {BASE_PATH}, where the archive is"),
        );
    };
    let started = Instant::now();
    let number = proxy.out.number();
    // No more exchanges at once than the writer can keep up with.
    let permit = proxy.out.permit().await;
    let here = format!(
        "http://{}{BASE_PATH}",
        parts
            .headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("localhost")
    );

    let sent = Copied::new(proxy.max_body);
    let upstream = proxy.upstream.as_str().trim_end_matches('/');
    let mut forward = proxy
        .client
        .request(parts.method.clone(), format!("{upstream}{target}"))
        .headers(passed_on(&parts.headers, &[header::ACCEPT_ENCODING]));
    if has_body(&parts.headers) {
        let copying = Copying::new(body.into_data_stream(), sent.clone(), |_| {});
        forward = forward.body(reqwest::Body::wrap_stream(copying));
    }
    let passed = Forwarded {
        number,
        started,
        method: parts.method.to_string(),
        target: target.to_owned(),
        headers: parts.headers,
        sent,
        upstream: upstream.to_owned(),
        permit,
    };
    match forward.send().await {
        Ok(answer) => answered(&proxy, answer, passed, &here).await,
        Err(error) => {
            let why = reason(&error);
            proxy.out.failed(passed, why.clone());
            plain(
                StatusCode::BAD_GATEWAY,
                format!("the archive did not answer: {why}"),
            )
        }
    }
}

async fn answered(
    proxy: &Arc<Proxy>,
    answer: reqwest::Response,
    passed: Forwarded,
    here: &str,
) -> Response {
    let status = answer.status();
    let headers = answer.headers().clone();
    let mut out = passed_on(&headers, &[]);
    let upstream = passed.upstream.clone();
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let moved = out
            .get(&name)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.replace(&upstream, here));
        if let Some(moved) = moved.and_then(|value| HeaderValue::from_str(&value).ok()) {
            out.insert(name, moved);
        }
    }

    let copied = Copied::new(proxy.max_body);
    let inlet = proxy.out.clone();
    let kept = copied.clone();
    let end = move |ending| inlet.answered(passed, status.as_u16(), headers, kept, ending);
    let mut stream = Copying::new(answer.bytes_stream(), copied, end);
    let body = if is_text(&out) {
        // Short enough to be held: the archive's own URL becomes ours.
        out.remove(header::CONTENT_LENGTH);
        let mut text = Vec::new();
        let mut ended = None;
        while text.len() <= proxy.max_body {
            match stream.next().await {
                Some(Ok(chunk)) => text.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    ended = Some(Err(error));
                    break;
                }
                None => {
                    ended = Some(Ok(Bytes::new()));
                    break;
                }
            }
        }
        let first =
            futures_util::stream::iter([Ok(Bytes::from(parts::exchange(&text, &upstream, here)))]);
        match ended {
            Some(Ok(_)) => Body::from_stream(first),
            Some(Err(error)) => {
                Body::from_stream(first.chain(futures_util::stream::iter([Err(error)])))
            }
            None => Body::from_stream(first.chain(stream)),
        }
    } else {
        Body::from_stream(stream)
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = out;
    response
}

/// Whether the body is text that may hold URLs, and is not packed.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    !headers.contains_key(header::CONTENT_ENCODING) && parts::is_text(essence)
}

fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers
            .get(header::CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

fn passed_on(headers: &HeaderMap, without: &[HeaderName]) -> HeaderMap {
    let own = |name: &HeaderName| OWN_HEADERS.contains(name) || without.contains(name);
    headers
        .iter()
        .filter(|(name, _)| !own(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn plain(status: StatusCode, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}

/// The innermost cause, without the URL: that may hold a patient's ID.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, error) {
        return "the request could not be sent".to_owned();
    }
    cause.to_string()
}
