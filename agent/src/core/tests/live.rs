//! Readings: who is told what, and how often.

use super::*;

fn live(commands: Commands) -> Option<LiveSample> {
    commands.sample.map(|Sample::Live(live)| live)
}

fn watch(site: &Site, secs: i64) -> Event {
    let now = site.now().at;
    Event::Commanded(Command::Watch(WatchCommand {
        id: CommandId::from_bytes([9; 16]),
        expires: now.plus_secs(30),
        until: now.plus_secs(secs),
    }))
}

/// A site that reaches the controller, with one customer online.
fn site() -> Site {
    let mut site = Site::new();
    site.event(Event::LinkUp);
    site.joins(1);
    site.types(1, &printed(0)).unwrap();
    site.pass(Duration::from_secs(60));
    site
}

/// Time passes with no look.
fn skip(site: &mut Site, secs: u64) {
    site.ticks = site.ticks + Duration::from_secs(secs);
    site.hotspot.uptime += secs;
}

fn look(site: &mut Site) -> Option<LiveSample> {
    let seen = site.hotspot.observe();
    let now = site.now();
    live(site.core.handle(Event::Observed(seen), now))
}

#[test]
fn a_site_nobody_watches_tells_a_little_each_minute() {
    let mut site = site();
    let mut told = Vec::new();
    for _ in 0..24 {
        skip(&mut site, 5);
        told.extend(look(&mut site));
    }
    assert_eq!(told.len(), 2, "two minutes");
    for live in told {
        assert_eq!((live.answers, live.online), (RouterAnswers::Yes, 1));
        assert_eq!(live.sessions, None, "who it is costs data");
    }
    let now = site.now();
    site.core.handle(Event::LinkDown, now);
    skip(&mut site, 600);
    assert_eq!(look(&mut site), None, "nobody is there to hear");
}

#[test]
fn whoever_watches_sees_devices_with_their_speed_for_as_long_as_they_asked() {
    let mut site = site();
    let event = watch(&site, 3600);
    let now = site.now();
    let commands = site.core.handle(event, now);
    assert!(commands.look && commands.reports.is_empty());
    assert!(site.core.desired(now).next_poll <= Duration::from_secs(5));
    let first = live(commands).expect("at once");
    let [session] = first.sessions.unwrap().try_into().unwrap();
    assert_eq!(session.mac, mac(1));
    assert_eq!(session.ticket, Some(site.ticket(1).id));
    assert_eq!(session.down_bps, None, "one look makes no speed");
    skip(&mut site, 5);
    look(&mut site).expect("a look makes a reading");
    skip(&mut site, 1);
    assert_eq!(
        look(&mut site),
        None,
        "not more often than every few seconds"
    );
    skip(&mut site, 4);
    site.hotspot.uses(1, 5_000, 50_000);
    let third = look(&mut site).unwrap();
    let [session] = third.sessions.unwrap().try_into().unwrap();
    // The look before was four seconds ago.
    assert_eq!(
        (session.up_bps, session.down_bps),
        (Some(10_000), Some(100_000))
    );
    // A quarter of an hour is the most, whatever was asked.
    skip(&mut site, 16 * 60);
    assert_eq!(look(&mut site).unwrap().sessions, None);
}

#[test]
fn a_place_is_given_back_once_and_the_next_phone_takes_it() {
    let mut site = site();
    let ticket = site.ticket(1).id;
    let release = |n, mac| {
        Event::Commanded(Command::Release(ReleaseCommand {
            id: CommandId::from_bytes([n; 16]),
            expires: NOON.plus_secs(86_400),
            ticket,
            mac,
        }))
    };
    let now = site.now();
    let none = site.core.handle(release(1, mac(7)), now);
    let refused = RefusedReport {
        why: NotDone::NotHere,
    };
    assert_eq!(
        none.reports,
        [(CommandId::from_bytes([1; 16]), Report::Refused(refused))]
    );
    site.event(release(2, mac(1)));
    site.pass(Duration::from_secs(20));
    assert!(!site.hotspot.is_online(1));
    site.joins(2);
    site.types(2, &printed(0)).unwrap();
    site.pass(Duration::from_secs(20));
    assert!(site.hotspot.is_online(2) && !site.hotspot.is_online(1));
}
