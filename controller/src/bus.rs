//! Hints between links, requests and replicas: something about a site, an agent or a payment changed.
//!
//! A hint carries no data and may be lost; whoever hears one reads the row, and whoever missed some reads all it cares
//! for. Nothing waits on a hint being heard.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use mnara_protocol::ids::{AgentId, PaymentId, SiteId};
use sqlx::PgConnection;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::app::App;

/// Hints kept for a slow listener before it is told that it missed some.
const KEPT: usize = 4096;
/// The channel of the notification.
const CHANNEL: &str = "mnara_hints";

/// What changed.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Hint {
    /// The feed of a site has new rows.
    Site(SiteId),
    /// An agent was revoked, another device took its link, or commands wait for it.
    Agent(AgentId),
    /// A payment moved.
    Payment(PaymentId),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(id) => id.fmt(f),
            Self::Agent(id) => id.fmt(f),
            Self::Payment(id) => id.fmt(f),
        }
    }
}

impl FromStr for Hint {
    type Err = mnara_protocol::ids::BadId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('_').map(|(prefix, _)| prefix) {
            Some(AgentId::PREFIX) => text.parse().map(Self::Agent),
            Some(PaymentId::PREFIX) => text.parse().map(Self::Payment),
            _ => text.parse().map(Self::Site),
        }
    }
}

/// What a listener hears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Heard {
    /// One hint.
    Hint(Hint),
    /// Some were missed, or may have been: everything is worth a look.
    Missed,
}

/// The hints of this process, cheap to clone.
#[derive(Clone, Debug)]
pub struct Bus(broadcast::Sender<Heard>);

/// One listener's end.
#[derive(Debug)]
pub struct Hints(broadcast::Receiver<Heard>);

impl Default for Bus {
    fn default() -> Self {
        Self(broadcast::Sender::new(KEPT))
    }
}

impl Bus {
    /// Tells this process; to be called after the commit.
    pub fn hint(&self, hint: Hint) {
        self.tell(Heard::Hint(hint));
    }

    /// Hears everything from now on.
    #[must_use]
    pub fn listen(&self) -> Hints {
        Hints(self.0.subscribe())
    }

    fn tell(&self, heard: Heard) {
        // Nobody listening is no fault.
        drop(self.0.send(heard));
    }
}

impl Hints {
    /// Waits for the next hint.
    pub async fn next(&mut self) -> Heard {
        match self.0.recv().await {
            Ok(heard) => heard,
            Err(broadcast::error::RecvError::Lagged(_)) => Heard::Missed,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Tells all replicas when the caller's transaction commits.
///
/// # Errors
/// When the statement fails.
pub async fn notify(conn: &mut PgConnection, hint: Hint) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, hint.to_string())
        .execute(conn)
        .await
        .map(drop)
}

/// Passes on what other replicas notify, until shutdown.
pub async fn relay(app: App, shutdown: CancellationToken) {
    loop {
        let relayed = async {
            let mut listener = app.db.listener().await?;
            listener.listen(CHANNEL).await?;
            // What happened before we listened was not heard.
            app.bus.tell(Heard::Missed);
            loop {
                match listener.recv().await?.payload().parse() {
                    Ok(hint) => app.bus.hint(hint),
                    Err(_) => app.bus.tell(Heard::Missed),
                }
            }
        };
        let Err(error): Result<Infallible, sqlx::Error> = tokio::select! {
            () = shutdown.cancelled() => return,
            relayed = relayed => relayed,
        };
        tracing::warn!(%error, "hints of other replicas are not heard");
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.clock.sleep(Duration::from_secs(5)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_reads_back() {
        for hint in [
            Hint::Site(SiteId::from_bytes([1; 16])),
            Hint::Agent(AgentId::from_bytes([2; 16])),
            Hint::Payment(PaymentId::from_bytes([3; 16])),
        ] {
            assert_eq!(hint.to_string().parse(), Ok(hint));
        }
        assert!(
            "plan_00000000000000000000000000000000"
                .parse::<Hint>()
                .is_err()
        );
    }

    #[tokio::test]
    async fn a_slow_listener_is_told_that_it_missed_some() {
        let bus = Bus::default();
        let mut hints = bus.listen();
        for n in 0..=KEPT {
            bus.hint(Hint::Site(SiteId::from_bytes((n as u128).to_be_bytes())));
        }
        assert_eq!(hints.next().await, Heard::Missed);
        assert_eq!(
            hints.next().await,
            Heard::Hint(Hint::Site(SiteId::from_bytes(1_u128.to_be_bytes())))
        );
    }
}
