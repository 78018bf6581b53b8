//! How the journal's JSON shows what is not JSON by itself.

use std::sync::Arc;
use std::time::Duration;

use dicom_wire::dimse::Status;
use serde::{Serialize, Serializer};

use super::text;
use crate::moment::{Admission, Delivery};
use crate::request::Request;

pub(super) fn milliseconds<S: Serializer>(
    duration: &Duration,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

pub(super) fn maybe_milliseconds<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => milliseconds(duration, serializer),
        None => serializer.serialize_none(),
    }
}

pub(super) fn status<S: Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{:04X}", status.0))
}

pub(super) fn request<S: Serializer>(
    request: &Arc<Request>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    /// The header fields whose values are nobody's business.
    const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    struct Shown<'a> {
        protocol: crate::request::Protocol,
        service: crate::request::Service,
        connection: u64,
        method: &'a str,
        #[serde(skip_serializing_if = "str::is_empty")]
        path: &'a str,
        #[serde(skip_serializing_if = "String::is_empty")]
        query: String,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(&'a str, String)>,
        #[serde(skip_serializing_if = "Option::is_none")]
        calling: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        called: Option<&'a str>,
        scope: &'a crate::request::Scope,
        #[serde(skip_serializing_if = "Option::is_none")]
        sop_class: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        transfer_syntax: Option<&'a str>,
    }
    let headers = request
        .headers
        .iter()
        .map(|(name, value)| match name.as_str() {
            secret if SECRET.contains(&secret) => (secret, "…".to_owned()),
            name => (name, String::from_utf8_lossy(value.as_bytes()).into_owned()),
        });
    Shown {
        protocol: request.protocol,
        service: request.service,
        connection: request.connection,
        method: &request.method,
        path: &request.path,
        query: text::query(&request.query, str::to_owned),
        headers: headers.collect(),
        calling: request.calling.as_ref().map(|title| title.as_str()),
        called: request.called.as_ref().map(|title| title.as_str()),
        scope: &request.scope,
        sop_class: request.sop_class.as_ref().map(|uid| uid.as_str()),
        transfer_syntax: request.transfer_syntax.as_ref().map(|uid| uid.as_str()),
    }
    .serialize(serializer)
}

pub(super) fn admission<S: Serializer>(
    admission: &Admission,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&text::admission(admission).unwrap_or_else(|| "proceed".to_owned()))
}

pub(super) fn delivery<S: Serializer>(
    delivery: &Delivery,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&text::delivery(delivery).unwrap_or_default())
}

pub(super) fn is_plain(delivery: &Delivery) -> bool {
    *delivery == Delivery::default()
}
