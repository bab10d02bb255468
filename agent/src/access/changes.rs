//! The router's own word that devices came or went: two streams that only wake the loop. What changed is read by the next look, so a
//! missed change costs a poll interval, not a device.

use std::future::pending;

use tracing::debug;

use crate::routeros::client::{Client, Command, Error, Listen};
use crate::routeros::wire::Row;

/// Host table and sessions.
const MENUS: [&str; 2] = ["/ip/hotspot/host/listen", "/ip/hotspot/active/listen"];

/// Both streams, each as far as the router has it.
#[derive(Debug)]
pub(super) struct Changes {
    hosts: Source,
    sessions: Source,
}

#[derive(Debug)]
enum Source {
    Closed,
    Open(Listen),
    /// The router does not have it in this menu.
    Refused,
}

impl Changes {
    pub(super) const fn closed() -> Self {
        Self {
            hosts: Source::Closed,
            sessions: Source::Closed,
        }
    }

    /// Opens what is closed.
    pub(super) async fn open(&mut self, client: &Client) -> Result<(), Error> {
        for (source, path) in [&mut self.hosts, &mut self.sessions].into_iter().zip(MENUS) {
            if matches!(source, Source::Closed) {
                *source = Source::Open(client.listen(&Command::new(path)).await?);
            }
        }
        Ok(())
    }

    /// Forgets what has come so far: the look that follows sees it anyway.
    pub(super) fn drain(&mut self) {
        for source in [&mut self.hosts, &mut self.sessions] {
            while let Source::Open(listen) = source
                && let Some(change) = listen.try_next()
            {
                source.take(Some(change));
            }
        }
    }

    /// Waits for a change. Safe to drop and call again.
    pub(super) async fn next(&mut self) {
        loop {
            let told = tokio::select! {
                change = self.hosts.next() => self.hosts.take(change),
                change = self.sessions.next() => self.sessions.take(change),
            };
            if told {
                return;
            }
        }
    }
}

impl Source {
    async fn next(&mut self) -> Option<Result<Row, Error>> {
        match self {
            Self::Open(listen) => listen.next().await,
            Self::Closed | Self::Refused => pending().await,
        }
    }

    /// Says whether there was a change, and notes the end of the stream.
    fn take(&mut self, change: Option<Result<Row, Error>>) -> bool {
        match change {
            Some(Ok(_)) => true,
            Some(Err(Error::Trap(_))) => {
                debug!("the router does not tell of changes in a hotspot menu; polling alone");
                *self = Self::Refused;
                false
            }
            // What was missed in falling behind is a change too.
            Some(Err(_)) => {
                *self = Self::Closed;
                true
            }
            None => {
                *self = Self::Closed;
                false
            }
        }
    }
}
