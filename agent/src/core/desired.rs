//! What the router should have, from what the tickets are now. Comparing it with the router is the access loop's work.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::{Plan, Terms};
use mnara_protocol::ticket::Left;

use super::state::State;
use super::tickets::{Known, Origin};
use crate::access::desired::{
    Credential, Desired, ObservationNo, PROFILE_PREFIX, ProfileSpec, UserSpec,
};

/// A silent device is logged out after this long; when it is heard of again it is logged in at once, with no page.
const KEEPALIVE_SECS: u32 = 300;
/// How often to look at a router that needs nothing.
const IDLE_POLL: Duration = Duration::from_secs(10);
const FASTEST_POLL: Duration = Duration::from_secs(2);
const SLOWEST_POLL: Duration = Duration::from_secs(60);

/// Bytes a ticket moved between two looks, and the time between them in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) bytes: u64,
    pub(crate) millis: u64,
}

/// What a ticket's users see of it on the router.
pub(crate) struct Login {
    pub(crate) code_shown: String,
    pub(crate) username: Credential,
    pub(crate) password: Credential,
    pub(crate) plan_name: String,
}

/// Finds a ticket's code and router log-in; a printed one has them only while its batch is here.
pub(crate) fn login(state: &State, known: &Known) -> Option<Login> {
    match &known.origin {
        Origin::Bought(bought) => Some(Login {
            code_shown: bought.code.shown(),
            username: bought.username.clone(),
            password: bought.password.clone(),
            plan_name: bought.plan_name.clone(),
        }),
        Origin::Printed(printed) => {
            let (code, login) = state.batches.login(*printed)?;
            let series = state.batches.series(printed.series)?;
            Some(Login {
                code_shown: code.shown(),
                username: Credential::new(login.username),
                password: Credential::new(login.password),
                plan_name: series.plan_name.clone(),
            })
        }
    }
}

/// Computes what the router should have now.
pub(crate) fn desired(
    state: &State,
    plans: &BTreeMap<mnara_protocol::ids::PlanId, Plan>,
    cut: &BTreeMap<(TicketId, Mac), ObservationNo>,
    flows: &BTreeMap<TicketId, Flow>,
    answers: ObservationNo,
    now: Timestamp,
) -> Desired {
    let mut profiles = BTreeMap::new();
    for terms in plans
        .values()
        .filter(|plan| plan.on_sale)
        .map(|plan| &plan.terms)
        .chain(state.batches.terms())
        .chain(state.trials.row().map(|row| &row.terms))
    {
        let (name, spec) = profile(terms);
        profiles.insert(name, spec);
    }
    let turns = state.tickets.turns();
    let mut users = Vec::new();
    let mut next_poll = IDLE_POLL;
    for known in state.tickets.live() {
        let id = known.ticket.id;
        let mut slots = known.ticket.slots().to_vec();
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.seen));
        let holders: Vec<Mac> = slots
            .iter()
            .map(|slot| slot.mac)
            .filter(|mac| turns.get(mac) == Some(&id))
            .collect();
        if holders.is_empty() || known.ticket.due(now).is_some() {
            continue;
        }
        let Some(login) = login(state, known) else {
            continue;
        };
        let terms = &known.ticket.right.terms;
        let left = known.ticket.left(now);
        let (name, spec) = profile(terms);
        profiles.insert(name.clone(), spec);
        next_poll = next_poll.min(look_again(&left, known, flows.get(&id)));
        let single = terms.devices <= 1;
        users.push(UserSpec {
            ticket: id,
            name: login.username,
            password: login.password,
            profile: name,
            mac: if single {
                holders.first().copied()
            } else {
                None
            },
            limit_uptime: seconds(&left),
            limit_bytes: left.bytes,
            devices: holders
                .into_iter()
                .filter(|mac| !cut.contains_key(&(id, *mac)))
                .collect(),
            max_devices: terms.devices.max(1),
        });
    }
    Desired {
        answers,
        profiles,
        users,
        cut: cut.keys().copied().collect::<BTreeSet<_>>(),
        next_poll: next_poll.clamp(FASTEST_POLL, SLOWEST_POLL),
    }
}

/// The profile of tickets with these terms. The name tells the settings, so that equal tickets share one and a change makes another.
fn profile(terms: &Terms) -> (String, ProfileSpec) {
    let devices = terms.devices.max(1);
    let name = terms.rate.map_or_else(
        || format!("{PROFILE_PREFIX}{devices}"),
        |rate| {
            let plain = format!(
                "{PROFILE_PREFIX}{devices}-{}-{}",
                rate.down_bps, rate.up_bps
            );
            rate.burst.map_or(plain.clone(), |burst| {
                format!(
                    "{plain}-{}-{}-{}-{}-{}",
                    burst.down_bps,
                    burst.up_bps,
                    burst.down_below_bps,
                    burst.up_below_bps,
                    burst.secs
                )
            })
        },
    );
    let spec = ProfileSpec {
        rate: terms.rate,
        shared_users: Some(devices),
        keepalive_secs: Some(KEEPALIVE_SECS),
        mac_cookie_secs: None,
    };
    (name, spec)
}

/// Connected seconds that may still pass: no more than what is left by the clock or by the meter.
fn seconds(left: &Left) -> Option<u64> {
    left.time().map(|left| left.as_secs().max(1))
}

/// When to look again so that a ticket's end is not missed by more than a poll.
fn look_again(left: &Left, known: &Known, flow: Option<&Flow>) -> Duration {
    if known.ticket.since().is_none() {
        // Its device has yet to be confirmed online.
        return FASTEST_POLL;
    }
    let by_data = left.bytes.zip(flow).and_then(|(bytes, flow)| {
        (flow.bytes > 0).then(|| {
            let millis = u128::from(bytes) * u128::from(flow.millis) / u128::from(flow.bytes);
            Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
        })
    });
    left.time()
        .into_iter()
        .chain(by_data)
        .min()
        .unwrap_or(SLOWEST_POLL)
}
