//! What somebody took off the router or changed there between two looks. Putting it right is the access loop's work; here it is noticed, so
//! that the provider can read of it.

use std::collections::{BTreeMap, BTreeSet};

use mnara_protocol::ids::TicketId;
use mnara_protocol::message::{DriftFact, Fact};

use super::desired::login;
use super::{Commands, Core, Now};
use crate::access::observed::Observed;

impl Core {
    /// Tells what was on the router at the last look, should still be there, and is not.
    pub(super) fn drifted(&mut self, seen: &Observed, now: Now, out: &mut Commands) {
        let should = self.should_stand(now);
        let repairs = self.router.seen.as_ref().map_or(0, |before| {
            differences(before, seen, &self.router.stood, &should)
                + self.passwords_changed(before, seen)
        });
        self.router.stood = should;
        if let Ok(repairs @ 1..) = u32::try_from(repairs) {
            self.record(
                Fact::Drift(DriftFact {
                    ticket: None,
                    repairs,
                    at: now.at,
                }),
                out,
            );
        }
    }

    /// Counts users that had the right password at the last look and have another now.
    fn passwords_changed(&self, before: &Observed, seen: &Observed) -> usize {
        let had: BTreeMap<_, _> = before
            .users
            .iter()
            .filter_map(|user| Some((&user.id, user.password.as_ref()?)))
            .collect();
        seen.users
            .iter()
            .filter(|user| {
                let (Some(had), Some(has)) = (had.get(&user.id), &user.password) else {
                    return false;
                };
                let right = || {
                    let known = self.state.tickets.find(user.ticket)?;
                    Some(login(&self.state, known)?.password)
                };
                *had != has && right().as_ref() == Some(*had)
            })
            .count()
    }

    /// Tickets that have a user on the router, one that nothing of ours is about to take away or make anew.
    fn should_stand(&self, now: Now) -> BTreeSet<TicketId> {
        let served: BTreeSet<TicketId> = self.state.tickets.turns().into_values().collect();
        served
            .into_iter()
            .filter(|id| {
                !self.cut.keys().any(|(ticket, _)| ticket == id)
                    && self.state.tickets.find(*id).is_some_and(|known| {
                        known.ticket.due(now.at).is_none() && login(&self.state, known).is_some()
                    })
            })
            .collect()
    }
}

fn differences(
    before: &Observed,
    seen: &Observed,
    stood: &BTreeSet<TicketId>,
    should: &BTreeSet<TicketId>,
) -> usize {
    let users: BTreeSet<TicketId> = seen
        .users
        .iter()
        .filter(|user| !user.disabled)
        .map(|user| user.ticket)
        .collect();
    let ours: Vec<_> = before
        .users
        .iter()
        .filter(|user| {
            !user.disabled && stood.contains(&user.ticket) && should.contains(&user.ticket)
        })
        .collect();
    let lost = ours
        .iter()
        .filter(|user| !users.contains(&user.ticket))
        .count();
    // A profile's name tells its settings, so one that changed under its name was changed by somebody else.
    let used: BTreeSet<&str> = ours.iter().map(|user| user.profile.as_str()).collect();
    let profiles: BTreeMap<_, _> = seen
        .profiles
        .iter()
        .map(|profile| (profile.name.as_str(), profile))
        .collect();
    let bent = before
        .profiles
        .iter()
        .filter(|profile| used.contains(profile.name.as_str()))
        .filter(|profile| {
            profiles.get(profile.name.as_str()).is_none_or(|now| {
                (
                    now.rate,
                    now.shared_users,
                    now.keepalive_secs,
                    now.mac_cookie_secs,
                ) != (
                    profile.rate,
                    profile.shared_users,
                    profile.keepalive_secs,
                    profile.mac_cookie_secs,
                )
            })
        })
        .count();
    lost + bent
}
