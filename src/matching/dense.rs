//! Places of frequent words, a bit each: beyond some number of places, going through all of the row 64 places at a time is the quicker
//! way to find where words stand together.

/// Words with one place in so many or more are frequent.
const FREQUENT: usize = 64;

/// The most words that [`Dense::keep_before`] can hold side by side.
pub(super) const MAX_WORDS: usize = 64;

/// Whether going through the row is quicker than going through so many places.
pub(super) fn is_frequent(places: usize, row: usize) -> bool {
    places * FREQUENT >= row
}

/// A set of places of a row.
#[derive(Debug, Clone)]
pub(super) struct Dense(Box<[u64]>);

impl Dense {
    /// These `places` of a row so long.
    pub fn of<'a>(places: impl Iterator<Item = &'a u32>, row: usize) -> Dense {
        let mut bits = vec![0; row.div_ceil(64)].into_boxed_slice();
        places.for_each(|&place| bits[place as usize / 64] |= 1 << (place % 64));
        Dense(bits)
    }

    /// Keeps the places that have one of `other` so many places behind them, fewer than 64.
    pub fn keep_before(&mut self, other: &Dense, distance: u32) {
        let Dense(others) = other;
        for (at, bits) in self.0.iter_mut().enumerate() {
            let next = others.get(at + 1).copied().unwrap_or(0);
            // Two shifts, since one by 64 would shift nothing.
            *bits &= others[at] >> distance | next << 1 << (63 - distance);
        }
    }

    /// The places, ascending.
    pub fn places(&self) -> impl Iterator<Item = u32> {
        super::bitmap::members(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_before_others_are_kept() {
        let row = 200;
        let first = Dense::of([0, 1, 62, 63, 64, 126, 199].iter(), row);
        let second = Dense::of([1, 3, 64, 65, 127, 190].iter(), row);
        let kept = |distance| {
            let mut kept = first.clone();
            kept.keep_before(&second, distance);
            kept.places().collect::<Vec<_>>()
        };
        assert_eq!(kept(0), [1, 64]);
        assert_eq!(kept(1), [0, 63, 64, 126]);
        assert_eq!(kept(2), [1, 62, 63]);
        assert_eq!(kept(63), [1, 64]);
    }
}
