use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Direction, Moment};

/// So many bytes a second pass, and no more.
///
/// On the wire: bytes come or are taken at that rate, evenly; TCP's window fills up behind it. Lines do it that many share, and proxies that are told to.
/// A good client streams, shows progress, and measures its deadline by what still moves instead of by the whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bandwidth {
    /// Bytes a second.
    pub bytes_per_second: u64,
    /// Which way; both if it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

impl Default for Bandwidth {
    fn default() -> Self {
        Self {
            bytes_per_second: 64 * 1024,
            direction: None,
        }
    }
}

impl Fault for Bandwidth {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        let (rates, rate) = (&mut connect.line.rates, Some(self.bytes_per_second));
        if self.direction != Some(Direction::Outbound) {
            rates.inbound = rate;
        }
        if self.direction != Some(Direction::Inbound) {
            rates.outbound = rate;
        }
    }
}
