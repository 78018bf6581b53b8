//! How often a rule acts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RuleId;

/// How often a rule acts, counted in matches: an instance for faults that judge, a request for faults that admit, and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Often {
    /// At every match.
    #[default]
    Always,
    /// At the first match.
    Once,
    /// At the first so many matches.
    Times(u64),
    /// From one match to another, both included; the first is 1.
    Nth {
        /// First match.
        from: u64,
        /// Last match.
        to: u64,
    },
    /// At every so-many-th match: 3 = the third, the sixth ...
    Every(u64),
    /// By chance: the same seed gives the same choice, whatever else runs at the same time.
    Seeded {
        /// Probability, 0 to 1.
        p: f64,
        /// Seed.
        #[serde(default)]
        seed: u64,
    },
}

impl Often {
    pub(crate) fn is_always(&self) -> bool {
        *self == Self::Always
    }

    /// Whether the rule acts at this match; the first is 1.
    pub(crate) fn fires(&self, matched: u64, rule: RuleId, mix: u64) -> bool {
        match *self {
            Self::Always => true,
            Self::Once => matched == 1,
            Self::Times(n) => matched <= n,
            Self::Nth { from, to } => (from..=to).contains(&matched),
            Self::Every(k) => k > 0 && matched.is_multiple_of(k),
            Self::Seeded { p, seed } => chance(seed ^ mix.rotate_left(17), rule.0, matched) < p,
        }
    }
}

/// A number in 0..1 that depends on its arguments only (SplitMix64's finaliser over their mixture).
fn chance(seed: u64, rule: u64, matched: u64) -> f64 {
    let mut x = seed ^ rule.rotate_left(32) ^ matched.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    (x >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches_that_fire(often: Often) -> Vec<u64> {
        (1..=10).filter(|n| often.fires(*n, RuleId(1), 0)).collect()
    }

    #[test]
    fn each_trigger_picks_its_matches() {
        assert_eq!(
            matches_that_fire(Often::Always),
            (1..=10).collect::<Vec<_>>()
        );
        assert_eq!(matches_that_fire(Often::Once), [1]);
        assert_eq!(matches_that_fire(Often::Times(3)), [1, 2, 3]);
        assert_eq!(matches_that_fire(Often::Nth { from: 2, to: 4 }), [2, 3, 4]);
        assert_eq!(matches_that_fire(Often::Every(4)), [4, 8]);
        assert!(matches_that_fire(Often::Every(0)).is_empty());
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed_and_about_as_likely_as_asked() {
        let often = Often::Seeded { p: 0.25, seed: 7 };
        let fired = (1..=10_000)
            .filter(|n| often.fires(*n, RuleId(1), 0))
            .count();

        assert_eq!(matches_that_fire(often), matches_that_fire(often));
        assert!((2_300..2_700).contains(&fired), "{fired}");
        assert_ne!(
            matches_that_fire(Often::Seeded { p: 0.5, seed: 1 }),
            matches_that_fire(Often::Seeded { p: 0.5, seed: 2 })
        );
    }
}
