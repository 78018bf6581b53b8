use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Connect, Direction, Ending, Manner, Moment};

/// A connection ends once so many bytes have passed, wherever the protocol is then.
///
/// On the wire: TCP bytes as usual up to that number, counted from the client (`inbound`) or to it (`outbound`), then a reset, an orderly close, or silence; with 0 bytes
/// nothing is ever answered. Archives do it that crash in the middle of an upload, and firewalls and balancers with a limit on idle or long connections. A good client
/// treats everything it has no answer for as unknown, looks it up before it sends it again, and says that the connection was lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EndConnection {
    /// Bytes that still pass.
    pub after: u64,
    /// Which way they are counted.
    pub direction: Direction,
    /// What happens then.
    pub manner: Manner,
}

impl Default for EndConnection {
    fn default() -> Self {
        Self {
            after: 0,
            direction: Direction::Outbound,
            manner: Manner::Reset,
        }
    }
}

impl Fault for EndConnection {
    fn moment(&self) -> Moment {
        Moment::Connect
    }

    fn connect(&self, connect: &mut Connect) {
        let Self {
            after,
            direction,
            manner,
        } = *self;
        connect.line.ending = Some(Ending {
            after,
            direction,
            manner,
        });
    }
}
