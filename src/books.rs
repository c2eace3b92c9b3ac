//! The books: what became of every reader who was due, and why. Reads only.

mod balance;
mod explain;
mod queue;

pub use balance::{Balance, Odd, balance, odd};
pub use explain::{Explanation, PaperWhy, explain};
pub use queue::{Late, Queue, late, queue};
