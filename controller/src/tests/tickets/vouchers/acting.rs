//! What a site is asked to do for the voucher whose page somebody looks at.

use mnara_protocol::message::{Fact, PausedFact};
use mnara_protocol::ticket::Usage;

use super::*;
use crate::access::act::extend;
use crate::tests::sites::{commands, link, reports};

/// A voucher that runs at the first site.
async fn running(world: &World) -> TicketId {
    let ticket = reports::bought(world).await;
    Site::new(world, world.shop.site)
        .lets_in(world, ticket)
        .await;
    ticket
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_away_is_said_to_be_and_is_told_nothing_later(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let path = format!("/vouchers/{}", running(&world).await);
    let page = owner.get(&path).await.page();
    let device = [("mac", field(&page, "mac")), ("site", field(&page, "site"))];
    let device = device
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    for (act, form) in [
        ("pause", &[][..]),
        ("resume", &[]),
        ("kick", &device),
        ("free", &device),
    ] {
        let said = owner.post(&format!("{path}/{act}"), form).await.onward();
        assert_eq!(said, format!("{path}?said=away"), "{act}");
        let page = owner.get(&said).await.page();
        assert!(page.contains("Nothing was done, and nothing will be done later"));
    }
    assert_eq!(world.count("commands").await, 0);
    assert_eq!(
        world
            .count("audit where act in ('pause', 'resume', 'kick', 'move')")
            .await,
        0
    );
    // A device of nobody's, and a site of somebody else's.
    for form in [
        [("mac", "nonsense"), device[1]],
        [device[0], ("site", "site_00000000000000000000000000000000")],
    ] {
        let got = owner.post(&format!("{path}/kick"), &form).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_is_there_holds_a_voucher_and_the_page_says_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let path = format!("/vouchers/{}", running(&world).await);
    let hub = link::hub(&world).await;
    let mut site = link::site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let page = cashier.get(&path).await.page();
    let device = [("mac", field(&page, "mac")), ("site", field(&page, "site"))];
    let device = device
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    for (act, form, said) in [
        ("pause", &[][..], "paused"),
        ("kick", &device, "kicked"),
        ("free", &device, "freed"),
        ("resume", &[], "not-paused"),
    ] {
        let act = format!("{path}/{act}");
        let onward = pressed(&world, &mut cashier, (&act, form), &mut site).await;
        assert_eq!(onward, format!("{path}?said={said}"), "{act}");
    }
    assert_eq!(
        world
            .count("audit where act in ('pause', 'kick', 'move') and actor = 'staff'")
            .await,
        3
    );
    // What was refused was asked for all the same. The site has reported nothing but its answers, so the voucher runs as far as is known.
    let (site, mac) = (world.shop.site.to_string(), device[0].1);
    let running = json!({"status": "running"});
    for (act, after) in [
        ("pause", json!({"status": "paused", "site": site})),
        (
            "kick",
            json!({"status": "running", "site": site, "mac": mac}),
        ),
        (
            "move",
            json!({"status": "running", "site": site, "mac": mac}),
        ),
        ("resume", json!({"status": "running", "site": site})),
    ] {
        assert_eq!(
            deed(&world, act).await,
            json!({"before": running, "after": after}),
            "{act}"
        );
    }
    // And that it was refused has a line of its own, which people read wherever they look.
    assert_eq!(
        deed(&world, "not-done").await,
        json!({"before": null, "after": {"asked": "resume", "site": site, "reason": "not-paused"}})
    );
    let page = cashier.get(&path).await.page();
    for says in ["Running on was asked for", "Not done: It is not paused."] {
        assert!(page.contains(says), "{says}: {page}");
    }
    let mut owner = member(&world, Role::Owner, 2).await;
    let page = owner.get("/audit").await.page();
    for says in [
        "asked to pause a voucher",
        "saw that a site did not do what was asked",
        "<ins>asked to let a voucher run on</ins>",
        "<ins>It is not paused.</ins>",
        mac,
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
    owner.get("/language/sw").await;
    let page = owner.get("/audit").await.page();
    for says in [
        "aliomba vocha isimamishwe",
        "iliona kwamba eneo halikufanya lililoombwa",
        "<ins>Haijasimamishwa.</ins>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_voucher_that_moved_is_paused_where_it_is_now(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let harbour = fleet::create::create(app, provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let key = SigningKey::from_bytes(&[40; 32]);
    let mut left = Site::new(&world, harbour);
    left.0.agent = enrolled(app, provider, harbour, &key).await;
    let ticket = reports::bought(&world).await;
    left.lets_in(&world, ticket).await;
    app.clock.advance(Duration::from_secs(60));
    let here = Site::new(&world, world.shop.site);
    here.lets_in(&world, ticket).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let path = format!("/vouchers/{ticket}");
    let hub = link::hub(&world).await;
    let mut site = link::site(&world).await;
    site.dial(&hub);
    site.ready().await;
    // The site that it left is away, which is nothing to it.
    let act = format!("{path}/pause");
    let onward = pressed(&world, &mut cashier, (&act, &[]), &mut site).await;
    assert_eq!(onward, format!("{path}?said=paused"));
    assert_eq!(world.count("commands").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_voucher_that_was_given_more_time_after_its_end_is_paused_where_it_is_used(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let ticket = reports::bought(&world).await;
    let here = Site::new(&world, world.shop.site);
    here.whole_life(&world, ticket).await;
    app.clock.advance(Duration::from_secs(2 * 3600));
    let more = extend(app, provider, ticket, 4 * 3600, None, Actor::Command);
    more.await.unwrap();
    here.redeem(&world, ticket, None, app.clock.now()).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let path = format!("/vouchers/{ticket}");
    let hub = link::hub(&world).await;
    let mut site = link::site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let act = format!("{path}/pause");
    let onward = pressed(&world, &mut cashier, (&act, &[]), &mut site).await;
    assert_eq!(onward, format!("{path}?said=paused"));
    let paused = PausedFact {
        ticket,
        at: app.clock.now().plus_secs(60),
        usage: Usage::default(),
    };
    here.report(&world, Fact::Paused(paused)).await;
    for held in ["tickets", "redemptions"] {
        let held = format!("{held} where paused_at is not null and ended_at is null");
        assert_eq!(world.count(&held).await, 1, "{held}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_paused_a_voucher_stands_in_the_audit_before_its_site_has_answered(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let pause = format!("/vouchers/{}/pause", running(&world).await);
    let hub = link::hub(&world).await;
    let mut site = link::site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let told = {
        let mut pressed = std::pin::pin!(cashier.post(&pause, &[]));
        tokio::select! {
            _ = &mut pressed => panic!("nobody has answered"),
            told = commands::told(&mut site) => told,
        }
    };
    assert!(matches!(told, Command::Pause(_)), "{told:?}");
    // The browser is gone and the site may never answer, but its clock may be held from now on.
    assert_eq!(
        world
            .count("audit where act = 'pause' and actor = 'staff'")
            .await,
        1
    );
    assert_eq!(
        deed(&world, "pause").await,
        json!({"before": {"status": "running"}, "after": {"status": "paused", "site": world.shop.site.to_string()}})
    );
}

/// Presses something that a site is told of, which answers; says where the page leads then.
async fn pressed(
    world: &World,
    browser: &mut Browser<'_>,
    (act, form): (&str, &[(&str, &str)]),
    site: &mut link::Site,
) -> String {
    let mut pressed = std::pin::pin!(browser.post(act, form));
    // What was answered may be told before its sender is looked at again.
    let told = tokio::select! {
        got = &mut pressed => Some(got),
        () = answers(site) => None,
    };
    if let Some(got) = told {
        return got.onward();
    }
    loop {
        world.app.clock.advance(Duration::from_millis(200));
        // The page asks again as its clock goes on, and the database takes a moment each time.
        let soon = tokio::time::timeout(Duration::from_millis(5), &mut pressed);
        if let Ok(got) = soon.await {
            return got.onward();
        }
    }
}

/// The site does what it is told, except that it lets nothing run on.
async fn answers(site: &mut link::Site) {
    let (id, report) = match commands::told(site).await {
        Command::Pause(hold) => (hold.id, Report::Done),
        Command::Kick(kick) => (kick.id, Report::Done),
        Command::Release(place) => (place.id, Report::Done),
        Command::Resume(hold) => {
            let why = mnara_protocol::message::NotDone::NotPaused;
            let refused = mnara_protocol::message::RefusedReport { why };
            (hold.id, Report::Refused(refused))
        }
        other => panic!("{other:?}"),
    };
    commands::reports(site, id, &report).await;
}
