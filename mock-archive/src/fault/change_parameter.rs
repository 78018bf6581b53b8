use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment};
use crate::request::Protocol;
use crate::rule::Scene;

/// A query parameter is read as something else, or overlooked.
///
/// On the wire: the answer to another request than the client sent, without a word about it: a window that is not applied, a limit that is ignored, an invalid value
/// that passes. Archives do it with parameters that they do not know or take from their configuration. A good client checks that the answer is what it asked for: the
/// size of a picture, the number of matches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ChangeParameter {
    /// Its name.
    pub name: String,
    /// The text in its value that is replaced; all of it if empty, and then the parameter is there even if the client did not send it.
    pub find: String,
    /// What it is replaced by; no value = the whole parameter is overlooked.
    pub value: Option<String>,
    /// Whether only a request without the parameter is concerned, which then has it.
    pub if_absent: bool,
}

impl Default for ChangeParameter {
    fn default() -> Self {
        Self {
            name: "window".to_owned(),
            find: String::new(),
            value: None,
            if_absent: false,
        }
    }
}

impl ChangeParameter {
    /// The query as it is read; `None` if that is no other one.
    fn read(&self, query: &str) -> Option<String> {
        let mut pieces: Vec<String> = Vec::new();
        let mut seen = false;
        for piece in query.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            if name != self.name {
                pieces.push(piece.to_owned());
                continue;
            }
            seen = true;
            match &self.value {
                _ if self.if_absent => pieces.push(piece.to_owned()),
                None => {}
                Some(new) if self.find.is_empty() => pieces.push(format!("{name}={new}")),
                Some(new) => pieces.push(format!("{name}={}", value.replace(&self.find, new))),
            }
        }
        if let (false, true, Some(new)) = (seen, self.find.is_empty(), &self.value) {
            pieces.push(format!("{}={new}", self.name));
        }
        let read = pieces.join("&");
        (read != query).then_some(read)
    }
}

impl Fault for ChangeParameter {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && self.read(query(admit)).is_some())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        if let Some(read) = self.read(query(admit)) {
            admit.admission.query = Some(read);
        }
    }
}

/// The query as the rules before this one left it.
fn query<'a>(admit: &'a Admit<'_>) -> &'a str {
    admit.admission.query.as_deref().unwrap_or(&admit.request.query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(find: &str, value: Option<&str>, query: &str) -> Option<String> {
        let fault = ChangeParameter {
            name: "a".into(),
            find: find.into(),
            value: value.map(str::to_owned),
            if_absent: false,
        };
        fault.read(query)
    }

    #[test]
    fn one_parameter_is_read_otherwise_and_no_other() {
        assert_eq!(read("", None, "a=1&b=2").as_deref(), Some("b=2"));
        assert_eq!(read("", Some("9"), "a=1&b=2").as_deref(), Some("a=9&b=2"));
        assert_eq!(read("", Some("9"), "b=2").as_deref(), Some("b=2&a=9"));
        assert_eq!(read("-", Some(""), "a=1,-2").as_deref(), Some("a=1,2"));
        assert_eq!(read("-", Some(""), "b=-2"), None);
        assert_eq!(read("", None, "b=2"), None);
    }
}
