use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Cut, Manner, Moment, Send};

/// An answer stops before its end.
///
/// On the wire: the head as usual, so many bytes of the body (over DIMSE: of the data sets of the operation), then the connection is closed, reset, or falls silent.
/// Archives do it that crash or restart, and proxies with a time limit. A good client compares Content-Length, looks for the last chunk and the closing delimiter,
/// reports the answer as incomplete, and hands out nothing of it as whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CutBody {
    /// Bytes of the body that still go out.
    pub after: u64,
    /// What happens then.
    pub manner: Manner,
}

impl Fault for CutBody {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn send(&self, send: &mut Send<'_>) {
        let Self { after, manner } = *self;
        send.delivery.cut = Some(Cut { after, manner });
    }
}
