use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fault, Span};
use crate::moment::{self, Connect, Moment, Spread};

/// Whatever the archive sends comes late, each time by another while.
///
/// On the wire: a pause before each write of the archive, drawn anew from the distribution; the same seed gives the same pauses. Lines do it that go through a VPN,
/// over radio or to another continent. A good client has deadlines that fit such lines, does not wait for answers one by one where it need not, and opens no
/// connection for each request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Latency {
    /// The least pause; of a normal distribution the mean.
    pub of: Span,
    /// How far pauses go beyond.
    pub jitter: Span,
    /// How often they go how far.
    pub spread: Spread,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            of: Span(Duration::from_millis(200)),
            jitter: Span(Duration::ZERO),
            spread: Spread::default(),
        }
    }
}

impl Fault for Latency {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        connect.line.latency = Some(moment::Latency {
            of: self.of.0,
            jitter: self.jitter.0,
            spread: self.spread,
        });
    }
}
