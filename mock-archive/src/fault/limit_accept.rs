use http::header::ACCEPT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Answer, Moment, Ruling};
use crate::request::{Protocol, Request};
use crate::rule::Scene;

/// Only some Accept headers are understood; requests with others are refused.
///
/// On the wire: 406 or 400 to a request that a standard archive answers, because of how its Accept header is spelled or of the representation it asks for. Azure wants
/// an exact type and transfer-syntax=*, Orthanc refuses lists. A good client tries a ladder of forms, from the best to the plainest, and remembers what worked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitAccept {
    /// Texts of which the header must hold one; none = any header is understood.
    pub only: Vec<String>,
    /// Texts of which the header must hold none.
    pub without: Vec<String>,
    /// Status of the refusal.
    pub status: u16,
}

impl Default for LimitAccept {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            without: vec![",".to_owned()],
            status: 406,
        }
    }
}

impl LimitAccept {
    fn understands(&self, request: &Request) -> bool {
        let fields = request.headers.get_all(ACCEPT).into_iter();
        let fields: Vec<_> = fields.filter_map(|field| field.to_str().ok()).collect();
        let accept = fields.join(",");
        let holds = |text: &String| accept.contains(text.as_str());
        (self.only.is_empty() || self.only.iter().any(holds)) && !self.without.iter().any(holds)
    }
}

impl Fault for LimitAccept {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web
            && admit.admission.proceeds() && !self.understands(admit.request))
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let answer = Answer::text(self.status, "the Accept header is not supported");
        admit.admission.ruling = Ruling::Answer(answer);
    }
}
