//! A paper becomes mail: fetch, compose, deliver. Each is a step of (database, now).

pub mod compose;
pub mod deliver;
pub mod fetch;
pub mod watch;
