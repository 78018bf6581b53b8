use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Answer, Moment, Ruling};
use crate::request::Protocol;
use crate::rule::Scene;

/// The times in a token are judged by a clock that goes wrong.
///
/// On the wire: 401 to a JSON Web Token (RFC 7519) whose `nbf` or `iat` is in the future, or whose `exp` is past, by a clock so many seconds off; the signature is not looked at, and
/// other credentials pass. Archives do it on machines without NTP, right after a token was issued. A good client tells that the token was refused though it has not run out, waits a few seconds, tries
/// once more, and says that clocks may differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct JudgeTokenTimes {
    /// How far the clock is ahead; behind if it is negative.
    pub seconds: i64,
}

impl Default for JudgeTokenTimes {
    fn default() -> Self {
        Self { seconds: -300 }
    }
}

impl JudgeTokenTimes {
    fn refuses(&self, headers: &HeaderMap) -> bool {
        let Some(claims) = claims(headers) else {
            return false;
        };
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_secs()).saturating_add_signed(self.seconds);
        let time = |name: &str| claims.get(name)?.as_f64();
        let now = now as f64;
        ["nbf", "iat"].iter().any(|name| time(name).is_some_and(|time| time > now))
            || time("exp").is_some_and(|time| time <= now)
    }
}

/// What a token claims, if it is one that can be read.
fn claims(headers: &HeaderMap) -> Option<serde_json::Value> {
    let given = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let token = given.strip_prefix("Bearer ")?;
    let payload = token.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&json).ok()
}

impl Fault for JudgeTokenTimes {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web
            && admit.admission.proceeds() && self.refuses(&admit.request.headers))
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let challenge = "Bearer realm=\"archive\", error=\"invalid_token\"";
        admit.admission.ruling = Ruling::Answer(Answer::unauthorized(challenge));
    }
}
