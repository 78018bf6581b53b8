//! DICOMweb requests of the harness.

use std::sync::Once;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use dicom_dictionary_std::tags;
use futures_util::StreamExt;
use http::HeaderMap;
use url::Url;

use crate::data::{Instance, Study};
use crate::outcome::{Finding, Verdict};
use crate::transcript::{Transcript, excerpt};

use super::body::{self, Part};
use super::file::File;
use super::json::Row;
use super::media::Media;
use super::picture::Picture;
use super::upload::Upload;

/// What a request for metadata or a search accepts.
pub const JSON: &str = "application/dicom+json";
/// Matches or metadata in the Native DICOM Model, a part each.
pub const XML_PARTS: &str = "multipart/related; type=\"application/dicom+xml\"";
/// Instances in the default transfer syntax.
pub const DICOM: &str = "multipart/related; type=\"application/dicom\"";
/// Instances in any transfer syntax, best as they are stored.
pub const DICOM_ANY: &str = "multipart/related; type=\"application/dicom\"; transfer-syntax=*";

/// Attributes as XML.
pub const XML: &str = "application/dicom+xml";
/// Capabilities as the Web Application Description Language.
pub const WADL: &str = "application/vnd.sun.wadl+xml";

/// Uncompressed frames and bulk data.
pub const OCTETS: &str = "multipart/related; type=\"application/octet-stream\"";

/// The longest answer that is read.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// A client with connections of its own.
#[derive(Clone, Debug)]
pub struct Web {
    base: Url,
    client: reqwest::Client,
    transcript: Transcript,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

impl Web {
    /// A client for the service at this base URL.
    ///
    /// # Errors
    /// The TLS configuration cannot be loaded.
    pub fn new(base: &Url, transcript: Transcript) -> Verdict<Self> {
        static TLS: Once = Once::new();
        TLS.call_once(|| {
            // An error means that the process has chosen one already.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .no_proxy();
        if base.scheme() == "http" {
            // Each check has a client of its own, and reading the system's certificates takes longer than most checks.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(Finding::error)?;
        Ok(Self {
            base: base.clone(),
            client,
            transcript,
        })
    }

    /// GET of a path below the service, `/studies?limit=1`.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn get(&self, path: &str, accept: &str) -> Verdict<Answer> {
        let request = self
            .client
            .get(self.url(path)?)
            .header(http::header::ACCEPT, accept);
        self.exchange(
            format!("GET {path}"),
            format!("GET {path}\nAccept: {accept}\n"),
            request,
        )
        .await
    }

    /// GET of a URL that the archive gave.
    ///
    /// # Errors
    /// A failure if it is no absolute URL, or if no complete answer comes.
    pub async fn get_url(&self, url: &str, accept: &str) -> Verdict<Answer> {
        let parsed =
            Url::parse(url).map_err(|error| Finding::fail(format!("the URL {url:?}: {error}")))?;
        let request = self.client.get(parsed).header(http::header::ACCEPT, accept);
        let line = format!("GET {url}");
        self.exchange(line.clone(), format!("{line}\nAccept: {accept}\n"), request)
            .await
    }

    /// Any request.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Verdict<Answer> {
        let method = method.parse::<http::Method>().map_err(Finding::error)?;
        let mut detail = format!("{method} {path}\n");
        let mut request = self.client.request(method.clone(), self.url(path)?);
        for (name, value) in headers {
            detail.push_str(&format!("{name}: {value}\n"));
            request = request.header(*name, *value);
        }
        if !body.is_empty() {
            detail.push_str(&format!("\n{}", excerpt(&body)));
        }
        self.exchange(format!("{method} {path}"), detail, request.body(body))
            .await
    }

    /// POST of instances to `/studies` or `/studies/{study}`.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn store(&self, path: &str, instances: &[&Instance]) -> Verdict<Answer> {
        self.upload(path, &Upload::of(instances)).await
    }

    /// The same, with every part of the body in the caller's hand.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn upload(&self, path: &str, upload: &Upload) -> Verdict<Answer> {
        let body = upload.body();
        for study in upload.studies() {
            self.transcript.leave(study);
        }
        let line = format!("POST {path}, {}", upload.summary());
        let detail = format!(
            "POST {path}\nContent-Type: {}\nAccept: {}\n\n{} bytes",
            upload.content_type(),
            upload.accepted(),
            body.len()
        );
        let request = self
            .client
            .post(self.url(path)?)
            .header(http::header::CONTENT_TYPE, upload.content_type())
            .header(http::header::ACCEPT, upload.accepted())
            .body(upload.stream(body));
        self.exchange(line, detail, request).await
    }

    /// The rows of a search; none for 204 or for an empty array.
    ///
    /// # Errors
    /// A failure if the answer is not a list of matches.
    pub async fn search(&self, path: &str) -> Verdict<Vec<Row>> {
        let answer = self.get(path, JSON).await?;
        match answer.status {
            200 => Row::all(&answer.body),
            204 => Ok(Vec::new()),
            _ => Err(Finding::fail(format!("{} to GET {path}", answer.summary()))),
        }
    }

    /// The instances of a study, series or instance resource, in this form.
    ///
    /// # Errors
    /// A failure if the answer is not a multipart body with status 200.
    pub async fn retrieve(&self, path: &str, accept: &str) -> Verdict<Vec<Part>> {
        let answer = self.get(path, accept).await?;
        if answer.status != 200 {
            return Err(Finding::fail(format!("{} to GET {path}", answer.summary())));
        }
        body::parts(answer.content_type(), &answer.body)
    }

    /// The one instance of an instance resource as a file, in this form.
    ///
    /// # Errors
    /// A failure if the answer is not a multipart body of one DICOM file.
    pub async fn file(&self, path: &str, accept: &str) -> Verdict<File> {
        let parts = self.retrieve(path, accept).await?;
        match parts.as_slice() {
            [part] => File::read(&part.content),
            _ => Err(Finding::fail(format!(
                "{} parts for one instance",
                parts.len()
            ))),
        }
    }

    /// The data sets of a metadata resource.
    ///
    /// # Errors
    /// A failure if the answer is not a list of data sets with status 200.
    pub async fn metadata(&self, path: &str) -> Verdict<Vec<Row>> {
        let answer = self.get(path, JSON).await?;
        match answer.status {
            200 => Row::all(&answer.body),
            _ => Err(Finding::fail(format!("{} to GET {path}", answer.summary()))),
        }
    }

    /// The picture of a rendered resource.
    ///
    /// # Errors
    /// A failure if the answer is not a picture of the type that its head says, with status 200.
    pub async fn picture(&self, path: &str, accept: &str) -> Verdict<Picture> {
        let answer = self.get(path, accept).await?;
        if answer.status != 200 {
            return Err(Finding::fail(format!("{} to GET {path}", answer.summary())));
        }
        let picture = Picture::read(&answer.body)?;
        let said = Media::of(answer.content_type()).essence;
        match said == picture.format.media() {
            true => Ok(picture),
            false => Err(Finding::fail(format!(
                "{said} that is {}",
                picture.format.media()
            ))),
        }
    }

    /// Stores an instance of a kind that archives need not take; whether it was taken.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn takes(&self, instance: &Instance) -> Verdict<bool> {
        let answer = self.store("/studies", &[instance]).await?;
        let account = Account::of(&answer);
        Ok(account.is_ok_and(|account| account.referenced.contains(&instance.uid)))
    }

    /// The status of the answer to a GET.
    ///
    /// # Errors
    /// A failure if no complete answer comes.
    pub async fn status(&self, path: &str, accept: &str) -> Verdict<u16> {
        Ok(self.get(path, accept).await?.status)
    }

    /// The path below the service of a URL in an answer to a request for a path, which may be relative to it.
    ///
    /// # Errors
    /// A failure if it leads elsewhere.
    pub fn below(&self, path: &str, location: &str) -> Verdict<String> {
        let elsewhere = || Finding::fail(format!("the URL {location:?}, which leads elsewhere"));
        let resolved = self.url(path)?.join(location).map_err(|_| elsewhere())?;
        let base = self.base.as_str().trim_end_matches('/');
        let below = resolved.as_str().strip_prefix(base);
        let below = below.filter(|below| below.starts_with('/'));
        below.map(str::to_owned).ok_or_else(elsewhere)
    }

    /// Stores data that another question is asked about.
    ///
    /// # Errors
    /// Untestable unless the archive says that it has all of it.
    pub async fn prepare(&self, study: &Study) -> Verdict {
        self.prepare_instances(&study.instances.iter().collect::<Vec<_>>())
            .await
    }

    /// The same for some of a study's instances.
    ///
    /// # Errors
    /// Untestable unless the archive says that it has all of them.
    pub async fn prepare_instances(&self, instances: &[&Instance]) -> Verdict {
        let untestable = |reason: String| Finding::Untestable {
            because: "stow.all.200",
            reason,
        };
        let answer = match self.store("/studies", instances).await {
            Ok(answer) => answer,
            Err(Finding::Fail(difference)) => return Err(untestable(difference.got)),
            Err(other) => return Err(other),
        };
        if !(200..300).contains(&answer.status) {
            return Err(untestable(format!(
                "{} to the store of its data",
                answer.summary()
            )));
        }
        let account = Account::of(&answer)
            .map_err(|_| untestable("a store response that cannot be read".into()))?;
        let missing = instances
            .iter()
            .filter(|instance| !account.referenced.contains(&instance.uid))
            .count();
        if missing > 0 {
            return Err(untestable(format!(
                "a store response without {missing} of {} instances",
                instances.len()
            )));
        }
        Ok(())
    }

    /// Whether a URL that the archive gave is the one that we reach it by.
    pub fn is_base(&self, url: &str) -> bool {
        let own = self.base.as_str().trim_end_matches('/');
        Url::parse(url).is_ok_and(|url| url.as_str().trim_end_matches('/') == own)
    }

    fn url(&self, path: &str) -> Verdict<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}"))
            .map_err(|error| Finding::error(format!("{path}: {error}")))
    }

    async fn exchange(
        &self,
        line: String,
        detail: String,
        request: reqwest::RequestBuilder,
    ) -> Verdict<Answer> {
        if !line.starts_with("POST") {
            self.transcript.settled().await;
        }
        let ticket = self.transcript.sent(line.clone(), detail);
        let failed = |error: reqwest::Error| {
            Finding::fail(format!("no answer to {line}: {}", innermost(&error)))
        };
        let response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = BytesMut::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| {
                Finding::fail(format!(
                    "status {status}, then {} bytes and {}",
                    body.len(),
                    innermost(&error)
                ))
            })?;
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Finding::fail(format!(
                    "an answer of more than {ANSWER_LIMIT} bytes"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        let answer = Answer {
            status,
            headers,
            body: body.freeze(),
        };
        let mut head: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())))
            .collect();
        head.sort();
        let detail = format!(
            "HTTP {status}\n{}\n{}",
            head.concat(),
            excerpt(&answer.body)
        );
        self.transcript.got(ticket, answer.summary(), &detail);
        Ok(answer)
    }
}

impl Answer {
    /// The content type; empty if there is none.
    pub fn content_type(&self) -> &str {
        self.headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// In a few words: `409, application/dicom+json`.
    pub fn summary(&self) -> String {
        match (self.content_type(), self.body.len()) {
            (_, 0) => format!("{}, no body", self.status),
            ("", bytes) => format!("{} with {bytes} bytes", self.status),
            (kind, _) => format!(
                "{}, {}",
                self.status,
                kind.split(';').next().unwrap_or(kind)
            ),
        }
    }
}

/// What a store response says became of the instances (PS3.18 I.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// SOP Instance UIDs of the Referenced SOP Sequence (0008,1199), in order.
    pub referenced: Vec<String>,
    /// SOP Instance UIDs of those with a Warning Reason (0008,1196), each with it.
    pub warned: Vec<(String, i64)>,
    /// SOP Instance UIDs of the Failed SOP Sequence (0008,1198), in order, each with its reason (0008,1197).
    pub failed: Vec<(String, Option<i64>)>,
    /// The reasons of the Other Failures Sequence (0008,119A), in order.
    pub other: Vec<Option<i64>>,
}

impl Account {
    /// Reads a store response.
    ///
    /// # Errors
    /// A failure if the body is not a data set.
    pub fn of(answer: &Answer) -> Verdict<Self> {
        let row = Row::one(&answer.body)?;
        let uid = |item: &Row| item.text(tags::REFERENCED_SOP_INSTANCE_UID);
        Ok(Self {
            referenced: row
                .items(tags::REFERENCED_SOP_SEQUENCE)
                .iter()
                .filter_map(uid)
                .collect(),
            warned: (row.items(tags::REFERENCED_SOP_SEQUENCE).iter())
                .filter_map(|item| Some((uid(item)?, item.number(tags::WARNING_REASON)?)))
                .collect(),
            failed: (row.items(tags::FAILED_SOP_SEQUENCE).iter())
                .filter_map(|item| Some((uid(item)?, item.number(tags::FAILURE_REASON))))
                .collect(),
            other: (row.items(tags::OTHER_FAILURES_SEQUENCE).iter())
                .map(|item| item.number(tags::FAILURE_REASON))
                .collect(),
        })
    }

    /// The failed ones without their reasons.
    pub fn failed_uids(&self) -> Vec<String> {
        self.failed.iter().map(|(uid, _)| uid.clone()).collect()
    }

    /// All reasons of failures, of instances and of others.
    pub fn reasons(&self) -> Vec<Option<i64>> {
        let of_instances = self.failed.iter().map(|(_, reason)| *reason);
        of_instances.chain(self.other.iter().copied()).collect()
    }
}

/// The cause at the end of the chain: "connection refused" rather than "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
