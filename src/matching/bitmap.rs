//! A set of papers, one bit each.

/// Ordinals below a fixed length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bitmap {
    length: usize,
    blocks: Vec<u64>,
}

impl Bitmap {
    /// No paper of `length`.
    pub fn none(length: usize) -> Bitmap {
        Bitmap { length, blocks: vec![0; length.div_ceil(64)] }
    }

    /// The given papers of `length`.
    pub fn of(length: usize, ordinals: impl IntoIterator<Item = u32>) -> Bitmap {
        let mut bitmap = Bitmap::none(length);
        for ordinal in ordinals {
            bitmap.blocks[ordinal as usize / 64] |= 1 << (ordinal % 64);
        }
        bitmap
    }

    /// Keeps what `other` holds too.
    pub fn intersect(&mut self, other: &Bitmap) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(mine, theirs)| *mine &= theirs);
    }

    /// Adds what `other` holds.
    pub fn unite(&mut self, other: &Bitmap) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Removes what `other` holds.
    pub fn subtract(&mut self, other: &Bitmap) {
        self.blocks.iter_mut().zip(&other.blocks).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// Every paper that is not in it.
    pub fn complement(&self) -> Bitmap {
        let mut all = Bitmap { length: self.length, blocks: vec![u64::MAX; self.blocks.len()] };
        if let Some(last) = all.blocks.last_mut().filter(|_| !self.length.is_multiple_of(64)) {
            *last = (1 << (self.length % 64)) - 1;
        }
        all.subtract(self);
        all
    }

    /// The ordinals, ascending.
    pub fn ordinals(&self) -> Vec<u32> {
        let mut ordinals = Vec::new();
        for (block, mut bits) in (0_u32..).zip(self.blocks.iter().copied()) {
            while bits != 0 {
                ordinals.push(block * 64 + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        ordinals
    }

    /// Its size in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.blocks.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_combine_at_every_length() {
        for length in [0, 1, 63, 64, 65, 200] {
            let third = |keep: u32| (0..length as u32).filter(move |n| n % 3 == keep);
            let mut some = Bitmap::of(length, third(0));
            assert_eq!(some.ordinals(), third(0).collect::<Vec<_>>());
            assert_eq!(some.complement().ordinals(), (0..length as u32).filter(|n| n % 3 != 0).collect::<Vec<_>>());
            some.unite(&Bitmap::of(length, third(1)));
            some.intersect(&Bitmap::of(length, third(1)));
            assert_eq!(some, Bitmap::of(length, third(1)));
            some.subtract(&Bitmap::of(length, third(1)));
            assert_eq!(some, Bitmap::none(length));
        }
    }
}
