//! One STOW-RS request of any size, made while it is sent.

use std::sync::Once;

use bytes::Bytes;
use dicom_fixtures::Big;
use dicom_wire::media::DICOM;
use dicom_wire::multipart::{Boundary, Headers, Writer};

/// A client without TLS.
///
/// # Errors
/// If it cannot be made.
pub fn client() -> reqwest::Result<reqwest::Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Another one may be there already: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder().no_proxy().build()
}

/// The pieces of a multipart/related body with all instances of a study.
pub fn pieces(study: &Big, boundary: &Boundary) -> impl Iterator<Item = Bytes> + Send + use<> {
    let mut writer = Some(Writer::new(boundary.clone()));
    let mut instances = study.instances();
    let mut chunks: Box<dyn Iterator<Item = Bytes> + Send> = Box::new(std::iter::empty());
    std::iter::from_fn(move || {
        if let Some(chunk) = chunks.next() {
            return Some(chunk);
        }
        match instances.next() {
            Some(instance) => {
                chunks = Box::new(instance.chunks());
                let headers = Headers::new().with("Content-Type", DICOM);
                writer.as_mut().map(|writer| writer.part_head(&headers))
            }
            None => writer.take().map(Writer::close),
        }
    })
}

/// Stores the instances of a multipart/related body in one request; the status and the body of the answer.
///
/// # Errors
/// If no answer comes.
pub async fn store(
    client: &reqwest::Client,
    web: &str,
    boundary: &Boundary,
    pieces: impl Iterator<Item = Bytes> + Send + 'static,
) -> reqwest::Result<(u16, String)> {
    let content_type = format!("multipart/related; type=\"{DICOM}\"; boundary={boundary}");
    let body = futures_util::stream::iter(pieces.map(Ok::<_, std::io::Error>));
    let answer = client
        .post(format!("{web}/studies"))
        .header("Content-Type", content_type)
        .header("Accept", "application/dicom+json")
        .body(reqwest::Body::wrap_stream(body))
        .send()
        .await?;
    let status = answer.status().as_u16();
    Ok((status, answer.text().await?))
}
