use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Moment, Operation};
use crate::request::Service;
use crate::rule::Scene;

/// DIMSE operations are understood or carried out otherwise than PS3.4 and PS3.7 say.
///
/// On the wire: answers that look right and are to another question: a wildcard taken for a letter, a level that was not given, a cancel that was not heard: see the
/// habits. Orthanc answers relational queries that were not negotiated, dcmqrscp passes over keys inside sequences. A good client compares what it gets with what it
/// asked for, and does not take a success for an answer to its question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperationHabit {
    /// What it does.
    pub habit: Operation,
}

impl Default for OperationHabit {
    fn default() -> Self {
        Self {
            habit: Operation::CancelIgnored,
        }
    }
}

impl Fault for OperationHabit {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Admit(admit) if admit.request.service == Service::Associate)
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.dialect.operations.add(self.habit);
    }
}
