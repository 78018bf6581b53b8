use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Head, Moment, PduForm, Send};
use crate::rule::Scene;

/// Responses are cut into PDUs otherwise than usual.
///
/// On the wire: the same response in many small PDUs, all in one, in values of an odd length, on a context that was not negotiated, in a PDU longer than the peer takes, or in one that ends before its length. The first two are
/// allowed (PS3.8 9.3.5, annex E), and some stacks send nothing else. A good client reads any cutting that is allowed, and aborts on what is not, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ReshapePdus {
    /// How they are cut.
    pub form: PduForm,
}

impl Default for ReshapePdus {
    fn default() -> Self {
        Self {
            form: PduForm::Split,
        }
    }
}

impl Fault for ReshapePdus {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Send(send) if matches!(send.head, Head::Dimse { .. }))
    }

    fn send(&self, send: &mut Send<'_>) {
        send.delivery.pdus = self.form;
    }
}
