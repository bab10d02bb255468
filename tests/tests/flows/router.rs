//! The router away, rebooted, edited by hand, or another one: what is sold goes on, and what it has is what it should have.

use std::collections::BTreeMap;
use std::time::Duration;

use mnara_tests::sim::routeros::{Config, Reboot, Refused, Router};
use mnara_tests::world::agent::{PASSWORD, USER};
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World};

/// A world with one customer who has paid and is online.
async fn world_with_customer() -> (World, Buyer) {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = mnara_tests::sim::daraja::Mode::Automatic { after_ms: 10 };
    let world = World::start(setup).await.unwrap();
    let buyer = Buyer::join(&world.site, 40_000_000).unwrap();
    let order = buyer
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.started(&order.payment).await.unwrap();
    (world, buyer)
}

#[tokio::test]
async fn who_paid_while_the_router_was_away_is_online_when_it_is_back() {
    let (world, _) = world_with_customer().await;
    let late = Buyer::join(&world.site, 41_000_000).unwrap();
    world.site.router.fault(|faults| faults.stall = true);
    let order = late
        .order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    assert!(!late.phone.online(&world.site.router));
    world.site.router.fault(|faults| faults.stall = false);
    late.phone.comes_online(&world.site.router).await.unwrap();
    // The clock of the ticket starts when the router lets the phone through, not when money came.
    world.started(&order.payment).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn sessions_come_back_after_a_reboot_and_after_a_cut_of_the_power() {
    let (world, buyer) = world_with_customer().await;
    for kind in [Reboot::Graceful, Reboot::PowerCut] {
        world.site.router.reboot(kind);
        world.site.router.down().await;
        world.site.router.booted().await;
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_half_open_connection_is_noticed() {
    let (world, _) = world_with_customer().await;
    world.site.router.half_open();
    let late = Buyer::join(&world.site, 42_000_000).unwrap();
    late.order(&world, world.business.plan("One hour"))
        .await
        .unwrap();
    late.phone.comes_online(&world.site.router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn what_somebody_broke_by_hand_is_mended_and_what_is_theirs_is_left_alone() {
    let (world, buyer) = world_with_customer().await;
    let router = &world.site.router;
    router
        .run(
            "/ip/hotspot/user/add",
            &[
                ("name", "the-owners-own"),
                ("password", "x"),
                ("comment", "mine"),
            ],
        )
        .unwrap();
    let ours: Vec<String> = router
        .rows("/ip/hotspot/user")
        .iter()
        .filter(|row| {
            row.get("comment")
                .is_some_and(|comment| comment.starts_with("mnara:"))
        })
        .map(|row| row[".id"].clone())
        .collect();
    assert!(
        !ours.is_empty(),
        "no hotspot user is ours: {:?}",
        router.rows("/ip/hotspot/user")
    );
    for id in &ours {
        router
            .run("/ip/hotspot/user/remove", &[(".id", id)])
            .unwrap();
    }
    for row in router.rows("/ip/hotspot/active") {
        router
            .run("/ip/hotspot/active/remove", &[(".id", &row[".id"])])
            .unwrap();
    }
    assert!(!buyer.phone.online(router));
    buyer.phone.comes_online(router).await.unwrap();
    let owners = router.rows("/ip/hotspot/user");
    assert!(
        owners
            .iter()
            .any(|row| row.get("name").is_some_and(|name| name == "the-owners-own")),
        "the owner's own user is gone: {owners:?}"
    );
    world.end().await.unwrap();
}

/// What the router has of ours, without what changes by use: users and profiles.
fn ours(router: &Router) -> Vec<String> {
    let said = |menu: &str, names: &[&str]| -> Vec<String> {
        let mut rows: Vec<String> = router
            .rows(menu)
            .iter()
            .filter(|row| {
                let begins = |name: &str, with: &str| {
                    row.get(name).is_some_and(|value| value.starts_with(with))
                };
                begins("comment", "mnara:") || begins("name", "mnara-")
            })
            .map(|row| {
                let of =
                    |name: &&str| format!("{name}={}", row.get(*name).map_or("", String::as_str));
                names.iter().map(of).collect::<Vec<_>>().join(" ")
            })
            .collect();
        rows.sort();
        rows
    };
    let mut all = said(
        "/ip/hotspot/user",
        &[
            "name",
            "password",
            "profile",
            "mac-address",
            "disabled",
            "comment",
        ],
    );
    all.extend(said(
        "/ip/hotspot/user/profile",
        &["name", "rate-limit", "shared-users", "keepalive-timeout"],
    ));
    all
}

#[tokio::test]
async fn each_edit_by_hand_is_undone_within_a_minute() {
    let (world, buyer) = world_with_customer().await;
    let router = &world.site.router;
    let right = ours(router);
    let id = |menu: &str, fits: &dyn Fn(&BTreeMap<String, String>) -> bool| {
        let rows = router.rows(menu);
        let row = rows.iter().find(|row| fits(row)).expect("a row of ours");
        row[".id"].clone()
    };
    let tagged = |row: &BTreeMap<String, String>| {
        row.get("comment")
            .is_some_and(|comment| comment.starts_with("mnara:"))
    };
    let named = |row: &BTreeMap<String, String>| {
        row.get("name")
            .is_some_and(|name| name.starts_with("mnara-") && !name.contains("default"))
    };
    let user = || id("/ip/hotspot/user", &tagged);
    let profile = || id("/ip/hotspot/user/profile", &named);
    // The mark of a ticket that nobody sold.
    let made_up = format!("mnara:tkt_{}", "0".repeat(32));
    type Edit<'a> = (&'a str, &'a dyn Fn() -> Result<Option<String>, Refused>);
    let edits: [Edit<'_>; 8] = [
        ("a user's password is changed", &|| {
            router.run(
                "/ip/hotspot/user/set",
                &[(".id", &user()), ("password", "guessed")],
            )
        }),
        ("a router from 7.21 on hides it", &|| {
            router.knob(|knobs| knobs.secrets_need_flag = true);
            router.run(
                "/ip/hotspot/user/set",
                &[(".id", &user()), ("password", "guessed")],
            )
        }),
        ("a user is disabled", &|| {
            router.run(
                "/ip/hotspot/user/set",
                &[(".id", &user()), ("disabled", "yes")],
            )
        }),
        ("a user's comment is changed", &|| {
            router.run(
                "/ip/hotspot/user/set",
                &[(".id", &user()), ("comment", "the boss' own")],
            )
        }),
        ("a user's limits are taken off", &|| {
            router.run(
                "/ip/hotspot/user/set",
                &[
                    (".id", &user()),
                    ("limit-uptime", "0s"),
                    ("limit-bytes-total", "0"),
                ],
            )
        }),
        ("a profile gets another speed", &|| {
            router.run(
                "/ip/hotspot/user/profile/set",
                &[(".id", &profile()), ("rate-limit", "1G/1G")],
            )
        }),
        ("a profile is for more devices", &|| {
            router.run(
                "/ip/hotspot/user/profile/set",
                &[(".id", &profile()), ("shared-users", "50")],
            )
        }),
        ("a user with our mark is made up", &|| {
            router.run(
                "/ip/hotspot/user/add",
                &[("name", "free"), ("comment", &made_up)],
            )
        }),
    ];
    for (what, edit) in edits {
        edit().unwrap_or_else(|error| panic!("{what}: {error}"));
        // `until` gives up after a minute.
        world
            .until(what, async || {
                let (is, unlimited) = (
                    ours(router),
                    router.rows("/ip/hotspot/user").iter().any(|row| {
                        tagged(row) && row.get("limit-uptime").is_none_or(|limit| limit == "0s")
                    }),
                );
                anyhow::ensure!(is == right && !unlimited, "{is:#?} is not {right:#?}");
                Ok(Some(()))
            })
            .await
            .unwrap();
        buyer.phone.comes_online(router).await.unwrap();
    }
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_device_that_the_router_lets_through_anyway_is_sold_nothing() {
    let world = World::start(Setup::default()).await.unwrap();
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let before = world
        .until("the page sells", async || {
            let page = phone.home(router).await?;
            Ok(page.form("/portal/buy").is_some().then_some(page))
        })
        .await
        .unwrap();
    let binding = [("mac-address", phone.mac.as_str()), ("type", "bypassed")];
    router.run("/ip/hotspot/ip-binding/add", &binding).unwrap();
    let says_so = "This device needs no voucher";
    world
        .until("the page says that nothing is needed", async || {
            let page = phone.home(router).await?;
            Ok(page.says(says_so).then_some(()))
        })
        .await
        .unwrap();
    // The form of a page from before asks nobody for money.
    let plan = &world.business.plan("One hour").id;
    let page = phone.order(router, &before, plan, "0712 345 678").await;
    let page = page.unwrap();
    assert!(page.says(says_so), "{}", page.text);
    let payments = "select count(*) from payments";
    assert_eq!(world.controller.value(payments).await.unwrap(), "0");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_router_that_was_replaced_gets_what_the_old_one_had() {
    let (mut world, buyer) = world_with_customer().await;
    world.drained(&world.site).await.unwrap();
    let had = ours(&world.site.router);
    // Another box with the same plain configuration: another certificate, no users, the same phones.
    let next = Router::start(Config {
        users: vec![(USER.to_owned(), PASSWORD.to_owned(), "full".to_owned())],
        portal: Some(world.site.agent.portal()),
        phones: [127, 91, 0, 0].into(),
        ..Setup::default().router
    })
    .await
    .unwrap();
    next.join(Some(&buyer.phone.mac)).unwrap();
    let line = world
        .business
        .claim(&world.controller, &world.site.id)
        .await
        .unwrap();
    world.site.agent.stop().await.unwrap();
    let old = std::mem::replace(&mut world.site.router, next);
    old.stop().await;
    // The agent keeps its key and its store; only the router is another.
    let cable = world.site.cable.address();
    world
        .site
        .agent
        .enrol(&line, cable, &world.site.router)
        .await
        .unwrap();
    world.site.agent.start().await.unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    assert_eq!(ours(&world.site.router), had);

    // Reset by its button: everything of ours is gone, phones come back as strangers.
    let router = &world.site.router;
    for menu in [
        "/ip/hotspot/active",
        "/ip/hotspot/cookie",
        "/ip/hotspot/user",
    ] {
        for row in router.rows(menu) {
            if row.get("default").is_none_or(|default| default != "true") {
                router
                    .run(&format!("{menu}/remove"), &[(".id", &row[".id"])])
                    .unwrap();
            }
        }
    }
    buyer.phone.comes_online(router).await.unwrap();
    assert_eq!(ours(router), had);
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_router_that_shows_another_certificate_is_told_nothing() {
    let (mut world, _) = world_with_customer().await;
    world.site.router.change_certificate().unwrap();
    world.site.router.disconnect();
    world
        .until("the agent refuses the router and says why", async || {
            let status = world.site.agent.status().await?;
            let trouble = status["router_trouble"]
                .as_str()
                .unwrap_or_default()
                .to_lowercase();
            anyhow::ensure!(trouble.contains("certificate"), "{trouble}");
            Ok((status["router"] == false).then_some(()))
        })
        .await
        .unwrap();
    // It is said loudly: somebody must look.
    world.allow("router");
    world.end().await.unwrap();
}

#[tokio::test]
async fn an_hour_is_an_hour_on_the_router_and_in_the_books() {
    let (world, buyer) = world_with_customer().await;
    let pass = async |secs: u64| {
        let by = Duration::from_secs(secs);
        world.site.agent.advance(by).await.unwrap();
        world.controller.advance(by).await.unwrap();
        world.site.router.advance(by);
    };
    for _ in 0..11 {
        pass(300).await;
    }
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    pass(360).await;
    buyer.phone.goes_offline(&world.site.router).await.unwrap();
    world
        .until("the books say that the hour is over", async || {
            // The site may be between two tries to reach the cloud, which it makes ever less often.
            pass(10).await;
            let rows = world
                .controller
                .ask("select status, end_reason from tickets")
                .await?;
            Ok((rows == [["used", "duration"]]).then_some(()))
        })
        .await
        .unwrap();
    world.end().await.unwrap();
}
