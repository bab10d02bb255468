//! The agent's access loop against the simulated router, over real sockets: one ticket's life on every version and both transports,
//! and the faults a router can have meanwhile. What plans contain is tested where they are made.

use std::sync::Arc;
use std::time::Duration;

use mnara_agent::access::apply::{Applied, Outcome};
use mnara_agent::access::desired::{Credential, Desired, ProfileSpec, UserSpec};
use mnara_agent::access::observed::Observed;
use mnara_agent::access::{self, Backoff, Event, Handle};
use mnara_agent::routeros::client::{Dial, Doing, Error, Fingerprint, Security, Timing, connect};
use mnara_protocol::ids::{Mac, TicketId};
use mnara_protocol::plan::Rate;
use mnara_tests::sim::routeros::{Config, Cut, Phone, Reboot, Router};
use secrecy::SecretString;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Stands in for the agent's core: answers every look with what is wanted.
struct Core {
    handle: Handle,
    events: mpsc::Receiver<Event>,
    desired: Desired,
    running: JoinHandle<()>,
    stop: CancellationToken,
}

impl Core {
    fn start(dial: Dial, desired: Desired) -> Self {
        let (handle, seat, events) = access::channel();
        let stop = CancellationToken::new();
        let backoff = Backoff {
            first: Duration::from_millis(50),
            longest: Duration::from_millis(500),
        };
        let running = tokio::spawn(access::run(seat, dial, backoff, stop.clone(), || 0));
        Self {
            handle,
            events,
            desired,
            running,
            stop,
        }
    }

    fn want(&mut self, desired: Desired) {
        self.desired = Desired {
            answers: self.desired.answers,
            ..desired
        };
        self.handle.want(self.desired.clone());
    }

    async fn next(&mut self) -> Event {
        let event = self.events.recv().await.expect("the loop has ended");
        if let Event::Observed(observed) = &event {
            self.desired.answers = observed.number;
            self.handle.want(self.desired.clone());
        }
        event
    }

    async fn until<T>(&mut self, what: &str, fits: impl Fn(&Event) -> Option<T>) -> T {
        let mut seen = Vec::new();
        let found = timeout(Duration::from_secs(40), async {
            loop {
                let event = self.next().await;
                if let Some(found) = fits(&event) {
                    return found;
                }
                seen.push(event);
            }
        })
        .await;
        found.unwrap_or_else(|_| panic!("waited in vain for {what}; last: {:?}", seen.last()))
    }

    async fn sees(&mut self, what: &str, fits: impl Fn(&Observed) -> bool) -> Arc<Observed> {
        let look = |event: &Event| match event {
            Event::Observed(observed) if fits(observed) => Some(Arc::clone(observed)),
            _ => None,
        };
        self.until(what, look).await
    }

    async fn acts(&mut self) -> Vec<Applied> {
        self.until("actions", |event| {
            if let Event::Applied(applied) = event {
                Some(applied.clone())
            } else {
                None
            }
        })
        .await
    }

    async fn loses_it(&mut self) -> Error {
        self.until("a loss", |event| {
            if let Event::RouterLost { why } = event {
                Some(why.clone())
            } else {
                None
            }
        })
        .await
    }

    async fn stops(self) {
        self.stop.cancel();
        self.running.await.expect("the loop ends when told");
    }
}

async fn router(version: &str) -> Router {
    let config = Config {
        version: version.parse().expect("a version"),
        boot: Duration::from_millis(300),
        ..Config::default()
    };
    Router::start(config).await.expect("the simulator starts")
}

fn dial(router: &Router, secure: bool) -> Dial {
    let at = if secure {
        router.api_tls()
    } else {
        router.api()
    };
    let pin =
        || Security::Pinned(Fingerprint::from_hex(&router.fingerprint()).expect("a fingerprint"));
    Dial {
        host: at.ip().to_string(),
        port: at.port(),
        security: if secure { pin() } else { Security::Plain },
        user: "admin".to_owned(),
        password: SecretString::from("admin"),
        timing: Timing {
            command: Duration::from_secs(3),
            ..Timing::USUAL
        },
    }
}

fn mac(phone: &Phone) -> Mac {
    phone.mac.to_string().parse().expect("a hardware address")
}

fn wanting(devices: &[Mac], max_devices: u16) -> Desired {
    let profile = ProfileSpec {
        rate: Some(Rate {
            down_bps: 2_500_000,
            up_bps: 1_000_000,
            burst: None,
        }),
        shared_users: Some(max_devices),
        keepalive_secs: Some(120),
        mac_cookie_secs: Some(86_400),
    };
    let user = UserSpec {
        ticket: TicketId::from_bytes([1; 16]),
        name: Credential::new("AB12CD34EFGH"),
        password: Credential::new("AB12CD34EFGH"),
        profile: "mnara-daily".to_owned(),
        mac: if max_devices == 1 {
            devices.first().copied()
        } else {
            None
        },
        limit_uptime: Some(3_600),
        limit_bytes: Some(100_000_000),
        devices: devices.to_vec(),
        max_devices,
    };
    Desired {
        profiles: [("mnara-daily".to_owned(), profile)].into(),
        users: vec![user],
        ..Desired::nothing()
    }
}

async fn life(version: &str, secure: bool) {
    let router = router(version).await;
    router.advance(Duration::from_secs(600));
    let phone = router.join(None).expect("room in the air");
    let mut core = Core::start(dial(&router, secure), Desired::nothing());
    let first = core.sees("the phone", |seen| seen.hosts.len() == 1).await;
    assert!(
        first.router.version.starts_with(version),
        "{}",
        first.router.version
    );
    core.want(wanting(&[mac(&phone)], 1));
    let applied = core.acts().await;
    assert!(
        applied
            .iter()
            .all(|applied| applied.outcome == Outcome::Done),
        "{applied:?}"
    );
    let seen = core
        .sees("the phone online", |seen| seen.active.len() == 1)
        .await;
    assert_eq!(
        (seen.active[0].mac, seen.users.len(), seen.profiles.len()),
        (mac(&phone), 1, 1)
    );

    // Nothing more to do: what was written reads back as agreement.
    core.handle.look_now();
    let event = core.until("a look", |event| Some(event.clone())).await;
    assert!(matches!(event, Event::Observed(_)), "{event:?}");
    core.handle.look_now();
    let event = core.until("a look", |event| Some(event.clone())).await;
    assert!(matches!(event, Event::Observed(_)), "{event:?}");

    // Edits by hand, then a password changed by hand, which shows only when the device has to log in again.
    let (user, session) = (seen.users[0].id.0.clone(), seen.active[0].id.0.clone());
    let edits = [
        (".id", user.as_str()),
        ("limit-uptime", "0s"),
        ("disabled", "yes"),
        ("mac-address", "00:00:00:00:00:00"),
    ];
    router
        .run("/ip/hotspot/user/set", &edits)
        .expect("an edit by hand");
    core.handle.look_now();
    core.acts().await;
    let whole = |seen: &Observed| {
        seen.users
            .iter()
            .any(|row| !row.disabled && row.limit_uptime.is_some() && row.mac.is_some())
            && seen.active.len() == 1
    };
    core.sees("the user repaired", whole).await;
    router
        .run(
            "/ip/hotspot/user/set",
            &[(".id", user.as_str()), ("password", "other")],
        )
        .expect("an edit by hand");
    router
        .run("/ip/hotspot/active/remove", &[(".id", session.as_str())])
        .expect("a session cut by hand");
    core.sees("the phone cut off", |seen| seen.active.is_empty())
        .await;
    core.sees("the phone online again", |seen| seen.active.len() == 1)
        .await;

    router.reboot(Reboot::PowerCut);
    core.loses_it().await;
    router.booted().await;
    core.until("the restart", |event| {
        matches!(event, Event::Rebooted { .. }).then_some(())
    })
    .await;
    core.sees("the phone online after the restart", |seen| {
        seen.active.len() == 1
    })
    .await;

    let before = mac(&phone);
    let phone = router
        .rotate_mac(&phone.mac.to_string(), None)
        .expect("the phone is there");
    assert_ne!(mac(&phone), before);
    core.want(wanting(&[mac(&phone)], 1));
    core.sees("the phone online under its new address", |seen| {
        seen.active.iter().any(|row| row.mac == mac(&phone))
    })
    .await;

    router
        .burst(&phone.mac.to_string(), 1_000, 5_000)
        .expect("the phone is there");
    core.want(Desired::nothing());
    let cut = core
        .sees("the phone cut off", |seen| {
            seen.active.is_empty() && !seen.users.is_empty()
        })
        .await;
    let used = cut
        .usage()
        .into_values()
        .next()
        .expect("the user is still there");
    assert!(
        used.bytes_in >= 1_000 && used.bytes_out >= 5_000,
        "the last counters are read before the user goes: {used:?}"
    );
    core.sees("all gone", |seen| {
        seen.users.is_empty() && seen.cookies.is_empty() && seen.profiles.is_empty()
    })
    .await;
    assert_eq!(
        router.rows("/ip/hotspot/user").len(),
        1,
        "the router's own trial user stays"
    );
    core.stops().await;
    router.stop().await;
}

#[tokio::test]
async fn a_ticket_lives_on_6_42() {
    life("6.42", false).await;
}

#[tokio::test]
async fn a_ticket_lives_on_6_49() {
    life("6.49", true).await;
}

#[tokio::test]
async fn a_ticket_lives_on_7_14() {
    life("7.14.3", false).await;
}

#[tokio::test]
async fn a_ticket_lives_on_7_18() {
    life("7.18.2", true).await;
}

#[tokio::test]
async fn a_ticket_lives_on_7_24() {
    life("7.24", false).await;
}

#[tokio::test]
async fn a_router_with_faults_is_found_again_and_put_right() {
    let router = router("7.22.3").await;
    let phone = router.join(None).expect("room in the air");
    let mut core = Core::start(dial(&router, true), wanting(&[mac(&phone)], 1));
    core.sees("the phone online", |seen| seen.active.len() == 1)
        .await;

    router.half_open();
    assert!(matches!(core.loses_it().await, Error::Timeout { .. }));
    core.sees("the router again", |seen| seen.active.len() == 1)
        .await;

    router.disconnect();
    assert!(matches!(core.loses_it().await, Error::ConnectionLost(_)));
    core.sees("the router again", |seen| seen.active.len() == 1)
        .await;

    router.fault(|faults| {
        faults.cut = Some(Cut {
            command: "/ip/hotspot/host/print".to_owned(),
            after_bytes: 7,
        })
    });
    core.handle.look_now();
    assert!(matches!(core.loses_it().await, Error::ConnectionLost(_)));
    core.sees("the router again", |seen| seen.active.len() == 1)
        .await;

    router.change_certificate().expect("a new certificate");
    router.disconnect();
    let refused = |event: &Event| {
        matches!(
            event,
            Event::RouterLost {
                why: Error::WrongCertificate { .. }
            }
        )
        .then_some(())
    };
    core.until("the certificate to be refused", refused).await;
    core.stops().await;
    router.stop().await;
}

#[tokio::test]
async fn a_router_without_room_is_told_from_one_that_does_not_want_this_address() {
    let router = router("7.22.3").await;
    let dial = dial(&router, false);
    let limit = |most: &str, address: &str| {
        let values = [
            ("numbers", "api"),
            ("max-sessions", most),
            ("address", address),
        ];
        router.run("/ip/service/set", &values).expect("a service");
    };
    limit("1", "");
    let (client, connection) = connect(&dial).await.expect("room for one");
    let first = tokio::spawn(connection.run());
    let full = connect(&dial).await.err().expect("no room for two");
    assert!(matches!(full, Error::ConnectionLost(_)), "{full:?}");
    assert!(!client.is_closed(), "the first is left alone");
    drop(client);
    first.await.expect("it ends").expect("nobody needs it");
    // Such a router takes the connection and never says a word.
    limit("20", "10.9.9.0/24");
    let hasty = Dial {
        timing: Timing {
            login: Duration::from_millis(300),
            ..dial.timing
        },
        ..dial
    };
    let ignored = connect(&hasty).await.err().expect("not from here");
    let doing = Doing::LoggingIn;
    assert!(
        matches!(ignored, Error::Timeout { doing: found } if found == doing),
        "{ignored:?}"
    );
    router.stop().await;
}

#[tokio::test]
async fn two_devices_share_a_ticket_and_a_third_takes_the_place_of_the_one_that_left_it() {
    let router = router("7.22.3").await;
    let phones: Vec<Phone> = (0..3)
        .map(|_| router.join(None).expect("room in the air"))
        .collect();
    let macs: Vec<Mac> = phones.iter().map(mac).collect();
    let mut core = Core::start(dial(&router, false), wanting(&macs[..2], 2));
    core.sees("two devices online", |seen| seen.active.len() == 2)
        .await;
    core.want(wanting(&[macs[0], macs[2]], 2));
    let online = |seen: &Observed, mac: Mac| seen.active.iter().any(|row| row.mac == mac);
    core.sees("the third online", |seen| {
        online(seen, macs[0]) && online(seen, macs[2]) && !online(seen, macs[1])
    })
    .await;
    let mut out = wanting(&[macs[0], macs[2]], 2);
    out.cut.insert((TicketId::from_bytes([1; 16]), macs[2]));
    core.want(out);
    core.sees("the third logged out", |seen| {
        online(seen, macs[0]) && seen.active.len() == 1
    })
    .await;
    core.stops().await;
    router.stop().await;
}
