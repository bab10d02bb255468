//! What is remembered of the router between two looks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use mnara_protocol::clock::Ticks;
use mnara_protocol::ids::{Mac, TicketId};

use super::portal::Device;
use crate::access::observed::Observed;

/// What the router was like at the last look.
#[derive(Default)]
pub(super) struct Router {
    pub(super) seen: Option<Arc<Observed>>,
    /// Its devices by the address a TCP peer has, and what each is to the portal.
    pub(super) peers: BTreeMap<IpAddr, (Mac, Device)>,
    pub(super) at: Option<Ticks>,
    pub(super) lost: bool,
    pub(super) refused: bool,
    /// Tickets that were to have a user on it at the last look.
    pub(super) stood: BTreeSet<TicketId>,
}

impl Router {
    pub(super) fn saw(&mut self, seen: Arc<Observed>) {
        let peers = seen.peers().into_iter();
        self.peers = peers
            .map(|(peer, host)| {
                let device = if host.bypassed {
                    Device::LetThrough
                } else {
                    Device::Known {
                        mac: host.mac,
                        address: host.address,
                    }
                };
                (peer, (host.mac, device))
            })
            .collect();
        self.seen = Some(seen);
    }
}
