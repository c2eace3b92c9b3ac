//! Numbers in groups.

use std::ops::Range;

/// Numbers in groups, one list after the other.
#[derive(Default)]
pub(super) struct Grouped {
    starts: Vec<u32>,
    members: Vec<u32>,
}

impl Grouped {
    /// The `(member, group)` pairs by group, in their order.
    pub fn of(groups: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Grouped {
        let mut starts = vec![0; groups + 1];
        pairs.clone().for_each(|(_, group)| starts[group as usize + 1] += 1);
        for group in 0..groups {
            starts[group + 1] += starts[group];
        }
        let mut next = starts.clone();
        let mut members = vec![0; starts[groups] as usize];
        for (member, group) in pairs {
            let free = &mut next[group as usize];
            members[*free as usize] = member;
            *free += 1;
        }
        Grouped { starts, members }
    }

    /// The members of the groups `from` up to `to`.
    pub fn members(&self, from: u32, to: u32) -> &[u32] {
        &self.members[self.span(from, to)]
    }

    /// Where these stand in the list of all members.
    pub fn span(&self, from: u32, to: u32) -> Range<usize> {
        self.starts[from as usize] as usize..self.starts[to as usize] as usize
    }

    /// The members that stand there.
    pub fn at(&self, span: Range<usize>) -> &[u32] {
        &self.members[span]
    }
}
