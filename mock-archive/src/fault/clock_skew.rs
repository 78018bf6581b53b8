use http::HeaderValue;
use http::header::DATE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::clock;
use crate::moment::{Head, Moment, Send};
use crate::request::Protocol;
use crate::rule::Scene;

/// The archive's clock is wrong.
///
/// On the wire: the Date of HTTP answers is so many seconds ahead of the time, or behind it. Appliances without time synchronisation do it. A good client reckons the age of
/// answers and tokens by its own clock, and does not refuse an answer for its date.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSkew {
    /// Seconds that it is ahead; less than 0 = behind.
    pub seconds: i64,
}

impl Default for ClockSkew {
    fn default() -> Self {
        Self { seconds: -86_400 }
    }
}

impl Fault for ClockSkew {
    fn moment(&self) -> Moment {
        Moment::Send
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        scene
            .request()
            .is_some_and(|request| request.protocol == Protocol::Web)
    }

    fn send(&self, send: &mut Send<'_>) {
        if let Head::Web { headers, .. } = &mut send.head
            && let Ok(date) = HeaderValue::from_str(&clock::http_date(self.seconds))
        {
            headers.insert(DATE, date);
        }
    }
}
