//! A mail server that keeps what it is sent: the inbox of `paperlark demo`, and the relay of the tests.
//!
//! It speaks SMTP (RFC 5321) on one loopback port, strictly, so that what it accepts a real relay accepts
//! too, and shows the mails on a second one. Guarantee: a mail stands in the [`Mailbox`] before the client
//! reads its `250`. [`Faults`] make it misbehave on purpose.

mod fault;
mod mailbox;
mod page;
mod smtp;

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use fault::{Fault, Faults, Stage};
pub use mailbox::{Caught, Mailbox};

/// SMTP connections served at once; more are told to come back, so a runaway client cannot exhaust memory.
const MAX_CONNECTIONS: usize = 256;

/// How long [`Catcher::stop`] waits for connections to say goodbye.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// The pause after a failed `accept`: out of file descriptors, say, which only time heals.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the catcher could not start.
#[derive(Debug, thiserror::Error)]
pub enum CatcherError {
    /// The mails hold secret links, and neither port asks who is there.
    #[error("{0} can be reached from other machines, and the catcher shows every mail to anyone: give it a loopback address such as 127.0.0.1:{port}", port = .0.port())]
    NotLoopback(SocketAddr),
    /// Usually another program has the port.
    #[error("cannot listen on {address} ({source}): stop what uses that port, or choose another (0 takes any free one)")]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What tells the catcher the time.
pub(crate) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A running mail catcher; dropping it, too, ends it.
#[derive(Debug)]
pub struct Catcher {
    smtp: SocketAddr,
    http: Option<SocketAddr>,
    mailbox: Mailbox,
    faults: Faults,
    tasks: TaskTracker,
    stopping: DropGuard,
}

impl Catcher {
    /// Listens for mail on `smtp` and, if wanted, shows the inbox on `http`; port 0 takes a free one.
    ///
    /// `now` stamps each mail's arrival.
    ///
    /// # Errors
    /// [`CatcherError`] where an address is not loopback or is taken.
    pub async fn start(
        smtp: SocketAddr,
        http: Option<SocketAddr>,
        now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static,
    ) -> Result<Self, CatcherError> {
        let (smtp_listener, smtp) = listen(smtp).await?;
        let inbox = match http {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let (mailbox, faults) = (Mailbox::default(), Faults::default());
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let server = smtp::Server { mailbox: mailbox.clone(), faults: faults.clone(), now: Arc::new(now) };
        tasks.spawn(accept(smtp_listener, server, tasks.clone(), stop.clone()));
        let http = inbox.map(|(listener, address)| {
            tasks.spawn(show(listener, mailbox.clone(), stop.clone()));
            address
        });
        Ok(Self { smtp, http, mailbox, faults, tasks, stopping: stop.drop_guard() })
    }

    /// Where mail is taken.
    pub fn smtp_address(&self) -> SocketAddr {
        self.smtp
    }

    /// The address to open in a browser, if there is an inbox page.
    pub fn inbox_url(&self) -> Option<String> {
        self.http.map(|address| format!("http://{address}/"))
    }

    /// The mails received so far; clones share them.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// What the server shall do wrong from now on; clones share it.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Closes both ports, tells connected clients `421`, and waits briefly for them to go.
    pub async fn stop(self) {
        self.tasks.close();
        drop(self.stopping);
        // A client that never reads its goodbye must not hold up the shutdown: leaving it is the right end.
        let _ = tokio::time::timeout(STOP_GRACE, self.tasks.wait()).await;
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), CatcherError> {
    if !address.ip().is_loopback() {
        return Err(CatcherError::NotLoopback(address));
    }
    let bind_error = |source| CatcherError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind_error)?;
    let bound = listener.local_addr().map_err(bind_error)?;
    Ok((listener, bound))
}

async fn accept(listener: TcpListener, server: smtp::Server, tasks: TaskTracker, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let stream: TcpStream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the mail catcher could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
        };
        let (server, stop, place) = (server.clone(), stop.clone(), places.clone().try_acquire_owned().ok());
        tasks.spawn(async move {
            let outcome = match place {
                Some(_held) => smtp::serve(stream, server, stop).await,
                None => smtp::turn_away(stream).await,
            };
            if let Err(error) = outcome {
                tracing::debug!(%error, "a client left the mail catcher in mid-conversation");
            }
        });
    }
}

async fn show(listener: TcpListener, mailbox: Mailbox, stop: CancellationToken) {
    let serve = axum::serve(listener, page::routes(mailbox)).with_graceful_shutdown(stop.clone().cancelled_owned());
    let deadline = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_GRACE).await;
    };
    tokio::select! {
        served = serve => if let Err(error) = served {
            tracing::warn!(%error, "the inbox page ended");
        },
        () = deadline => {}
    }
}
