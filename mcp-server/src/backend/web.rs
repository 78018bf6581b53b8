//! DICOMweb as archives really speak it (PS3.18): what every request has in common.

mod login;
mod retrieve;
mod said;
mod search;
mod store;
mod whole;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method, header};
use reqwest::redirect;
use reqwest::{Client, RequestBuilder, Response};
use tokio::sync::OnceCell;
use url::Url;

use crate::backend::{Capabilities, Deadline, tls};
use crate::config::{Config, Limits, WebSettings};
use crate::error::Failure;

use login::Login;

/// The longest time to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Redirects on the archive's own origin that are followed.
const MAX_REDIRECTS: usize = 5;
/// The most bytes of an error's body that are read.
const MAX_ERROR_BODY: usize = 64 << 10;

/// An archive that speaks DICOMweb.
#[derive(Debug)]
pub struct Web {
    client: Client,
    base: Url,
    limits: Limits,
    timeout: Duration,
    /// The longest page of rows seen.
    largest_page: AtomicUsize,
    /// Whether the archive takes query strings only as they are, without percent-decoding.
    takes_raw_queries: AtomicBool,
    /// Whether its capabilities offer a store.
    offers_store: OnceCell<bool>,
    login: Login,
}

impl Web {
    pub(super) fn new(settings: &WebSettings, config: &Config) -> Result<Self, Failure> {
        let internal = |_| Failure::Internal {
            doing: "prepare the connection".into(),
        };
        let client = Client::builder()
            .tls_backend_preconfigured(tls::client(&settings.tls)?)
            .user_agent(concat!("dicom-mcp-server/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT.min(config.timeout))
            .redirect(redirects(settings.host.origin()))
            .build()
            .map_err(internal)?;
        Ok(Self {
            client,
            base: settings.host.clone(),
            login: Login::new(&settings.credentials)?,
            limits: config.limits.clone(),
            timeout: config.timeout,
            largest_page: AtomicUsize::new(0),
            takes_raw_queries: AtomicBool::new(false),
            offers_store: OnceCell::new(),
        })
    }

    pub(crate) fn address(&self) -> &str {
        self.base.as_str()
    }

    pub(super) fn largest_page(&self) -> usize {
        self.largest_page.load(Ordering::Relaxed)
    }

    pub(super) fn note_page(&self, rows: usize) {
        self.largest_page.fetch_max(rows, Ordering::Relaxed);
    }

    /// Whether the archive was seen to take query strings only as they are.
    pub(crate) fn takes_raw_queries(&self) -> bool {
        self.takes_raw_queries.load(Ordering::Relaxed)
    }

    /// What `OPTIONS` at the base tells (PS3.18 8.9).
    pub(crate) async fn capabilities(&self, deadline: &Deadline) -> Result<Capabilities, Failure> {
        let doing = "ask for capabilities";
        let request = self.request(Method::OPTIONS, "/").header(
            header::ACCEPT,
            "application/vnd.sun.wadl+xml, application/dicom+json;q=0.9, */*;q=0.1",
        );
        deadline
            .within(doing, async {
                let answer = self.send(doing, request).await?;
                let content_type = content_type(answer.headers());
                // A description that does not come whole is none.
                let body = body(doing, answer, MAX_ERROR_BODY as u64 * 16).await?;
                Ok(Capabilities { content_type, body })
            })
            .await
    }

    /// Whether the archive takes instances, by its capabilities: no where they describe its resources and none of them is
    /// posted to. Asked once; an archive that tells nothing may.
    pub(crate) async fn offers_store(&self, deadline: &Deadline) -> bool {
        let told = self.offers_store.get_or_init(|| async {
            match self.capabilities(deadline).await {
                Ok(told) => capabilities_offer_store(&told),
                Err(_) => true,
            }
        });
        *told.await
    }

    /// A request for a path below the base. `path` starts with a slash and may hold a query string.
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(
            method,
            format!("{}{path}", self.base.as_str().trim_end_matches('/')),
        )
    }

    /// The answer, if its status is a success; what the archive says otherwise.
    async fn send(&self, doing: &str, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let mut answer = self.exchange(doing, request).await?;
        if let (http::StatusCode::UNAUTHORIZED, Some(again)) = (answer.status(), again)
            && self.login.renew().await?
        {
            answer = self.exchange(doing, again).await?;
        }
        let status = answer.status();
        tracing::debug!(doing, status = status.as_u16(), "answered");
        if status.is_success() {
            return Ok(answer);
        }
        Err(refusal(doing, answer).await)
    }

    async fn exchange(&self, doing: &str, request: RequestBuilder) -> Result<Response, Failure> {
        self.login
            .sign(request)
            .await?
            .send()
            .await
            .map_err(|error| self.lost(doing, error))
    }

    /// What a broken exchange means. The address of a request may hold a patient's name: it is never shown.
    fn lost(&self, doing: &str, error: reqwest::Error) -> Failure {
        let doing = doing.to_owned();
        let reason = innermost(&error);
        if error.is_timeout() {
            return Failure::TimedOut {
                doing,
                after: CONNECT.min(self.timeout),
            };
        }
        if error.is_redirect() {
            return Failure::Unusable {
                doing,
                reason: format!("the archive redirects: {reason}"),
                said: None,
            };
        }
        if error.is_connect() {
            let archive = self.base.origin().ascii_serialization();
            return Failure::Unreachable {
                doing,
                archive,
                reason,
            };
        }
        Failure::Unusable {
            doing,
            reason: format!("the connection broke: {reason}"),
            said: None,
        }
    }
}

/// Whether a description of the service (PS3.18 8.9, annex H), in WADL or JSON, has a method that posts; one that describes no
/// search is none of ours to read.
fn capabilities_offer_store(told: &Capabilities) -> bool {
    let text = String::from_utf8_lossy(&told.body);
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let describes = ["name=\"GET\"", "\"name\":\"GET\""]
        .iter()
        .any(|method| plain.contains(method));
    let posts = ["name=\"POST\"", "\"name\":\"POST\""]
        .iter()
        .any(|method| plain.contains(method));
    !(describes && plain.contains("studies")) || posts
}

/// The failure that an answer without success stands for.
async fn refusal(doing: &str, mut answer: Response) -> Failure {
    let status = answer.status();
    let headers = answer.headers().clone();
    let mut body = BytesMut::new();
    // The words are a courtesy: what can be read of them is used.
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = MAX_ERROR_BODY - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    let said = said::of(&headers, &body);
    if status.is_redirection() {
        let to = headers
            .get(header::LOCATION)
            .and_then(|to| to.to_str().ok())
            .unwrap_or("nowhere");
        let to =
            Url::parse(to).map_or_else(|_| to.to_owned(), |url| url.origin().ascii_serialization());
        return Failure::Unusable {
            doing: doing.to_owned(),
            reason: format!(
                "the archive answered {} and redirects to {to}, which is not followed",
                status.as_u16()
            ),
            said,
        };
    }
    Failure::Status {
        doing: doing.to_owned(),
        status: status.as_u16(),
        said,
    }
}

/// The whole body, if it is not larger than `limit` and did not end early.
async fn body(doing: &str, mut answer: Response, limit: u64) -> Result<Bytes, Failure> {
    let too_large = || Failure::TooLarge {
        doing: doing.to_owned(),
        limit,
    };
    if answer.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer
        .chunk()
        .await
        .map_err(|error| ended_early(doing, &error))?
    {
        if (body.len() + chunk.len()) as u64 > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

fn ended_early(doing: &str, error: &reqwest::Error) -> Failure {
    Failure::Unusable {
        doing: doing.to_owned(),
        reason: format!("the answer ended early: {}", innermost(error)),
        said: None,
    }
}

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// The cause at the bottom, which is the one that people can use: "connection refused".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    if std::ptr::addr_eq(cause, error) {
        return "it was cut".to_owned();
    }
    crate::text::cut(&crate::text::escape(&cause.to_string()), 200)
}

/// Only the archive's own origin is followed: neither a request nor a password goes elsewhere.
fn redirects(own: url::Origin) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        if attempt.previous().len() > MAX_REDIRECTS {
            attempt.error("more than 5 redirects in a row, perhaps in a circle")
        } else if attempt.url().origin() == own {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(body: &'static str) -> bool {
        capabilities_offer_store(&Capabilities {
            content_type: String::new(),
            body: Bytes::from_static(body.as_bytes()),
        })
    }

    #[test]
    fn only_a_description_without_any_post_says_that_nothing_is_stored() {
        let get = r#"<resource path="studies"><method name="GET"/></resource>"#;
        let both =
            r#"<resource path="studies"><method name = "GET"/><method name = "POST"/></resource>"#;
        assert!(!offers(get));
        assert!(offers(both));
        assert!(!offers(
            r#"{"path": "studies", "methods": [{"name": "GET"}]}"#
        ));
        assert!(offers(
            r#"{"path": "studies", "methods": [{"name": "GET"}, {"name": "POST"}]}"#
        ));
        assert!(offers("<html>GET studies</html>"));
        assert!(offers(""));
    }
}
