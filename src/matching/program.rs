//! A filter as a small program over numbered atoms.

use crate::filter::syntax::{Atom, Expression};

use super::bitmap;

/// One step. Each works on the uppermost set of papers of a stack; a program begins with one empty set and ends with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Adds, keeps only, or removes the papers of an atom.
    Or(u32),
    And(u32),
    AndNot(u32),
    /// Takes all papers.
    Fill,
    /// Puts an empty set on top.
    Push,
    /// Takes the uppermost set off, and adds, keeps only, or removes its papers.
    PopOr,
    PopAnd,
    PopAndNot,
}

/// Appends the steps of `expression`, for an empty set on top. `number` numbers its atoms.
pub(super) fn translate(expression: &Expression, number: &mut impl FnMut(&Atom) -> u32, steps: &mut Vec<Step>) {
    match expression {
        Expression::Atom(atom) => steps.push(Step::Or(number(atom))),
        Expression::Not(inner) => {
            steps.push(Step::Fill);
            combine(inner, number, steps, Step::AndNot, Step::PopAndNot);
        }
        Expression::Or(parts) => parts.iter().for_each(|part| combine(part, number, steps, Step::Or, Step::PopOr)),
        Expression::And(parts) => {
            // What is left out comes last, so that it need not be complemented.
            let (left_out, wanted): (Vec<_>, Vec<_>) = parts.iter().partition(|part| matches!(part, Expression::Not(_)));
            match wanted.split_first() {
                Some((first, rest)) => {
                    translate(first, number, steps);
                    rest.iter().for_each(|part| combine(part, number, steps, Step::And, Step::PopAnd));
                }
                None => steps.push(Step::Fill),
            }
            for part in left_out {
                let Expression::Not(inner) = part else { continue };
                combine(inner, number, steps, Step::AndNot, Step::PopAndNot);
            }
        }
    }
}

fn combine(part: &Expression, number: &mut impl FnMut(&Atom) -> u32, steps: &mut Vec<Step>, with_atom: fn(u32) -> Step, with_set: Step) {
    match part {
        Expression::Atom(atom) => steps.push(with_atom(number(atom))),
        other => {
            steps.push(Step::Push);
            translate(other, number, steps);
            steps.push(with_set);
        }
    }
}

/// The sets a program works on, kept for the next one.
#[derive(Default)]
pub(super) struct Stack {
    sets: Vec<Set>,
    height: usize,
}

/// A set of papers; its blocks mean nothing while it is empty.
#[derive(Default)]
struct Set {
    is_empty: bool,
    blocks: Vec<u64>,
}

impl Stack {
    /// Puts an empty set of `papers` on top.
    pub fn push(&mut self, papers: usize) {
        if self.height == self.sets.len() {
            self.sets.push(Set::default());
        }
        let set = &mut self.sets[self.height];
        set.is_empty = true;
        set.blocks.resize(bitmap::blocks(papers), 0);
        self.height += 1;
    }

    /// The papers of the only set; none if it is empty. The stack is empty then.
    pub fn take(&mut self) -> &[u64] {
        self.height = 0;
        match self.sets.first() {
            Some(set) if !set.is_empty => &set.blocks,
            _ => &[],
        }
    }

    fn top(&mut self) -> &mut Set {
        &mut self.sets[self.height - 1]
    }

    pub fn fill(&mut self, papers: usize) {
        let top = self.top();
        top.is_empty = papers == 0;
        bitmap::fill(&mut top.blocks, papers);
    }

    pub fn or(&mut self, papers: Option<&[u64]>) {
        self.top().or(papers);
    }

    pub fn and(&mut self, papers: Option<&[u64]>) {
        self.top().and(papers);
    }

    pub fn and_not(&mut self, papers: Option<&[u64]>) {
        self.top().and_not(papers);
    }

    /// Takes the uppermost set off and does `with` it to the one below.
    pub fn pop(&mut self, with: Step) {
        self.height -= 1;
        let (below, above) = self.sets.split_at_mut(self.height);
        let papers = (!above[0].is_empty).then_some(above[0].blocks.as_slice());
        let set = &mut below[self.height - 1];
        match with {
            Step::PopAnd => set.and(papers),
            Step::PopAndNot => set.and_not(papers),
            _ => set.or(papers),
        }
    }
}

impl Set {
    fn or(&mut self, papers: Option<&[u64]>) {
        let Some(papers) = papers else { return };
        if self.is_empty {
            self.blocks.copy_from_slice(papers);
            self.is_empty = false;
        } else {
            self.blocks.iter_mut().zip(papers).for_each(|(mine, theirs)| *mine |= theirs);
        }
    }

    fn and(&mut self, papers: Option<&[u64]>) {
        match papers {
            Some(papers) if !self.is_empty => self.blocks.iter_mut().zip(papers).for_each(|(mine, theirs)| *mine &= theirs),
            _ => self.is_empty = true,
        }
    }

    fn and_not(&mut self, papers: Option<&[u64]>) {
        if let Some(papers) = papers.filter(|_| !self.is_empty) {
            self.blocks.iter_mut().zip(papers).for_each(|(mine, theirs)| *mine &= !theirs);
        }
    }
}

/// Whether the program takes a paper that has those atoms whose bits are set.
#[cfg(test)]
pub(super) fn takes(steps: &[Step], atoms: u32) -> bool {
    let has = |atom: u32| atoms & 1 << atom != 0;
    let (mut below, mut top) = (Vec::new(), false);
    for step in steps {
        match *step {
            Step::Or(atom) => top |= has(atom),
            Step::And(atom) => top &= has(atom),
            Step::AndNot(atom) => top &= !has(atom),
            Step::Fill => top = true,
            Step::Push => below.push(std::mem::take(&mut top)),
            Step::PopOr => top |= below.pop().unwrap(),
            Step::PopAnd => top &= below.pop().unwrap(),
            Step::PopAndNot => top = below.pop().unwrap() & !top,
        }
    }
    assert!(below.is_empty());
    top
}
