//! Whatever happens to router and tickets, in any order, what the plan does brings them to agree.

use super::*;

const TICKETS: u8 = 4;

const DEVICES: u8 = 6;

#[derive(Clone, Debug)]
enum Step {
    /// Which tickets are on, for how many devices, and which ticket each device belongs to; which pairs are logged out.
    Want {
        max_devices: Vec<u16>,
        owner: Vec<u8>,
        cut: Vec<(u8, u8)>,
        left: u64,
    },
    Come(u8, u8),
    Leave(u8),
    Use(u8, u64),
    /// The router logs a device in by itself, or somebody types a code.
    Enter(u8, u8),
    Remember(u8, u8),
    Switch(u8),
    RemoveByHand(u8),
    Retag(u8, u8),
    PowerCut,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (ticket, device) = (1..=TICKETS, 1..=DEVICES);
    let step = prop_oneof![
        4 => (
            prop::collection::vec(0_u16..4, usize::from(TICKETS)),
            prop::collection::vec(0..=TICKETS, usize::from(DEVICES)),
            prop::collection::vec((ticket.clone(), device.clone()), 0..3),
            1_u64..100_000,
        ).prop_map(|(max_devices, owner, cut, left)| Step::Want { max_devices, owner, cut, left }),
        3 => (device.clone(), 1_u8..9).prop_map(|(device, at)| Step::Come(device, at)),
        1 => device.clone().prop_map(Step::Leave),
        2 => (device.clone(), 0_u64..50_000).prop_map(|(device, bytes)| Step::Use(device, bytes)),
        1 => (device.clone(), ticket.clone()).prop_map(|(device, ticket)| Step::Enter(device, ticket)),
        1 => (device, ticket.clone()).prop_map(|(device, ticket)| Step::Remember(device, ticket)),
        1 => ticket.clone().prop_map(Step::Switch),
        1 => ticket.clone().prop_map(Step::RemoveByHand),
        1 => (ticket.clone(), ticket).prop_map(|(from, to)| Step::Retag(from, to)),
        1 => Just(Step::PowerCut),
    ];
    prop::collection::vec(step, 1..25)
}

fn happen(model: &mut Model, desired: &mut Desired, step: Step) {
    let seen = &mut model.observed;
    match step {
        Step::Want {
            max_devices,
            owner,
            cut,
            left,
        } => {
            let users = (1..=TICKETS)
                .zip(max_devices)
                .filter(|(_, places)| *places > 0)
                .map(|(number, places)| {
                    let owned = (1..=DEVICES)
                        .zip(&owner)
                        .filter(|(_, owner)| **owner == number)
                        .map(|(device, _)| device);
                    let devices: Vec<u8> = owned.take(usize::from(places)).collect();
                    UserSpec {
                        limit_uptime: Some(left),
                        limit_bytes: Some(left),
                        ..spec(number, places, &devices)
                    }
                });
            *desired = wanting(users.collect());
            desired.cut = cut
                .into_iter()
                .map(|(number, device)| (ticket(number), mac(device)))
                .collect();
        }
        Step::Come(device, at) => {
            if seen
                .hosts
                .iter()
                .all(|host| host.mac != mac(device) && host.address != address(at))
            {
                host(model, device, at);
            }
        }
        Step::Leave(device) => {
            let sessions: Vec<_> = seen
                .active
                .iter()
                .filter(|row| row.mac == mac(device))
                .map(|row| row.id.clone())
                .collect();
            for id in sessions {
                model.log_out(&id);
            }
            model.observed.hosts.retain(|host| host.mac != mac(device));
        }
        Step::Use(device, bytes) => {
            for row in seen.active.iter_mut().filter(|row| row.mac == mac(device)) {
                row.bytes_in += bytes;
                row.uptime_secs += bytes / 1_000;
            }
        }
        Step::Enter(device, number) => {
            let room = seen
                .active
                .iter()
                .filter(|row| row.user == name(number))
                .count()
                == 0;
            let lets = |row: &UserRow| {
                row.name == name(number)
                    && !row.disabled
                    && row.mac.is_none_or(|bound| bound == mac(device))
            };
            let used_up = |row: &UserRow| {
                row.limit_bytes_total
                    .is_some_and(|limit| row.bytes_in + row.bytes_out >= limit)
                    || row
                        .limit_uptime
                        .is_some_and(|limit| row.uptime_secs >= limit)
            };
            let at = seen
                .hosts
                .iter()
                .find(|host| host.mac == mac(device) && !host.authorized)
                .map(Host::login_address);
            if let Some(at) =
                at.filter(|_| room && seen.users.iter().any(|row| lets(row) && !used_up(row)))
            {
                model.log_in(&name(number), mac(device), at);
            }
        }
        Step::Remember(device, number) => {
            let id = model.id();
            model.observed.cookies.push(CookieRow {
                id,
                user: name(number),
                mac: Some(mac(device)),
            });
        }
        Step::Switch(number) => {
            for row in seen.users.iter_mut().filter(|row| row.name == name(number)) {
                row.disabled = !row.disabled;
                row.limit_bytes_total = None;
            }
        }
        Step::RemoveByHand(number) => seen.users.retain(|row| row.name != name(number)),
        Step::Retag(from, to) => {
            for row in seen
                .users
                .iter_mut()
                .filter(|row| row.ticket == ticket(from))
            {
                row.ticket = ticket(to);
            }
        }
        Step::PowerCut => {
            seen.active.clear();
            seen.hosts.clear();
        }
    }
}

/// Says what must hold once there is nothing left to do.
fn check(model: &Model, desired: &Desired) {
    let seen = &model.observed;
    let mut wanted: Vec<_> = desired.users.iter().map(|user| user.ticket).collect();
    let mut there: Vec<_> = seen.users.iter().map(|row| row.ticket).collect();
    wanted.sort();
    there.sort();
    assert_eq!(there, wanted, "just the users of tickets that give access");
    for user in &desired.users {
        let row = seen
            .users
            .iter()
            .find(|row| row.ticket == user.ticket)
            .unwrap();
        assert!(!row.disabled && row.profile == user.profile && row.mac == user.mac);
        let sessions: Vec<_> = seen.sessions_of(&user.name).collect();
        assert!(
            sessions.len() <= usize::from(user.max_devices),
            "more devices than sold"
        );
        let youngest = sessions
            .iter()
            .map(|row| row.uptime_secs)
            .min()
            .unwrap_or_default();
        let left = user.limit_uptime.unwrap();
        let gives = row
            .limit_uptime
            .unwrap()
            .saturating_sub(row.uptime_secs + youngest);
        assert!(
            gives <= left + (left / 50).clamp(60, 3_600) && gives + 5 >= left,
            "{gives} seconds for {left}"
        );
        let running: u64 = sessions
            .iter()
            .map(|row| row.bytes_in + row.bytes_out)
            .sum();
        let gives = row
            .limit_bytes_total
            .unwrap()
            .saturating_sub(row.bytes_in + row.bytes_out + running);
        assert!(gives <= left + 65_536, "{gives} bytes for {left}");
        for device in &user.devices {
            let here = seen.hosts.iter().any(|host| host.mac == *device);
            let elsewhere = seen
                .active
                .iter()
                .any(|row| row.mac == *device && row.user != user.name);
            let is_cut = desired.cut.contains(&(user.ticket, *device));
            let is_online = sessions.iter().any(|row| row.mac == *device);
            assert_eq!(is_online, here && !elsewhere && !is_cut, "{device}");
        }
    }
    for (number, device) in &desired.cut {
        let Some(user) = desired.users.iter().find(|user| user.ticket == *number) else {
            continue;
        };
        assert!(seen.sessions_of(&user.name).all(|row| row.mac != *device));
        assert!(
            seen.cookies
                .iter()
                .all(|row| row.user != user.name || row.mac != Some(*device))
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4 * ProptestConfig::default().cases))]

    #[test]
    fn every_life_of_a_site_ends_in_agreement(steps in steps()) {
        let mut model = Model::new();
        let mut desired = Desired::nothing();
        for step in steps {
            happen(&mut model, &mut desired, step);
            let rounds = model.settle(&desired);
            prop_assert!(rounds <= 5, "{} plans to agree", rounds);
            check(&model, &desired);
        }
    }

    #[test]
    fn the_same_look_gives_the_same_plan(steps in steps()) {
        let mut model = Model::new();
        let mut desired = Desired::nothing();
        for step in steps {
            happen(&mut model, &mut desired, step);
            prop_assert_eq!(plan(&desired, &model.observed), plan(&desired, &model.observed));
        }
    }
}
