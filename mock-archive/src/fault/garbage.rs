use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Moment};
use crate::rule::Scene;

/// The connection begins with bytes of another protocol.
///
/// On the wire: these bytes first, before whatever the protocol has to say (also before a TLS handshake), then everything as usual. Ports do it behind which something
/// else answers: a banner, a proxy's greeting, a debug line. A good client says that this is not the protocol it speaks, shows no more than the first bytes,
/// and closes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Garbage {
    /// What is sent, as text.
    pub text: String,
}

impl Default for Garbage {
    fn default() -> Self {
        Self {
            text: "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        }
    }
}

impl Fault for Garbage {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn concerns(&self, _scene: &Scene<'_, '_>) -> bool {
        !self.text.is_empty()
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.garbage = self.text.clone().into();
    }
}
