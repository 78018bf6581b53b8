use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Admit, Merge, Moment};

/// A patient becomes another one while a client is at work.
///
/// On the wire: from the exchange on at which the rule acts, everything of the one Patient ID is under the other: searches for the first find nothing, and files, metadata and rows have the second, with the
/// first in Original Attributes Sequence. Every archive does it when its operator merges two records. A good client keeps studies by their UIDs and not by the patient, notices that what
/// it shows is not what it gets any more, and tells a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct MergePatients {
    /// Patient ID that is given up.
    pub from: String,
    /// Patient ID under which all is from then on.
    pub into: String,
    /// Name of that patient; names stay if it is empty.
    pub name: String,
}

impl Default for MergePatients {
    fn default() -> Self {
        Self {
            from: "MERGED".to_owned(),
            into: "KEPT".to_owned(),
            name: String::new(),
        }
    }
}

impl Fault for MergePatients {
    fn moment(&self) -> Moment {
        Moment::Admit
    }

    fn admit(&self, admit: &mut Admit<'_>) {
        admit.admission.merge = Some(Box::new(Merge {
            from: self.from.clone(),
            into: self.into.clone(),
            name: self.name.clone(),
        }));
    }
}
