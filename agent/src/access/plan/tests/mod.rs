//! Plans carried out on a router in memory: single cases first, then generated lives of a site.

use std::net::Ipv4Addr;

use mnara_protocol::plan::Rate;
use proptest::prelude::*;

use super::model::Model;
use super::*;
use crate::access::desired::{ObservationNo, ProfileSpec};
use crate::access::observed::Setting;

mod steps;

fn ticket(number: u8) -> TicketId {
    TicketId::from_bytes([number; 16])
}

fn mac(number: u8) -> Mac {
    Mac::from_bytes([2, 0, 0, 0, 0, number])
}

fn name(number: u8) -> Credential {
    Credential::new(format!("code-{number}"))
}

fn address(number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, number))
}

fn profile(devices: u16) -> (String, ProfileSpec) {
    let rate = Some(Rate {
        down_bps: 5_000_000,
        up_bps: 1_000_000,
        burst: None,
    });
    (
        format!("mnara-{devices}"),
        ProfileSpec {
            rate,
            shared_users: Some(devices),
            keepalive_secs: Some(120),
            mac_cookie_secs: None,
        },
    )
}

fn spec(number: u8, max_devices: u16, devices: &[u8]) -> UserSpec {
    let devices: Vec<Mac> = devices.iter().copied().map(mac).collect();
    UserSpec {
        ticket: ticket(number),
        name: name(number),
        password: name(number),
        profile: profile(max_devices).0,
        mac: if max_devices == 1 {
            devices.first().copied()
        } else {
            None
        },
        limit_uptime: Some(3_600),
        limit_bytes: None,
        devices,
        max_devices,
    }
}

fn wanting(users: Vec<UserSpec>) -> Desired {
    let profiles = users.iter().map(|user| profile(user.max_devices)).collect();
    Desired {
        answers: ObservationNo(1),
        profiles,
        users,
        ..Desired::nothing()
    }
}

fn host(model: &mut Model, number: u8, at: u8) {
    let id = model.id();
    model.observed.hosts.push(Host {
        id,
        mac: mac(number),
        address: address(at),
        to_address: None,
        server: "hotspot1".to_owned(),
        idle_secs: 0,
        authorized: false,
        bypassed: false,
    });
}

fn online(model: &Model) -> Vec<(Mac, Credential)> {
    let mut online: Vec<_> = model
        .observed
        .active
        .iter()
        .map(|row| (row.mac, row.user.clone()))
        .collect();
    online.sort();
    online
}

#[test]
fn a_bought_ticket_is_written_and_its_device_logged_in() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    assert_eq!(model.settle(&wanting(vec![spec(1, 1, &[1])])), 1);
    assert_eq!(online(&model), [(mac(1), name(1))]);
    let kinds: Vec<_> = model
        .log
        .iter()
        .map(|action| action.ticket().is_some())
        .collect();
    assert_eq!(kinds, [false, true, true]);
    assert!(matches!(
        model.log.as_slice(),
        [
            Action::AddProfile { .. },
            Action::AddUser { .. },
            Action::LogIn { .. }
        ]
    ));
}

#[test]
fn a_device_that_is_away_waits_and_is_logged_in_when_it_comes() {
    let mut model = Model::new();
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    assert!(online(&model).is_empty());
    host(&mut model, 1, 9);
    assert_eq!(model.settle(&desired), 1);
    assert_eq!(online(&model), [(mac(1), name(1))]);
}

#[test]
fn a_device_that_has_fallen_silent_is_logged_in_when_it_is_heard_of() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    model.observed.hosts[0].idle_secs = 300;
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    assert!(online(&model).is_empty(), "its time would run for nobody");
    model.observed.hosts[0].idle_secs = 1;
    assert_eq!(model.settle(&desired), 1);
    assert_eq!(online(&model), [(mac(1), name(1))]);
}

#[test]
fn an_ended_ticket_is_cut_off_in_order_and_removed_after_its_counters_are_in() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    model.settle(&wanting(vec![spec(1, 2, &[1])]));
    let id = model.id();
    model.observed.cookies.push(CookieRow {
        id,
        user: name(1),
        mac: Some(mac(1)),
    });
    model.observed.active[0].bytes_in = 700;
    model.log.clear();
    let nothing = Desired::nothing();
    let first = plan(&nothing, &model.observed);
    assert!(matches!(
        first.as_slice(),
        [
            Action::DisableUser { .. },
            Action::RemoveCookie { .. },
            Action::RemoveActive {
                why: Cut::Ended,
                ..
            }
        ]
    ));
    for action in &first {
        model.apply(action);
    }
    assert_eq!(
        model
            .observed
            .usage()
            .get(&ticket(1))
            .map(|usage| usage.bytes_in),
        Some(700)
    );
    model.settle(&nothing);
    assert!(model.observed.users.is_empty() && model.observed.profiles.is_empty());
}

#[test]
fn a_user_goes_only_after_its_cookies() {
    let mut model = Model::new();
    model.settle(&wanting(vec![spec(1, 1, &[1])]));
    let id = model.id();
    model.observed.cookies.push(CookieRow {
        id: id.clone(),
        user: name(1),
        mac: Some(mac(1)),
    });
    let first = plan(&Desired::nothing(), &model.observed);
    assert!(matches!(
        first.as_slice(),
        [Action::DisableUser { .. }, Action::RemoveCookie { id: cookie, .. }] if *cookie == id
    ));
    model.settle(&Desired::nothing());
    assert!(model.observed.users.is_empty() && model.observed.cookies.is_empty());
}

#[test]
fn a_phone_with_a_new_address_of_its_own_takes_the_place_of_its_old_self() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    model.settle(&wanting(vec![spec(1, 1, &[1])]));
    // The ticket moves to device 2, which is the same phone after its hardware address rotated.
    host(&mut model, 2, 2);
    assert_eq!(model.settle(&wanting(vec![spec(1, 1, &[2])])), 1);
    assert_eq!(online(&model), [(mac(2), name(1))]);
}

#[test]
fn a_device_that_moved_to_another_ip_address_is_logged_in_there() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    host(&mut model, 1, 7);
    assert!(
        plan(&desired, &model.observed).is_empty(),
        "both addresses are alive"
    );
    model.observed.hosts[0].idle_secs = 31;
    model.settle(&desired);
    assert_eq!(model.observed.active[0].address, address(7));
    assert_eq!(model.observed.active.len(), 1);
}

#[test]
fn a_logged_out_device_stays_out_and_the_ticket_stays_in() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let mut desired = wanting(vec![spec(1, 2, &[1])]);
    model.settle(&desired);
    desired.cut.insert((ticket(1), mac(1)));
    model.settle(&desired);
    assert!(online(&model).is_empty());
    assert_eq!(model.observed.users.len(), 1);
}

#[test]
fn foreign_rows_are_left_alone() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let id = model.id();
    model.observed.active.push(ActiveRow {
        id,
        user: Credential::new("T-02:00:00:00:00:01"),
        address: address(1),
        mac: mac(1),
        server: "hotspot1".to_owned(),
        uptime_secs: 5,
        idle_secs: 0,
        bytes_in: 0,
        bytes_out: 0,
    });
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    assert_eq!(
        online(&model),
        [(mac(1), Credential::new("T-02:00:00:00:00:01"))]
    );
}

#[test]
fn limits_are_what_was_counted_and_what_is_left_and_never_zero() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let mut wanted = spec(1, 1, &[1]);
    wanted.limit_bytes = Some(1_000_000);
    model.settle(&wanting(vec![wanted.clone()]));
    // An hour on, with 400 kB in a session that has ended and 100 kB in the one that runs.
    model.observed.users[0].uptime_secs = 1_000;
    model.observed.users[0].bytes_out = 400_000;
    model.observed.active[0].uptime_secs = 500;
    model.observed.active[0].bytes_in = 100_000;
    wanted.limit_bytes = Some(500_000);
    wanted.limit_uptime = Some(2_100);
    let desired = wanting(vec![wanted.clone()]);
    assert_eq!(
        plan(&desired, &model.observed),
        [],
        "counted and left add up to what was sold"
    );
    // A power cut: the session and its counters are gone, so the same limit would now give too much.
    model.observed.active.clear();
    model.observed.hosts[0].authorized = false;
    model.settle(&desired);
    let row = &model.observed.users[0];
    assert_eq!(
        (row.limit_uptime, row.limit_bytes_total),
        (Some(3_100), Some(900_000))
    );
    // All spent before anything was counted: zero would be no limit.
    let mut model = Model::new();
    wanted.limit_bytes = Some(0);
    wanted.limit_uptime = Some(0);
    model.settle(&wanting(vec![wanted]));
    let row = &model.observed.users[0];
    assert_eq!(
        (row.limit_uptime, row.limit_bytes_total),
        (Some(1), Some(1))
    );
}

#[test]
fn small_differences_are_not_written_to_flash_but_a_log_in_is_exact() {
    let mut model = Model::new();
    let mut wanted = spec(1, 1, &[1]);
    model.settle(&wanting(vec![wanted.clone()]));
    wanted.limit_uptime = Some(3_600 - 50);
    assert_eq!(plan(&wanting(vec![wanted.clone()]), &model.observed), []);
    wanted.limit_uptime = Some(3_600 - 100);
    assert!(matches!(
        plan(&wanting(vec![wanted.clone()]), &model.observed).as_slice(),
        [Action::SetUser { .. }]
    ));
    wanted.limit_uptime = Some(3_600 - 50);
    host(&mut model, 1, 1);
    model.settle(&wanting(vec![wanted]));
    assert_eq!(model.observed.users[0].limit_uptime, Some(3_550));
}

#[test]
fn the_last_byte_and_the_last_second_still_let_a_device_in() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let mut wanted = spec(1, 1, &[1]);
    wanted.limit_bytes = Some(16_000);
    wanted.limit_uptime = Some(100);
    model.settle(&wanting(vec![wanted.clone()]));
    model.observed.active[0].bytes_in = 16_000;
    model.observed.active[0].uptime_secs = 100;
    // Extra time and data were bought, just a little, and the ticket moves to another phone.
    wanted.limit_bytes = Some(1);
    wanted.limit_uptime = Some(1);
    wanted.devices = vec![mac(2)];
    wanted.mac = Some(mac(2));
    model.settle(&wanting(vec![wanted.clone()]));
    host(&mut model, 2, 2);
    model.settle(&wanting(vec![wanted]));
    assert_eq!(online(&model), [(mac(2), name(1))]);
}

#[test]
fn what_is_left_is_not_added_to_counters_it_does_not_know_of() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    model.observed.number = ObservationNo(2);
    model.observed.users[0].uptime_secs = 1_000;
    assert_eq!(plan(&desired, &model.observed), []);
    model.observed.users[0].limit_uptime = None;
    assert!(matches!(
        plan(&desired, &model.observed).as_slice(),
        [Action::SetUser { .. }]
    ));
}

#[test]
fn hand_edits_are_put_right() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    let desired = wanting(vec![spec(1, 1, &[1])]);
    model.settle(&desired);
    let agreed = model.observed.users[0].clone();
    let row = &mut model.observed.users[0];
    row.disabled = true;
    row.profile = "default".to_owned();
    row.mac = None;
    row.limit_uptime = None;
    model.observed.profiles[0].rate = Setting::Foreign;
    assert_eq!(model.settle(&desired), 1);
    assert_eq!(model.observed.users[0], agreed);
    assert_eq!(
        model.observed.profiles[0].rate,
        Setting::On(Rate {
            down_bps: 5_000_000,
            up_bps: 1_000_000,
            burst: None,
        })
    );
    model.observed.users.clear();
    model.settle(&desired);
    assert_eq!(model.observed.users.len(), 1);
}

#[test]
fn a_name_held_by_an_ended_ticket_is_freed_first() {
    let mut model = Model::new();
    host(&mut model, 1, 1);
    model.settle(&wanting(vec![spec(1, 1, &[1])]));
    let mut heir = spec(2, 1, &[1]);
    heir.name = name(1);
    model.settle(&wanting(vec![heir]));
    assert_eq!(model.observed.users.len(), 1);
    assert_eq!(model.observed.users[0].ticket, ticket(2));
    assert_eq!(online(&model), [(mac(1), name(1))]);
}
