use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Handshake, Moment};
use crate::rule::Scene;

/// The TLS handshake goes wrong.
///
/// On the wire: a certificate that the client has no reason to trust (made for the moment and signed by itself; `expired` and `wrong-host` are so besides), an alert
/// that says the version is not spoken, a demand for a certificate of the client with none taken, no TLS at all, or silence. Archives without TLS are
/// not changed. Real ones do it after a certificate has run out, behind a new proxy, or before they were set up. A good client says which of these it is,
/// sends nothing without TLS instead, and does not pass over a certificate by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TlsHandshake {
    /// What comes of it.
    pub outcome: Handshake,
}

impl Default for TlsHandshake {
    fn default() -> Self {
        Self {
            outcome: Handshake::UnknownIssuer,
        }
    }
}

impl Fault for TlsHandshake {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn concerns(&self, _scene: &Scene<'_, '_>) -> bool {
        self.outcome != Handshake::AsUsual
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.handshake = self.outcome;
    }
}
