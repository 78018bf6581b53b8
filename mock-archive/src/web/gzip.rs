//! Texts compressed on their way out, for clients that take that (RFC 9110 8.4, 12.5.3).

use std::io::{self, Write};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use dicom_wire::media::MediaType;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderValue};

/// Whether a client takes gzip, and not less gladly than plain text.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let fields = headers.get_all(ACCEPT_ENCODING);
    let text: Vec<&str> = fields
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    let text = text.join(",").to_ascii_lowercase();
    let quality = |wanted: &str| {
        text.split(',').find_map(|member| {
            let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
            let quality = parameters.trim().strip_prefix("q=").unwrap_or("1");
            (name.trim() == wanted).then(|| quality.trim().parse::<f32>().unwrap_or(0.0))
        })
    };
    let gzip = quality("gzip").or(quality("x-gzip")).or(quality("*"));
    gzip.is_some_and(|gzip| gzip > 0.0 && gzip >= quality("identity").unwrap_or(0.0))
}

/// Compresses JSON and XML while it goes out, where the client takes it; pixels and files stay as they are.
pub(crate) fn compress(mut response: Response, is_accepted: bool) -> Response {
    let media = response.headers().get(CONTENT_TYPE);
    let media = media
        .and_then(|value| value.to_str().ok())
        .and_then(|text| MediaType::parse(text).ok());
    if !media.is_some_and(|media| is_text(&media)) {
        return response;
    }
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    if !is_accepted {
        return response;
    }
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.remove(CONTENT_LENGTH);
    response.map(compressed)
}

fn is_text(media: &MediaType) -> bool {
    let part = media.parameter("type").unwrap_or_default();
    [media.essence(), part]
        .iter()
        .any(|essence| essence.ends_with("json") || essence.ends_with("xml"))
}

/// A body as gzip.
pub(crate) fn compressed(body: Body) -> Body {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let state = Some((body.into_data_stream(), encoder));
    Body::from_stream(stream::unfold(state, |state| async move {
        let (mut pieces, mut encoder) = state?;
        loop {
            match pieces.next().await {
                Some(Ok(piece)) => match pressed(&mut encoder, &piece) {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Some((Ok(bytes), Some((pieces, encoder)))),
                    Err(error) => return Some((Err(axum::Error::new(error)), None)),
                },
                // What is cut on its way must not look complete.
                Some(Err(error)) => return Some((Err(error), None)),
                None => {
                    let rest = encoder.finish().map(Bytes::from).map_err(axum::Error::new);
                    return Some((rest, None));
                }
            }
        }
    }))
}

fn pressed(encoder: &mut GzEncoder<Vec<u8>>, piece: &[u8]) -> io::Result<Bytes> {
    encoder.write_all(piece)?;
    Ok(std::mem::take(encoder.get_mut()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        for (text, expected) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("*", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("*, gzip; q=0.0", false),
            ("identity, gzip;q=0.5", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(text));
            assert_eq!(is_accepted(&headers), expected, "{text:?}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }
}
