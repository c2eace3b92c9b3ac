//! What comes back: mails to the addresses that our own mails carry, and reports of mail providers.
//!
//! A bounce, a complaint or a wish to unsubscribe is acted on before it is acknowledged, so that a sender who got no
//! answer may send it again; again changes nothing. Only what carries a valid signature of ours counts.

mod hook;
mod listener;
mod receive;

pub use hook::{Hooks, Refusal};
pub use listener::{Listener, ListenerError};
pub use receive::{Inbound, Taken, recipients, take};
