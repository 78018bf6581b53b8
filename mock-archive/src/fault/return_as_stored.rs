use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Choice, Moment, Negotiate, Syntax};
use crate::rule::Scene;

/// A retrieve returns the stored transfer syntax whatever was asked for.
///
/// On the wire: compressed instances although the request named no transfer syntax, which asks for Explicit VR Little Endian (PS3.18 8.7.3.4). Google and many gateways
/// do it. A good client asks for the syntaxes it can decode, and decodes by what the part and its file meta information say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnAsStored {}

impl Fault for ReturnAsStored {
    fn moment(&self) -> Moment {
        Moment::Negotiate
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Negotiate(Negotiate { choice: Choice::Syntax { syntax, .. }, .. }) if **syntax != Syntax::AsStored)
    }

    fn negotiate(&self, negotiate: &mut Negotiate<'_>) {
        if let Choice::Syntax { syntax, .. } = &mut negotiate.choice {
            **syntax = Syntax::AsStored;
        }
    }
}
