//! What can be made to go wrong, while the server runs.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Tells whether a fault concerns this recipient's address.
type Matches = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The point of a conversation at which a [`Fault::Reply`] strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// On connecting, in place of `220`.
    Greeting,
    /// After name and password.
    Login,
    /// At MAIL.
    Mail,
    /// At DATA.
    Data,
    /// At the final dot; the mail is not kept.
    Message,
}

/// One way to misbehave. Replies are whole lines without their end, such as `450 4.2.1 Mailbox busy`;
/// one that starts with `421` also closes the connection (RFC 5321 § 3.8).
#[derive(Clone)]
pub enum Fault {
    /// Gives this reply at this stage; see [`Fault::reply`].
    Reply {
        /// When.
        stage: Stage,
        /// What the client is told.
        reply: String,
    },
    /// Answers RCPT with this reply where the address matches; see [`Fault::recipient`].
    Recipient {
        /// Which addresses.
        matches: Matches,
        /// What the client is told.
        reply: String,
    },
    /// Keeps the mail, then waits this long before its `250`.
    Delay(Duration),
    /// Closes the connection instead of answering the final dot.
    Drop {
        /// Whether the mail is kept all the same: the case a sender cannot tell from the other.
        stored: bool,
    },
    /// Refuses MAIL before login with `530`, and any pair but this one with `535` (RFC 4954). Without this
    /// fault login is optional and every pair is welcome.
    RequireLogin {
        /// The right name.
        user: String,
        /// The right password.
        password: String,
    },
}

impl Fault {
    /// Gives `reply` at `stage`.
    pub fn reply(stage: Stage, reply: impl Into<String>) -> Self {
        Self::Reply { stage, reply: reply.into() }
    }

    /// Answers RCPT of exactly this address with `reply`.
    pub fn recipient(address: impl Into<String>, reply: impl Into<String>) -> Self {
        let address = address.into();
        Self::recipients(move |given| given == address, reply)
    }

    /// Answers RCPT of every address for which `matches` holds with `reply`.
    pub fn recipients(matches: impl Fn(&str) -> bool + Send + Sync + 'static, reply: impl Into<String>) -> Self {
        Self::Recipient { matches: Arc::new(matches), reply: reply.into() }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply { stage, reply } => write!(f, "Reply({stage:?}, {reply:?})"),
            Self::Recipient { reply, .. } => write!(f, "Recipient({reply:?})"),
            Self::Delay(time) => write!(f, "Delay({time:?})"),
            Self::Drop { stored } => write!(f, "Drop {{ stored: {stored} }}"),
            Self::RequireLogin { user, .. } => write!(f, "RequireLogin({user:?})"),
        }
    }
}

/// The faults in force; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Armed>>>);

#[derive(Debug)]
struct Armed {
    fault: Fault,
    once: bool,
}

impl Faults {
    /// Puts `fault` in force until [`Faults::clear`].
    pub fn add(&self, fault: Fault) {
        self.lock().push(Armed { fault, once: false });
    }

    /// Puts `fault` in force for the first occasion only; the server is well again afterwards.
    pub fn once(&self, fault: Fault) {
        self.lock().push(Armed { fault, once: true });
    }

    /// Ends all faults.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// What the first fault that concerns this occasion says, by `pick`.
    pub(super) fn find<T>(&self, pick: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        let mut armed = self.lock();
        let (index, found) = armed.iter().enumerate().find_map(|(index, armed)| Some((index, pick(&armed.fault)?)))?;
        if armed[index].once {
            armed.remove(index);
        }
        Some(found)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Armed>> {
        // Every change is a single push, remove or clear, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
