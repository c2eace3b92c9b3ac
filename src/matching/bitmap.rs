//! A set of papers, one bit each.

/// How many blocks hold `papers` bits.
pub(super) fn blocks(papers: usize) -> usize {
    papers.div_ceil(64)
}

/// Ordinals below a length that the owner knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bitmap(Box<[u64]>);

impl Bitmap {
    /// No paper of `papers`.
    pub fn none(papers: usize) -> Bitmap {
        Bitmap(vec![0; blocks(papers)].into_boxed_slice())
    }

    /// Adds one paper.
    pub fn insert(&mut self, ordinal: u32) {
        self.0[ordinal as usize / 64] |= 1 << (ordinal % 64);
    }

    /// Adds the papers of `set`, which is as long.
    pub fn add(&mut self, set: &[u64]) {
        self.0.iter_mut().zip(set).for_each(|(block, more)| *block |= more);
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|&block| block == 0)
    }

    pub fn blocks(&self) -> &[u64] {
        &self.0
    }

    /// The ordinals, ascending.
    pub fn members(&self) -> impl Iterator<Item = u32> {
        members(&self.0)
    }
}

/// The numbers of the bits that are set, ascending.
pub(super) fn members(set: &[u64]) -> impl Iterator<Item = u32> {
    (0..).step_by(64).zip(set).flat_map(|(first, &block)| {
        let rests = std::iter::successors(Some(block), |rest| Some(rest & rest.wrapping_sub(1)));
        rests.take_while(|rest| *rest != 0).map(move |rest| first + rest.trailing_zeros())
    })
}

/// Fills `into` with every one of `papers`.
pub(super) fn fill(into: &mut [u64], papers: usize) {
    into.fill(u64::MAX);
    if let Some(last) = into.last_mut().filter(|_| !papers.is_multiple_of(64)) {
        *last = (1 << (papers % 64)) - 1;
    }
}

/// How many numbers [`list`] needs room for at most: one behind the last is written over.
pub(super) fn room(papers: usize) -> usize {
    blocks(papers) * 64 + 1
}

/// Most blocks hold no more members than this.
const AT_ONCE: usize = 2;
/// How many more are written together until a block is done.
const MORE_AT_ONCE: usize = 4;

/// Writes the ordinals in `set` to the beginning of `into`, ascending, and says how many they are.
pub(super) fn list(set: &[u64], into: &mut [u32]) -> usize {
    let mut length = 0;
    for (block, mut bits) in (0_u32..).zip(set.iter().copied()) {
        // Several at once without a branch, which would be guessed wrong at every other block: what is too much is written over.
        let mut write = |most: usize| {
            for _ in 0..most {
                into[length] = block * 64 + bits.trailing_zeros();
                length += usize::from(bits != 0);
                bits &= bits.wrapping_sub(1);
            }
            bits != 0
        };
        let mut is_more = write(AT_ONCE);
        while is_more {
            is_more = write(MORE_AT_ONCE);
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_is_listed_at_every_length() {
        for length in [0, 1, 63, 64, 65, 200] {
            let mut third = Bitmap::none(length as usize);
            assert!(third.is_empty());
            (0..length).step_by(3).for_each(|ordinal| third.insert(ordinal));
            let mut listed = vec![0; room(length as usize)];
            let count = list(third.blocks(), &mut listed);
            assert_eq!(listed[..count], (0..length).step_by(3).collect::<Vec<_>>());
            assert!(third.members().eq((0..length).step_by(3)));

            let mut all = vec![0; blocks(length as usize)];
            fill(&mut all, length as usize);
            let count = list(&all, &mut listed);
            assert_eq!(listed[..count], (0..length).collect::<Vec<_>>());
        }
    }
}
