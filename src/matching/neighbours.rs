//! Which words stand next to each other anywhere.

/// Bits for each pair; with so many, one pair in sixteen that never met seems to have.
const BITS_A_PAIR: usize = 16;

/// A set of pairs of stems that forgets none and may hold some more (a Bloom filter with one hash). It spares looking for phrases
/// whose words never meet, which most phrases are on most days.
pub(super) struct Neighbours {
    bits: Box<[u64]>,
    shift: u32,
}

impl Neighbours {
    /// No pair, with room for `pairs`.
    pub fn with_room(pairs: usize) -> Neighbours {
        let bits = (pairs * BITS_A_PAIR).max(64).next_power_of_two();
        Neighbours { bits: vec![0; bits / 64].into(), shift: 64 - bits.ilog2() }
    }

    pub fn insert(&mut self, first: u32, second: u32) {
        let bit = self.bit(first, second);
        self.bits[bit / 64] |= 1 << (bit % 64);
    }

    /// Whether `second` may stand right behind `first` somewhere.
    pub fn may_meet(&self, first: u32, second: u32) -> bool {
        let bit = self.bit(first, second);
        self.bits[bit / 64] & 1 << (bit % 64) != 0
    }

    fn bit(&self, first: u32, second: u32) -> usize {
        // The upper bits of a product with an odd number near 2^64 divided by the golden ratio are well spread (Knuth, TAOCP 6.4).
        ((u64::from(first) << 32 | u64::from(second)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pair_is_forgotten_and_few_are_made_up() {
        let mut neighbours = Neighbours::with_room(1_000);
        (0..1_000).for_each(|word| neighbours.insert(word, word / 3));
        assert!((0..1_000).all(|word| neighbours.may_meet(word, word / 3)));
        let made_up = (0..1_000).filter(|&word| neighbours.may_meet(word, word + 7)).count();
        assert!(made_up < 150, "{made_up}");
    }
}
