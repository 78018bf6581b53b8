//! What a rule remembers, for faults that go by more than the case in hand.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// So many names are remembered; the one that was seen longest ago goes first.
const NAMES: usize = 4096;

/// What one rule has seen so far. Empty when the rule comes into force.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// How full the bucket is, and since when.
    bucket: Option<(f64, Instant)>,
    total: u64,
    names: BTreeMap<u64, Seen>,
}

/// What was seen under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// How often, this time included.
    pub times: u64,
    /// How long ago it was seen first.
    pub age: Duration,
    first: Instant,
}

impl Meter {
    /// Puts one into a bucket that leaks `rate` a second and holds `burst`; whether there is no room for it.
    pub fn overflows(&mut self, rate: f64, burst: f64) -> bool {
        let now = Instant::now();
        let (level, since) = self.bucket.unwrap_or((0.0, now));
        let leaked = now.saturating_duration_since(since).as_secs_f64() * rate.max(0.0);
        let level = (level - leaked).max(0.0);
        let is_full = level + 1.0 > burst;
        self.bucket = Some((if is_full { level } else { level + 1.0 }, now));
        is_full
    }

    /// Adds to a sum; what it is then.
    pub fn add(&mut self, amount: u64) -> u64 {
        self.total = self.total.saturating_add(amount);
        self.total
    }

    /// What the sum is.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Notes that a name was seen; what is known of it then.
    pub fn see(&mut self, name: u64) -> Seen {
        let now = Instant::now();
        if self.names.len() >= NAMES && !self.names.contains_key(&name) {
            let oldest = self.names.iter().min_by_key(|(_, seen)| seen.first);
            let oldest = oldest.map(|(name, _)| *name);
            oldest.and_then(|name| self.names.remove(&name));
        }
        let seen = self.names.entry(name).or_insert(Seen {
            times: 0,
            age: Duration::ZERO,
            first: now,
        });
        seen.times += 1;
        seen.age = now.saturating_duration_since(seen.first);
        *seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_takes_a_burst_and_then_as_much_as_leaks() {
        let mut meter = Meter::default();
        let full = |meter: &mut Meter| meter.overflows(2.0, 3.0);

        assert_eq!(
            [0; 5].map(|_| full(&mut meter)),
            [false, false, false, true, true]
        );
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([0; 3].map(|_| full(&mut meter)), [false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn names_have_an_age_and_a_number_and_do_not_pile_up() {
        let mut meter = Meter::default();
        meter.see(1);
        tokio::time::advance(Duration::from_secs(5)).await;
        let seen = meter.see(1);
        assert_eq!((seen.times, seen.age), (2, Duration::from_secs(5)));

        for name in 2..10_000 {
            let _ = meter.see(name);
        }
        assert_eq!(meter.names.len(), NAMES);
        assert_eq!(meter.see(1).times, 1, "the first was forgotten");
    }
}
