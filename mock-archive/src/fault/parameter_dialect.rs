use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Parameters};
use crate::request::{Protocol, Service};
use crate::rule::Scene;

/// The archive reads the query string of a search in a way of its own.
///
/// On the wire: `+` is taken for a blank, `%5E` for three characters, `00100020` for an unknown name, `patientid` for a known one, or a star in a UID for a wildcard. Debian's builds of Orthanc
/// do not percent-decode; servers that read the query as an HTML form decode `+`. A good client encodes everything but unreserved characters, and uses keywords as they are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ParameterDialect {
    /// How it is read.
    pub reads: Parameters,
}

impl Default for ParameterDialect {
    fn default() -> Self {
        Self {
            reads: Parameters::PlusIsBlank,
        }
    }
}

impl Fault for ParameterDialect {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.protocol == Protocol::Web && admit.request.service == Service::Search)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.parameters = self.reads;
    }
}
