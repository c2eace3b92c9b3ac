//! The relays that take the mails of one batch: not resting, quota left. Which of them gets a mail, and what trouble
//! with one means for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::policy;
use super::quota::{self, Share};
use crate::App;
use crate::smtp::Relay;

/// The open ways for one batch.
pub(super) struct Routes {
    app: App,
    open: Vec<Route>,
}

/// One of them.
pub(super) struct Route {
    pub(super) relay: Arc<Relay>,
    share: Option<Share>,
    /// Mails it may still have.
    left: AtomicI32,
    accepted: AtomicUsize,
    closed: AtomicBool,
}

impl Routes {
    /// Those that are open at `now`, each for at most `wanted` mails.
    pub(super) async fn open(app: &App, now: DateTime<Utc>, wanted: i32) -> sqlx::Result<Self> {
        let resting = policy::paused(&app.db, now).await?;
        let mut open = Vec::new();
        for relay in app.relays.all().iter().filter(|relay| !resting.iter().any(|name| name == relay.name())) {
            let share = match i32::try_from(relay.settings().daily_quota) {
                Ok(0) | Err(_) => None,
                Ok(quota) => Some(quota::take(&app.db, now, relay.name(), quota, wanted).await?),
            };
            let left = share.map_or(wanted, |share| share.mails);
            open.push(Route { relay: relay.clone(), share, left: left.into(), accepted: 0.into(), closed: false.into() });
        }
        Ok(Self { app: app.clone(), open })
    }

    /// How many mails they will take.
    pub(super) fn room(&self) -> i32 {
        self.open.iter().map(|route| route.left.load(Ordering::Relaxed)).fold(0, i32::saturating_add)
    }

    /// How many mails should be under way at once.
    pub(super) fn width(&self) -> usize {
        self.open.iter().map(|route| route.relay.width()).sum::<usize>().max(1)
    }

    /// The way for a mail that was tried `attempts` times: by the relays' weights, another each time.
    pub(super) fn choose(&self, mail: Uuid, attempts: i32) -> Option<&Route> {
        let usable = || self.open.iter().filter(|route| !route.closed.load(Ordering::Relaxed) && route.left.load(Ordering::Relaxed) > 0);
        let weight = |route: &Route| u128::from(route.relay.settings().weight);
        let total: u128 = usable().map(weight).sum();
        let mut place = mail.as_u128().wrapping_add(u128::from(attempts.unsigned_abs())).checked_rem(total)?;
        let chosen = usable().find(|route| match place.checked_sub(weight(route)) {
            Some(rest) => {
                place = rest;
                false
            }
            None => true,
        })?;
        // Somebody else may have taken the last place meanwhile.
        let taken = chosen.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| (left > 0).then(|| left - 1));
        if taken.is_ok() { Some(chosen) } else { self.choose(mail, attempts) }
    }

    /// Closes a way for the rest of the batch, and for all workers for a while.
    pub(super) async fn close(&self, route: &Route, problem: &str) -> sqlx::Result<()> {
        match route.closed.swap(true, Ordering::Relaxed) {
            true => Ok(()),
            false => policy::pause(&self.app, route.relay.name(), problem).await,
        }
    }

    /// After the batch: a way that worked has no past, and quota that was not used is given back.
    pub(super) async fn settle(&self) -> sqlx::Result<()> {
        for route in &self.open {
            let accepted = route.accepted.load(Ordering::Relaxed);
            if accepted > 0 && !route.closed.load(Ordering::Relaxed) {
                policy::clear(&self.app.db, self.app.clock.now(), route.relay.name()).await?;
            }
            if let Some(share) = route.share {
                let unused = share.mails - i32::try_from(accepted).unwrap_or(i32::MAX).min(share.mails);
                if unused > 0 {
                    quota::give_back(&self.app.db, route.relay.name(), share, unused).await?;
                }
            }
        }
        Ok(())
    }
}

impl Route {
    /// It took a mail.
    pub(super) fn accepted(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }
}
