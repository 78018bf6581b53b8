//! How much has to happen before a rule acts.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::fault::Span;

/// What has to have happened since a rule came into force, or since its state was entered: all that is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct After {
    /// So much time has passed: `500ms`, `10s`.
    #[serde(skip_serializing_if = "is_no_time")]
    pub time: Span,
    /// So many exchanges have begun.
    #[serde(skip_serializing_if = "is_zero")]
    pub exchanges: u64,
    /// So many instances have arrived, stored or not.
    #[serde(skip_serializing_if = "is_zero")]
    pub instances: u64,
    /// They had so many bytes together.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// So many P-DATA-TF PDUs have come, on all associations.
    #[serde(skip_serializing_if = "is_zero")]
    pub pdus: u64,
    /// So many parts of store requests have begun.
    #[serde(skip_serializing_if = "is_zero")]
    pub parts: u64,
}

fn is_no_time(span: &Span) -> bool {
    span.0.is_zero()
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl After {
    /// After so much time.
    pub fn time(time: Duration) -> Self {
        Self {
            time: Span(time),
            ..Self::default()
        }
    }

    /// After so many exchanges.
    pub fn exchanges(exchanges: u64) -> Self {
        Self {
            exchanges,
            ..Self::default()
        }
    }

    /// After so many instances.
    pub fn instances(instances: u64) -> Self {
        Self {
            instances,
            ..Self::default()
        }
    }

    /// After so many bytes of instances.
    pub fn bytes(bytes: u64) -> Self {
        Self {
            bytes,
            ..Self::default()
        }
    }

    /// After so many PDUs.
    pub fn pdus(pdus: u64) -> Self {
        Self {
            pdus,
            ..Self::default()
        }
    }

    /// After so many parts.
    pub fn parts(parts: u64) -> Self {
        Self {
            parts,
            ..Self::default()
        }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it has happened between two moments.
    pub(super) fn is_over(&self, since: &Marks, now: &Marks) -> bool {
        now.at.saturating_duration_since(since.at) >= self.time.0
            && now.exchanges - since.exchanges >= self.exchanges
            && now.instances - since.instances >= self.instances
            && now.bytes - since.bytes >= self.bytes
            && now.pdus.saturating_sub(since.pdus) >= self.pdus
            && now.parts.saturating_sub(since.parts) >= self.parts
    }
}

/// What happened up to a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Marks {
    pub(crate) at: Instant,
    pub(crate) exchanges: u64,
    pub(crate) instances: u64,
    pub(crate) bytes: u64,
    pub(crate) pdus: u64,
    pub(crate) parts: u64,
}

/// What is counted while it goes on, by whoever sees it, without a lock.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) pdus: AtomicU64,
    pub(crate) parts: AtomicU64,
    /// Whether any rule waits for [`crate::moment::Arrival`].
    pub(crate) waits_for_pieces: AtomicBool,
}

impl Default for Marks {
    fn default() -> Self {
        Self {
            at: Instant::now(),
            exchanges: 0,
            instances: 0,
            bytes: 0,
            pdus: 0,
            parts: 0,
        }
    }
}
