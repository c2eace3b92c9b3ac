//! Where the texts of a row end.

/// The breaks behind the texts of a row, a bit each. Which text a place belongs to is the number of breaks before it, which is counted
/// from the number before its block: less memory than a number for each place, so that it stays near the processor.
pub(super) struct Breaks(Box<[Block]>);

#[derive(Clone, Copy)]
struct Block {
    bits: u64,
    /// How many stand before it.
    before: u32,
}

impl Breaks {
    /// Breaks at these `places`, ascending, of a row so long.
    pub fn of(places: impl Iterator<Item = u32>, row: usize) -> Breaks {
        // An empty block behind the last spares asking whether there is a next.
        let mut blocks = vec![Block { bits: 0, before: 0 }; row.div_ceil(64) + 1].into_boxed_slice();
        places.for_each(|place| blocks[place as usize / 64].bits |= 1 << (place % 64));
        let mut before = 0;
        for block in &mut blocks {
            block.before = before;
            before += block.bits.count_ones();
        }
        Breaks(blocks)
    }

    /// How many stand before `place`.
    pub fn before(&self, place: u32) -> u32 {
        let Block { bits, before } = self.0[place as usize / 64];
        before + (bits & ((1 << (place % 64)) - 1)).count_ones()
    }

    /// Whether one stands at `from` or behind it, but before `to`, which is fewer than 64 places behind.
    pub fn is_between(&self, from: u32, to: u32) -> bool {
        let (block, bit) = (from as usize / 64, from % 64);
        // Two shifts, since one by 64 would shift nothing.
        let behind = self.0[block].bits >> bit | self.0[block + 1].bits << 1 << (63 - bit);
        behind & ((1 << (to - from)) - 1) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_are_counted_and_seen_across_blocks() {
        let places = [0_u32, 1, 62, 63, 64, 127, 130, 199];
        let breaks = Breaks::of(places.into_iter(), 200);
        for place in 0..200 {
            assert_eq!(breaks.before(place), places.iter().filter(|one| **one < place).count() as u32, "{place}");
            for to in place..200.min(place + 64) {
                assert_eq!(breaks.is_between(place, to), places.iter().any(|one| (place..to).contains(one)), "{place} {to}");
            }
        }
    }
}
