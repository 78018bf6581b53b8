//! What a browser asks before it lets a page of another origin read an answer (WHATWG Fetch 3.2).

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// Header fields that DICOMweb clients send beyond those that need no permission.
const TAKEN: &str = "Accept, Accept-Charset, Accept-Encoding, Authorization, Content-Type, If-None-Match, If-Range, Range";

/// Header fields of answers that a page may read beyond those that need no permission.
const SHOWN: &str = "Accept-Ranges, Allow, Content-Encoding, Content-Length, Content-Location, Content-Range, ETag, Location, Retry-After, Warning, WWW-Authenticate, X-Rendered";

/// The answer to a preflight: which methods and header fields a page of any origin may use here.
pub(crate) fn preflight(headers: &HeaderMap, methods: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let answer = response.headers_mut();
    answer.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static(methods),
    );
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, taken(headers));
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

/// What is taken anyway, and what is asked for besides.
fn taken(headers: &HeaderMap) -> HeaderValue {
    let asked = headers
        .get(ACCESS_CONTROL_REQUEST_HEADERS)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let known = |name: &str| {
        TAKEN
            .split(", ")
            .any(|taken| taken.eq_ignore_ascii_case(name))
    };
    let more: Vec<&str> = asked
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !known(name))
        .collect();
    let all = [&[TAKEN], &more[..]].concat().join(", ");
    HeaderValue::from_str(&all).unwrap_or(HeaderValue::from_static(TAKEN))
}

/// Lets a page of any origin read an answer. Credentials that a browser keeps are not asked for: a page sends its own.
pub(crate) fn allow(response: &mut Response) {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(SHOWN),
    );
}
