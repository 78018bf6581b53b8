use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use http::HeaderValue;
use http::header::LOCATION;

use super::{Fault, HttpStatus};
use crate::moment::{Admit, Moment, Ruling};
use crate::request::{Protocol, Request};
use crate::rule::Scene;

/// A request is sent elsewhere.
///
/// On the wire: the status with a Location: the same URL again, another host, a login page, or whatever is given. Proxies do it that want HTTPS or a session, and balancers. A good client
/// follows a bounded number of times, does not send credentials or patients' data to another host, repeats a POST only after 307 and 308, and takes a login page for a refusal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Redirect {
    /// Status code.
    pub status: u16,
    /// Where to.
    pub to: Target,
    /// The URL, if it is none of these.
    pub url: Option<String>,
}

/// Where a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Where it came to: again and again.
    Same,
    /// The same path on another host.
    OtherHost,
    /// A login page of this host.
    #[default]
    Login,
}

impl Default for Redirect {
    fn default() -> Self {
        Self {
            status: 302,
            to: Target::Login,
            url: None,
        }
    }
}

impl Redirect {
    fn location(&self, request: &Request) -> String {
        let asked = match request.query.is_empty() {
            true => request.path.clone(),
            false => format!("{}?{}", request.path, request.query),
        };
        match (&self.url, self.to) {
            (Some(url), _) => url.clone(),
            (None, Target::Same) => asked,
            // RFC 6761 6.4: nobody has this name.
            (None, Target::OtherHost) => format!("http://archive.invalid{asked}"),
            (None, Target::Login) => "/login".to_owned(),
        }
    }
}

impl Fault for Redirect {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.admission.proceeds())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let mut answer = HttpStatus::new(self.status).answer();
        if let Ok(location) = HeaderValue::from_str(&self.location(admit.request)) {
            answer.headers.insert(LOCATION, location);
        }
        admit.admission.ruling = Ruling::Answer(answer);
    }
}
