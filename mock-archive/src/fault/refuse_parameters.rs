use dicom_core::dictionary::DataDictionary;
use dicom_dictionary_std::StandardDataDictionary;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Answer, Moment, Ruling};
use crate::request::{Protocol, Request, Service};
use crate::rule::Scene;

/// A search with a query parameter that the archive does not know is refused.
///
/// On the wire: the status in place of an answer, where PS3.18 8.3 has unknown parameters ignored. Azure and Google do it. A good client sends nothing that is not needed, and
/// tries again without what is not in the standard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefuseParameters {
    /// Status of the refusal.
    pub status: u16,
}

impl Default for RefuseParameters {
    fn default() -> Self {
        Self { status: 400 }
    }
}

/// The parameters of a search that are no attributes (PS3.18 8.3).
const KNOWN: [&str; 8] = [
    "accept",
    "charset",
    "emptyvaluematching",
    "fuzzymatching",
    "includefield",
    "limit",
    "multiplevaluematching",
    "offset",
];

fn first_unknown(request: &Request) -> Option<&str> {
    let names = request.query.split('&').filter(|pair| !pair.is_empty());
    let names = names.map(|pair| pair.split('=').next().unwrap_or_default());
    let is_attribute = |name: &str| {
        let steps = name.split(['.', ':']);
        steps.into_iter().all(|step| {
            StandardDataDictionary.by_name(step).is_some()
                || (step.len() == 8 && step.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
    };
    names
        .into_iter()
        .find(|name| !KNOWN.contains(name) && !is_attribute(name))
}

impl Fault for RefuseParameters {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web
            && admit.request.service == Service::Search && first_unknown(admit.request).is_some())
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        let name = first_unknown(admit.request).unwrap_or_default();
        let text = format!("unknown parameter {name:?}");
        admit.admission.ruling = Ruling::Answer(Answer::text(self.status, text));
    }
}
