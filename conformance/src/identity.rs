//! Who a run is: the seed, and the names that everything it leaves behind carries.

/// The identity of a run. The same seed gives the same names and the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    seed: u64,
}

impl Identity {
    /// The run with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// Another run of the same seed: names of its own, that only seed and number decide.
    pub(crate) fn again(&self, number: usize) -> Self {
        Self::new(scramble(self.seed ^ number as u64))
    }

    /// What all patient IDs of the run begin with: `CONF-2a-`.
    pub fn patient_prefix(&self) -> String {
        format!("CONF-{:x}-", self.seed)
    }

    /// What all UIDs of the run begin with: a UUID-derived root (PS3.5 B.2) made from the seed.
    pub fn uid_root(&self) -> String {
        let high = scramble(self.seed ^ 0x434F_4E46);
        let low = scramble(high);
        // Version 8 (free form) and the variant of RFC 9562.
        let high = high & !0xF000 | 0x8000;
        let low = low & !(0b11 << 62) | (0b10 << 62);
        format!("2.25.{}", (u128::from(high) << 64) | u128::from(low))
    }

    /// A stream of numbers for one purpose; the same for the same seed and purpose.
    pub fn dice(&self, purpose: &str) -> Dice {
        Dice(scramble(self.seed) ^ hash(purpose))
    }
}

/// A number that stays the same for a text, in every version of the harness (FNV-1a).
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

/// SplitMix64's finaliser: neighbouring seeds give unlike numbers.
const fn scramble(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Seeded numbers (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The next number.
    pub fn roll(&mut self) -> u64 {
        let number = scramble(self.0);
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        number
    }

    /// Puts the items into an order of its own.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, (self.roll() % (last as u64 + 1)) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_seed_alone() {
        let run = Identity::new(42);
        assert_eq!(run.patient_prefix(), "CONF-2a-");
        assert_eq!(run.uid_root(), Identity::new(42).uid_root());
        assert_ne!(run.uid_root(), Identity::new(43).uid_root());
        assert!(run.uid_root().len() <= 44, "{}", run.uid_root());
    }

    #[test]
    fn shuffling_keeps_every_item() {
        let mut items: Vec<_> = (0..20).collect();
        Identity::new(7).dice("order").shuffle(&mut items);
        assert_ne!(items, (0..20).collect::<Vec<_>>());
        items.sort();
        assert_eq!(items, (0..20).collect::<Vec<_>>());
    }
}
