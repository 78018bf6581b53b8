//! What a client is told when its request cannot be done. The only place that picks a 4xx or 5xx status.

use std::fmt::Display;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_RANGE, CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde_json::json;

/// An error answer with a payload that says what was wrong (PS3.18 8.6.3, RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    field: Option<(HeaderName, HeaderValue)>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Problem {
        Problem {
            status,
            detail: detail.into(),
            field: None,
        }
    }

    /// 404: the path names nothing, or nothing that is here.
    pub(crate) fn not_found(what: impl Display) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, format!("{what} is not here"))
    }

    /// 400: a parameter or path segment has a value that it cannot have.
    pub(crate) fn bad_value(name: &str, value: &str, why: impl Display) -> Problem {
        let value: String = value.chars().take(200).collect();
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("{name} {value:?} cannot be: {why}"),
        )
    }

    /// 400: the request as a whole cannot be read.
    pub(crate) fn bad_request(why: impl Display) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, why.to_string())
    }

    /// 405, with the methods that the resource has.
    pub(crate) fn method_not_allowed(method: &http::Method, allow: &'static str) -> Problem {
        Problem {
            field: Some((ALLOW, HeaderValue::from_static(allow))),
            ..Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("{method} is not among the methods of this resource: {allow}"),
            )
        }
    }

    /// 406: none of the wanted media types or transfer syntaxes can be given.
    pub(crate) fn not_acceptable(why: impl Display) -> Problem {
        Problem::new(StatusCode::NOT_ACCEPTABLE, why.to_string())
    }

    /// 413: more than is taken.
    pub(crate) fn too_large(why: impl Display) -> Problem {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why.to_string())
    }

    /// 415: a coding of the payload that is not known, with those that are (RFC 9110 15.5.16).
    pub(crate) fn unsupported_coding(codings: &str) -> Problem {
        Problem {
            field: Some((ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity"))),
            ..Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!("Content-Encoding {codings:?} is not taken; gzip is"),
            )
        }
    }

    /// A status that a rule asks for.
    pub(crate) fn refused(status: StatusCode) -> Problem {
        Problem::new(status, "this cannot be done here")
    }

    /// 415: a payload of a kind that cannot be stored.
    pub(crate) fn unsupported_media_type(why: impl Display) -> Problem {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, why.to_string())
    }

    /// 416: a range that a file of this length does not have.
    pub(crate) fn not_satisfiable(length: u64) -> Problem {
        let whole = HeaderValue::from_str(&format!("bytes */{length}")).ok();
        Problem {
            field: whole.map(|whole| (CONTENT_RANGE, whole)),
            ..Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                format!("the range lies behind the {length} bytes that there are"),
            )
        }
    }

    /// 500: the archive itself failed, as when a disk is full.
    pub(crate) fn internal(why: impl Display) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "status": self.status.as_u16(),
            "title": title,
            "detail": self.detail,
        });
        let mut response = Response::new(Body::from(format!("{body}\n")));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some((name, value)) = self.field {
            headers.insert(name, value);
        }
        response
    }
}
