use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use http::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{Admit, Answer, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::{Meter, Scene};

/// Credentials are good for a while only; then others are wanted.
///
/// On the wire: answers as usual to the first so many requests with one value of Authorization, or for so long after the first of them, then 401 with
/// `error="invalid_token"` until another value comes. Every service with OAuth 2.0 does it, in the middle of long uploads too. A good client gets a new token once and tries that one request again, does
/// not begin the whole transfer anew, and does not loop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ExpireCredentials {
    /// How long they are good; no time = for ever.
    pub after: Option<Span>,
    /// For how many requests; no number = for any.
    pub requests: Option<u64>,
}

impl Default for ExpireCredentials {
    fn default() -> Self {
        Self {
            after: Some(Span(Duration::from_secs(60))),
            requests: None,
        }
    }
}

impl Fault for ExpireCredentials {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web
            && admit.admission.proceeds() && admit.request.headers.contains_key(AUTHORIZATION))
    }

    fn is_due(&self, scene: &Scene<'_, '_>, meter: &mut Meter) -> bool {
        let given = scene.request().and_then(|request| request.headers.get(AUTHORIZATION));
        let Some(given) = given else {
            return false;
        };
        // What was sent is nobody's business: only its hash is remembered.
        let mut hasher = DefaultHasher::new();
        given.as_bytes().hash(&mut hasher);
        let seen = meter.see(hasher.finish());
        self.after.is_some_and(|after| seen.age >= after.0)
            || self.requests.is_some_and(|most| seen.times > most)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let challenge = "Bearer realm=\"archive\", error=\"invalid_token\"";
        admit.admission.ruling = Ruling::Answer(Answer::unauthorized(challenge));
    }
}
