use http::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment};
use crate::request::{Protocol, Request};
use crate::rule::Scene;

/// A header field of a request is read as if it had come otherwise.
///
/// On the wire: the answer to a request that the client did not send. A proxy drops Accept or Authorization, or sets a Content-Type of its own; an archive reads only the
/// first member of Accept, or none where it should refuse. A good client checks the type of what it gets and does not rely on a refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ChangeRequest {
    /// Name of the header field.
    pub field: String,
    /// The text in its value that is replaced; empty = all of it.
    pub find: String,
    /// What it is replaced by; no value = the whole field is overlooked.
    pub value: Option<String>,
    /// Whether only a request without the field is concerned, which then has it.
    pub if_absent: bool,
}

impl Default for ChangeRequest {
    fn default() -> Self {
        Self {
            field: "accept".to_owned(),
            find: String::new(),
            value: None,
            if_absent: false,
        }
    }
}

impl ChangeRequest {
    /// The header as it is read; nothing if that is as it came.
    fn read(&self, headers: &HeaderMap) -> Option<HeaderMap> {
        let name = HeaderName::from_bytes(self.field.as_bytes()).ok()?;
        let fields = headers.get_all(&name).iter();
        let fields: Vec<_> = fields.filter_map(|value| value.to_str().ok()).collect();
        if fields.is_empty() != self.if_absent {
            return None;
        }
        let before = fields.join(", ");
        let after = match &self.value {
            None => None,
            Some(value) if self.find.is_empty() => Some(value.clone()),
            Some(value) => Some(before.replace(&self.find, value)),
        };
        if after.as_ref() == Some(&before) {
            return None;
        }
        let mut read = headers.clone();
        read.remove(&name);
        if let Some(after) = after {
            read.insert(name, HeaderValue::from_str(&after).ok()?);
        }
        Some(read)
    }
}

/// The header as the rules before this one left it.
fn headers<'a>(admit: &'a Admit<'_>, request: &'a Request) -> &'a HeaderMap {
    admit.admission.headers.as_ref().unwrap_or(&request.headers)
}

impl Fault for ChangeRequest {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web
            && self.read(headers(admit, admit.request)).is_some())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        if let Some(read) = self.read(headers(admit, admit.request)) {
            admit.admission.headers = Some(read);
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT;

    use super::*;

    fn read(
        find: &str,
        value: Option<&str>,
        if_absent: bool,
        sent: Option<&'static str>,
    ) -> Option<String> {
        let fault = ChangeRequest {
            find: find.to_owned(),
            value: value.map(str::to_owned),
            if_absent,
            ..ChangeRequest::default()
        };
        let mut headers = HeaderMap::new();
        headers.extend(sent.map(|sent| (ACCEPT, HeaderValue::from_static(sent))));
        let read = fault.read(&headers)?;
        Some(
            read.get(ACCEPT)
                .map_or("nothing", |value| value.to_str().unwrap())
                .to_owned(),
        )
    }

    #[test]
    fn a_field_is_replaced_overlooked_or_made_up() {
        assert_eq!(
            read("", None, false, Some("a/b")).as_deref(),
            Some("nothing")
        );
        assert_eq!(
            read("", Some("c/d"), false, Some("a/b")).as_deref(),
            Some("c/d")
        );
        assert_eq!(
            read("b", Some("c"), false, Some("a/b")).as_deref(),
            Some("a/c")
        );
        assert_eq!(read("x", Some("c"), false, Some("a/b")), None);
        assert_eq!(read("", Some("c/d"), true, Some("a/b")), None);
        assert_eq!(read("", Some("c/d"), true, None).as_deref(), Some("c/d"));
    }
}
