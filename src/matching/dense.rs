//! Places of frequent words, a bit each: beyond some number of places, going through all of the row 64 places at a time is the quicker
//! way to find where words stand together.

use super::bitmap;

/// Words with one place in so many or more are frequent.
const FREQUENT: usize = 256;

/// The most words that [`each_sequence`] can hold side by side.
pub(super) const MAX_WORDS: usize = 64;

/// Whether going through the row is quicker than going through so many places.
pub(super) fn is_frequent(places: usize, row: usize) -> bool {
    places * FREQUENT >= row
}

/// A set of places of a row.
pub(super) struct Dense(Box<[u64]>);

impl Dense {
    /// These `places` of a row so long.
    pub fn of(places: impl Iterator<Item = u32>, row: usize) -> Dense {
        // An empty block behind the last spares asking whether there is a next.
        let mut bits = vec![0; row.div_ceil(64) + 1].into_boxed_slice();
        places.for_each(|place| bits[place as usize / 64] |= 1 << (place % 64));
        Dense(bits)
    }

    /// The places, ascending; `most` is as many as there may be.
    pub fn list(&self, most: usize) -> Vec<u32> {
        let mut places = vec![0; most + 1];
        let count = bitmap::list(&self.0, &mut places);
        places.truncate(count);
        places
    }

    /// Of the places in `firsts`, whose first block is that with the number `from`, keeps those that have one of ours so many places
    /// behind them, fewer than 64.
    fn keep_before(&self, firsts: &mut [u64], from: usize, distance: u32) {
        let here = &self.0[from..from + firsts.len()];
        let next = &self.0[from + 1..from + 1 + firsts.len()];
        for ((bits, here), next) in firsts.iter_mut().zip(here).zip(next) {
            // Two shifts, since one by 64 would shift nothing.
            *bits &= here >> distance | next << 1 << (63 - distance);
        }
    }
}

/// How many blocks are looked at together: so few that they stay in the processor's nearest memory.
const TOGETHER: usize = 128;

/// Hands on each place of the first of `words` that has the others behind it, one for one; ascending. They are of one row.
pub(super) fn each_sequence(words: &[&Dense], mut take: impl FnMut(u32)) {
    let Some((first, others)) = words.split_first() else { return };
    let mut room = [0; TOGETHER];
    let blocks = first.0.len() - 1;
    for from in (0..blocks).step_by(TOGETHER) {
        let firsts = &mut room[..TOGETHER.min(blocks - from)];
        firsts.copy_from_slice(&first.0[from..from + firsts.len()]);
        (1..).zip(others).for_each(|(distance, other)| other.keep_before(firsts, from, distance));
        bitmap::members(firsts).for_each(|place| take(from as u32 * 64 + place));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_before_others_are_kept() {
        let row = 200;
        let first = Dense::of([0, 1, 62, 63, 64, 126, 199].into_iter(), row);
        let second = Dense::of([1, 3, 64, 65, 127, 190].into_iter(), row);
        let kept = |distance| {
            let mut kept = first.0[..first.0.len() - 1].to_vec();
            second.keep_before(&mut kept, 0, distance);
            bitmap::members(&kept).collect::<Vec<_>>()
        };
        assert_eq!(kept(0), [1, 64]);
        assert_eq!(kept(1), [0, 63, 64, 126]);
        assert_eq!(kept(2), [1, 62, 63]);
        assert_eq!(kept(63), [1, 64]);
    }

    #[test]
    fn sequences_are_found_across_blocks_looked_at_together() {
        let edge = TOGETHER as u32 * 64;
        let row = edge as usize * 2 + 100;
        let starts = [0, 63, edge - 2, edge - 1, edge, 2 * edge + 97];
        let word = |distance: u32| Dense::of(starts.map(|start| start + distance).into_iter(), row);
        let words = [word(0), word(1), word(2)];
        let mut found = Vec::new();
        each_sequence(&[&words[0], &words[1], &words[2]], |place| found.push(place));
        assert_eq!(found, starts);
    }
}
