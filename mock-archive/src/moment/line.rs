//! What the byte layer under both protocols does to one connection. Everything here can be combined.

use std::time::Duration;

use bytes::Bytes;
use rand::{Rng, RngExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Direction, Ending, Manner};

/// What is done to the bytes of a connection. The default does nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    /// Reset at once, before a byte passed.
    pub refuse: bool,
    /// Nobody listens on the port for so long; zero means that somebody does.
    pub outage: Duration,
    /// Keep the connection open, but never answer.
    pub silent: bool,
    /// Wait before each write reaches the network.
    pub latency: Option<Latency>,
    /// At most so many bytes a second, each way.
    pub rates: Rates,
    /// Pass bytes in small pieces.
    pub slices: Option<Slices>,
    /// Stand still once, in the middle.
    pub stall: Option<Stall>,
    /// End the connection when nothing passes for a while.
    pub idle: Option<Idle>,
    /// Write these bytes first, before what the protocol has to say.
    pub garbage: Bytes,
    /// End the connection once so many bytes have passed.
    pub ending: Option<Ending>,
    /// What comes of the TLS handshake, where the archive has TLS.
    pub handshake: Handshake,
    /// Seed of whatever is left to chance.
    pub seed: u64,
}

/// Bytes a second; `None` = no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// From the client.
    pub inbound: Option<u64>,
    /// To the client.
    pub outbound: Option<u64>,
}

impl Rates {
    /// The limit of a direction.
    pub fn of(self, direction: Direction) -> Option<u64> {
        match direction {
            Direction::Inbound => self.inbound,
            Direction::Outbound => self.outbound,
        }
    }
}

/// Time that passes before each write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// The least of it; with [`Spread::Normal`] the mean.
    pub of: Duration,
    /// How far it goes beyond.
    pub jitter: Duration,
    /// How often it goes how far.
    pub spread: Spread,
}

impl Line {
    /// Whether nothing is done to the bytes themselves.
    pub(crate) fn is_plain(&self) -> bool {
        let plain = Self {
            handshake: self.handshake,
            seed: self.seed,
            ..Self::default()
        };
        *self == plain
    }
}

/// How latencies are distributed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// Anything from `of` to `of + jitter`, all alike.
    #[default]
    Uniform,
    /// Around `of` with a standard deviation of `jitter`; never below zero.
    Normal,
    /// Mostly near `of`, now and then many times `jitter` more.
    LongTail,
}

impl Latency {
    /// Draws one.
    pub fn draw(&self, chance: &mut impl Rng) -> Duration {
        let jitter = self.jitter.as_secs_f64();
        let mut unit = || chance.random::<f64>().max(f64::MIN_POSITIVE);
        let beyond = match self.spread {
            _ if self.jitter.is_zero() => 0.0,
            Spread::Uniform => jitter * unit(),
            // Box and Muller.
            Spread::Normal => {
                let radius = (-2.0 * unit().ln()).sqrt();
                jitter * radius * (std::f64::consts::TAU * unit()).cos()
            }
            // Pareto of shape 3, bounded: one of a thousand is ten times the jitter or more.
            Spread::LongTail => jitter * (unit().powf(-1.0 / 3.0) - 1.0).min(100.0),
        };
        Duration::from_secs_f64((self.of.as_secs_f64() + beyond).max(0.0))
    }
}

/// Pieces in which bytes pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slices {
    /// Bytes in one; at least 1.
    pub size: usize,
    /// How many more or fewer at most.
    pub vary: usize,
    /// Time between two.
    pub pause: Duration,
    /// Which way; `None` = both.
    pub direction: Option<Direction>,
}

impl Slices {
    /// Draws the length of one.
    pub fn draw(&self, chance: &mut impl Rng) -> usize {
        let least = self.size.saturating_sub(self.vary).max(1);
        chance.random_range(least..=self.size.saturating_add(self.vary).max(least))
    }
}

/// A standstill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Bytes that pass before it.
    pub after: u64,
    /// How long it lasts.
    pub lasts: Duration,
    /// Which way.
    pub direction: Direction,
}

/// What happens to a connection on which nothing passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// For how long nothing has to pass.
    pub after: Duration,
    /// How it ends then.
    pub manner: Manner,
}

/// What comes of a TLS handshake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// What should.
    #[default]
    AsUsual,
    /// The archive speaks without TLS.
    Plain,
    /// The archive has only versions that the client does not: a fatal alert, protocol_version (RFC 8446 6.2).
    OldVersion,
    /// The certificate is one that nobody vouches for.
    UnknownIssuer,
    /// The same, and its time is over.
    Expired,
    /// The same, and it is for another host.
    WrongHost,
    /// The archive wants a certificate of the client, and takes none.
    ClientCertificate,
    /// The archive takes the client's hello and says nothing.
    Silent,
}
