use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Choice, Moment, Negotiate, Syntax};
use crate::request::Service;
use crate::rule::Scene;

/// The destination of a C-MOVE does not take what it is sent.
///
/// On the wire: to the destination nothing, or an association on which instances are missing; to the client pending responses that count failures, and a final one with A702 where nothing went out, B000 where some did, with the
/// list of what failed and the reason in the Error Comment (PS3.4 C.4.2.1.5). Workstations refuse whom they do not know, and offer few classes and syntaxes. A good client reads the counts and the list, says which instances
/// are missing and where the refusal came from, and does not take the end of the operation for its success.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DestinationRefuses {
    /// What it refuses.
    pub what: Refused,
}

/// What a destination refuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// The association: as if it knew neither AE title.
    #[default]
    Association,
    /// The presentation context of an instance: conditions on the instance or its class say of which.
    Context,
}

impl Fault for DestinationRefuses {
    fn moment(&self) -> Moment {
        Moment::Negotiate
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        let Scene::Negotiate(negotiate) = scene else {
            return false;
        };
        let is_meant = match self.what {
            Refused::Association => matches!(negotiate.choice, Choice::Destination(_)),
            Refused::Context => matches!(negotiate.choice, Choice::Syntax { .. }),
        };
        is_meant && negotiate.request.service == Service::Move
    }

    fn negotiate(&self, negotiate: &mut Negotiate<'_>) {
        match &mut negotiate.choice {
            Choice::Destination(refusal) => {
                **refusal = Some("rejected, called AE title not recognized".to_owned());
            }
            Choice::Syntax { syntax, .. } => **syntax = Syntax::Unacceptable,
            Choice::Contexts(_) | Choice::Acceptance(_) => {}
        }
    }
}
