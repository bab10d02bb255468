//! Keeping the router as it should be: observe, plan, apply, repeat. What it should be is the core's to say; this folder never decides
//! about tickets and remembers nothing of them.

pub mod apply;
mod backoff;
mod changes;
pub mod desired;
mod keep;
pub mod observe;
pub mod observed;
pub mod plan;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;

use thiserror::Error;
use tokio::sync::{Notify, mpsc, watch};

use crate::routeros::client::{Client, Error};
use apply::Applied;
use desired::Desired;
use observed::{Host, Observed};

pub use backoff::Backoff;
pub use keep::run;

/// Events the loop may be ahead of the core.
const EVENTS: usize = 16;

/// What the loop has to tell.
#[derive(Clone, Debug)]
pub enum Event {
    /// The router has just been looked at. The core answers with a [`Desired`] that bears this look's number.
    Observed(Arc<Observed>),
    /// Actions were carried out, or not. Another look follows.
    Applied(Vec<Applied>),
    /// The router has restarted since the last look: sessions are gone, and perhaps what they had counted.
    Rebooted {
        /// Seconds since it started.
        uptime_secs: u64,
    },
    /// The router cannot be reached. Told once for each reason until it is back; a look tells that it is.
    RouterLost {
        /// Why.
        why: Error,
    },
}

/// The agent's end: says what it wants and asks for looks.
#[derive(Clone, Debug)]
pub struct Handle {
    desired: watch::Sender<Arc<Desired>>,
    wake: Arc<Notify>,
    router: watch::Receiver<Option<Client>>,
}

/// The loop's end.
#[derive(Debug)]
pub struct Seat {
    desired: watch::Receiver<Arc<Desired>>,
    wake: Arc<Notify>,
    router: watch::Sender<Option<Client>>,
    events: mpsc::Sender<Event>,
}

/// Makes both ends and the queue of events between them. Nothing is desired at first.
#[must_use]
pub fn channel() -> (Handle, Seat, mpsc::Receiver<Event>) {
    let (desired, wanted) = watch::channel(Arc::new(Desired::nothing()));
    let (router, routers) = watch::channel(None);
    let (events, told) = mpsc::channel(EVENTS);
    let wake = Arc::new(Notify::new());
    let handle = Handle {
        desired,
        wake: Arc::clone(&wake),
        router: routers,
    };
    (
        handle,
        Seat {
            desired: wanted,
            wake,
            router,
            events,
        },
        told,
    )
}

/// Says why a device could not be looked up.
#[derive(Clone, Debug, Error)]
pub enum LookupError {
    /// There is no connection to the router now.
    #[error("there is no connection to the router")]
    NoRouter,
    /// The router did not answer.
    #[error("the router did not say who is at this address")]
    Router(#[source] Error),
}

impl Handle {
    /// Says what the router should have from now on. The loop acts at once where that differs from its last look.
    pub fn want(&self, desired: Desired) {
        self.desired.send_replace(Arc::new(desired));
    }

    /// Asks for a look now instead of at the next poll.
    pub fn look_now(&self) {
        self.wake.notify_one();
    }

    /// Asks the router who is at an address, past all that was seen before: for a phone that has only just come.
    ///
    /// # Errors
    /// When the router cannot be asked; a device it does not know is `None`.
    pub async fn host_at(&self, peer: IpAddr) -> Result<Option<Host>, LookupError> {
        let client = self.router.borrow().clone().ok_or(LookupError::NoRouter)?;
        observe::host_at(&client, peer)
            .await
            .map_err(LookupError::Router)
    }
}
