use bytes::Bytes;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, Send};
use crate::rule::Scene;

/// Errors over HTTP have a body of the archive's own.
///
/// On the wire: the status as it was, over a body in the form that this product gives its errors: JSON with a code of its own, JSON labelled as text, a page for people, or
/// text that nobody labelled. Orthanc 1.10 names no type, 1.12 says text/plain, dcm4chee writes JSON as text/plain, proxies put their page in place of it. A good client
/// goes by the status, shows the body as the text it is, bounded, and never takes it for a result.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ErrorForm {
    /// The body, in which `{status}`, `{reason}`, `{method}` and `{path}` stand for those of the answer; no value = as it is.
    pub body: Option<String>,
    /// Its type; empty = none is named; no value = as it is, or text/plain for another body.
    pub content_type: Option<String>,
    /// The statuses that are concerned; none = every 4xx and 5xx.
    pub status: Vec<u16>,
}

impl ErrorForm {
    fn is_meant(&self, status: u16) -> bool {
        match &self.status[..] {
            [] => status >= 400,
            listed => listed.contains(&status),
        }
    }

    /// The body for this answer. What comes from the client's path cannot end a string or open a tag.
    fn written(&self, template: &str, status: u16, method: &str, path: &str) -> String {
        let code = http::StatusCode::from_u16(status).ok();
        let reason = code.and_then(|code| code.canonical_reason());
        let path: String = path.chars().take(512).collect();
        let path = path.replace(['"', '\'', '<', '>', '\\', '&'], "_");
        template
            .replace("{status}", &status.to_string())
            .replace("{reason}", reason.unwrap_or("Error"))
            .replace("{method}", method)
            .replace("{path}", &path)
    }
}

impl Fault for ErrorForm {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(Send { head: Head::Web { status, .. }, .. }) if self.is_meant(**status))
    }

    fn send(&self, send: &mut Send<'_>) {
        let Head::Web { status, headers } = &mut send.head else {
            return;
        };
        let plain = self.body.as_ref().map(|_| "text/plain");
        match self.content_type.as_deref().or(plain) {
            None => {}
            Some("") => drop(headers.remove(CONTENT_TYPE)),
            Some(content_type) => {
                if let Ok(value) = HeaderValue::from_str(content_type) {
                    headers.insert(CONTENT_TYPE, value);
                }
            }
        }
        if let Some(template) = &self.body {
            let request = send.request;
            let body = self.written(template, **status, &request.method, &request.path);
            send.delivery.instead = Some(Bytes::from(body));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_cannot_break_out_of_the_body() {
        let fault = ErrorForm::default();
        let body = fault.written(r#"{"Uri":"{path}","Status":{status}}"#, 404, "GET", "/a\"},{\"<b>");
        assert_eq!(body, r#"{"Uri":"/a_},{__b_","Status":404}"#);
    }

    #[test]
    fn success_is_no_error_unless_it_is_listed() {
        assert!(!ErrorForm::default().is_meant(204) && ErrorForm::default().is_meant(503));
        let only = ErrorForm {
            status: vec![409],
            ..ErrorForm::default()
        };
        assert!(only.is_meant(409) && !only.is_meant(404));
    }
}
