//! What a device's page says. Nothing is decided here; the words are the portal's.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::ticket::Phase;
use mnara_protocol::ticket::series::Cloud;

use super::desired::login;
use super::portal::{Device, DeviceTokenText, Home, PlanView, TicketView};
use super::tickets::{Known, Origin};
use super::{Core, Now};

/// How long an ended ticket stays on its device's page.
const ENDED_SHOWN_SECS: i64 = 24 * 3600;
/// How many waiting tickets a page lists.
const WAITING_SHOWN: usize = 3;
/// How long after the last look at the router its host table still says whose ticket a page may show. A lease that was good at that look
/// lasts about this long at the least (the hotspot's default is an hour, renewed at half), so its address has not passed to another device.
const REMEMBERED: Duration = Duration::from_secs(30 * 60);
/// A log-in that takes longer is late: a router that answers is told at once and looked at every few seconds, so it has refused.
const LATE: Duration = Duration::from_secs(60);
/// How long a token is good.
const TOKEN_SECS: i64 = 15 * 60;

impl Core {
    /// Says how things stand for the device behind a TCP peer address.
    pub(super) fn home(&self, peer: IpAddr, now: Now) -> Box<Home> {
        let device = self.device(peer);
        let (known, mac) = match device {
            Device::Known { mac, .. } => (Some(mac), Some(mac)),
            Device::NotInHotspot | Device::LetThrough => (None, None),
            Device::RouterAway => (None, self.remembered(peer, now)),
        };
        let held = mac.map_or_else(Vec::new, |mac| self.state.tickets.of_device(mac));
        let holds = !held.is_empty();
        let shown = match mac {
            Some(mac) if !holds => self.not_held(mac, now.at),
            _ => held,
        };
        let mut views = shown
            .into_iter()
            .filter_map(|known| Some(self.ticket_view(known, mac?, now)));
        let ticket = views.next();
        let trial = known.and_then(|mac| self.trial_for(mac, holds, now.at));
        let waiting = views.take(WAITING_SHOWN).collect();
        let mut plans: Vec<_> = self.plans.values().filter(|plan| plan.on_sale).collect();
        plans.sort_by_key(|plan| (plan.position, plan.id));
        let cloud = self.cloud == Cloud::Reachable;
        Box::new(Home {
            look: Arc::clone(&self.look),
            logo: self.look.logo.and_then(|id| self.logos.get(&id).cloned()),
            device,
            trial,
            plans: plans
                .into_iter()
                .map(|plan| PlanView::of(plan, now.at))
                .collect(),
            cloud,
            sales_open: self.sales_open,
            by_hand: self.by_hand,
            no_prompts: self.no_prompts_since.is_some(),
            sms: self.sms,
            purchase: mac.and_then(|mac| self.purchases.view(mac, now.at)),
            hand: mac.and_then(|mac| self.hands.view(mac, now.ticks)),
            claimed: mac.is_some_and(|mac| self.hands.is_claimed(mac, now.ticks)),
            named: mac.is_some_and(|mac| self.hands.is_named(mac, now.ticks)),
            ticket,
            waiting,
            token: known.filter(|_| cloud).map(|mac| self.token(mac, now.at)),
        })
    }

    /// What is shown to a device that holds no ticket: those it gave back and the one it used last, what runs first. One that is over is
    /// shown for a day, if there is no other. One that went to another site is offered only while the controller can be asked for it.
    fn not_held(&self, mac: Mac, now: Timestamp) -> Vec<&Known> {
        let tickets = &self.state.tickets;
        let last = tickets.last_of(mac);
        let ids: BTreeSet<TicketId> = self
            .state
            .given_back
            .of(mac)
            .chain(last.map(|known| known.ticket.id))
            .collect();
        let mut open: Vec<_> = ids
            .into_iter()
            .filter_map(|id| tickets.find(id))
            .filter(|known| !matches!(known.ticket.phase, Phase::Ended { .. }))
            .filter(|known| known.is_here() || self.cloud == Cloud::Reachable)
            .collect();
        open.sort_by_key(|known| (known.turn().is_none(), known.turn()));
        if open.is_empty() {
            open.extend(last.filter(|known| {
                matches!(known.ticket.phase, Phase::Ended { at, .. }
                    if now.as_secs().saturating_sub(at.as_secs()) < ENDED_SHOWN_SECS)
            }));
        }
        open
    }

    pub(super) const fn router_away(&self) -> bool {
        self.router.lost || self.router.seen.is_none()
    }

    /// Who is behind a TCP peer address.
    pub(super) fn device(&self, peer: IpAddr) -> Device {
        if self.router_away() {
            return Device::RouterAway;
        }
        self.router
            .peers
            .get(&peer)
            .map_or(Device::NotInHotspot, |(_, device)| *device)
    }

    /// Who was behind an address at the last look, while the router does not answer. Good for showing a customer what is theirs, as who
    /// pays while the router is away must see the ticket; nothing is sold, used or given back on it.
    fn remembered(&self, peer: IpAddr, now: Now) -> Option<Mac> {
        self.router
            .at
            .filter(|at| now.ticks.since(*at) < REMEMBERED)?;
        Some(self.router.peers.get(&peer)?.0)
    }

    fn ticket_view(&self, known: &Known, mac: Mac, now: Now) -> TicketView {
        let ticket = &known.ticket;
        let slot = ticket.slots().iter().find(|slot| slot.mac == mac);
        let place = (ticket.id, mac);
        let step = if matches!(ticket.phase, Phase::Ended { .. }) {
            Step::Ended
        } else if self.state.confirmed.contains(&place) {
            Step::Confirmed
        } else if self.written.contains(&place) {
            Step::Written
        } else {
            Step::Delivered
        };
        let online = self.online.contains(&place);
        let late = matches!(ticket.phase, Phase::Redeemed { .. })
            && self
                .awaited
                .get(&place)
                .is_some_and(|since| now.ticks.since(*since) >= LATE);
        let login = login(&self.state, known);
        let used = u16::try_from(ticket.slots().len()).unwrap_or(u16::MAX);
        TicketView {
            id: ticket.id,
            code_shown: login
                .as_ref()
                .map_or_else(String::new, |login| login.code_shown.clone()),
            username: login.as_ref().map_or_else(
                || crate::access::desired::Credential::new(""),
                |login| login.username.clone(),
            ),
            password: login.as_ref().map_or_else(
                || crate::access::desired::Credential::new(""),
                |login| login.password.clone(),
            ),
            plan_name: login.map_or_else(String::new, |login| login.plan_name),
            terms: ticket.right.terms,
            status: ticket.status(now.at),
            held: slot.is_some(),
            paused: matches!(ticket.phase, Phase::Paused { .. }),
            step,
            online,
            left: ticket.left(now.at),
            ends_at: ticket.ends_at(),
            devices_used: used,
            devices: ticket.right.terms.devices.max(1),
            bought: matches!(known.origin, Origin::Bought(_)) && !known.is_trial(),
            trial: known.is_trial(),
            router_away: self.router_away(),
            late,
        }
    }

    fn token(&self, mac: Mac, now: Timestamp) -> DeviceTokenText {
        let token = mnara_protocol::token::DeviceToken {
            site: self.identity.site,
            mac,
            expires: now.plus_secs(TOKEN_SECS),
        };
        DeviceTokenText {
            text: token.sign(&self.identity.signing),
            secs: TOKEN_SECS,
            provider: self.identity.provider,
            site: self.identity.site,
        }
    }
}
