//! Two things at the same time.

use std::panic::resume_unwind;
use std::thread;

/// The results of both; on `two` threads `there` is done by one of its own.
pub(super) fn both<A, B: Send>(two: bool, here: impl FnOnce() -> A, there: impl FnOnce() -> B + Send) -> (A, B) {
    if !two {
        return (here(), there());
    }
    thread::scope(|scope| {
        let there = scope.spawn(there);
        (here(), there.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}
