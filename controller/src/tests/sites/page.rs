//! The page of one site: what its agent tells of it, what is done for its customers, and who sees that.

use axum::body::BodyDataStream;
use futures_util::StreamExt as _;
use mnara_protocol::ids::{CommandId, TicketId};
use mnara_protocol::message::{
    Command, Finding, FindingsReport, HotspotSample, LiveSample, Report, RouterAnswers,
    RouterSample, Sample, SessionSample, Verdict,
};
use mnara_protocol::session::Event;

use super::link::{PATIENCE, Site, hub, site};
use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors::member;

const PHONE_MAC: Mac = Mac::from_bytes([0x4a, 0x3b, 0x2c, 0x1d, 0x0e, 0x0f]);

fn path(world: &World) -> String {
    format!("/sites/{}", world.shop.site)
}

fn session(ticket: Option<TicketId>) -> SessionSample {
    SessionSample {
        ticket,
        mac: PHONE_MAC,
        address: "10.5.50.7".to_owned(),
        online_secs: 660,
        up: 1_250_000,
        down: 51_900_000,
        up_bps: Some(64_000),
        down_bps: Some(5_200_000),
    }
}

fn live(world: &World, sessions: Vec<SessionSample>) -> LiveSample {
    LiveSample {
        at: world.app.clock.now(),
        looked: Some(world.app.clock.now()),
        answers: RouterAnswers::Yes,
        router: Some(RouterSample {
            board: "hAP <b>ax2</b>".to_owned(),
            version: "7.20.8 (long-term)".to_owned(),
            architecture: "arm64".to_owned(),
            uptime_secs: 90_000,
            cpu_load: 7,
            free_memory: 700_000_000,
        }),
        hotspots: vec![HotspotSample {
            name: "<script>alert(1)</script>".to_owned(),
            interface: "bridge".to_owned(),
            runs: true,
        }],
        hosts: 9,
        online: u32::try_from(sessions.len()).unwrap(),
        sessions: Some(sessions),
    }
}

/// Tells, and waits until the controller has it: what comes after it on the link is acknowledged.
async fn tells(site: &mut Site, kind: u16, body: Vec<u8>) {
    site.session.sample(kind, body).unwrap();
    for _ in 0..2 {
        site.drift(1);
        site.all_acknowledged().await;
    }
}

async fn told(site: &mut Site) -> Command {
    let event = site
        .until(|event| matches!(event, Event::Command { .. }))
        .await;
    let Event::Command { kind, body } = event else {
        unreachable!("waited for a command");
    };
    Command::decode(kind, &body).unwrap()
}

async fn reports(site: &mut Site, id: CommandId, report: &Report) {
    let (kind, body) = (report.kind(), report.encode());
    site.session.report(id, kind, body).unwrap();
    for _ in 0..2 {
        site.drift(1);
        site.all_acknowledged().await;
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_tells_how_it_is_and_is_asked_for_more_while_somebody_looks(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let ticket = reports::bought(&world).await;
    let mut technician = member(&world, Role::Technician, 1).await;
    let page = technician.get(&path(&world)).await.page();
    assert!(
        page.contains("Nothing has come from this site yet"),
        "{page}"
    );
    let looks_over = format!("action=\"{}/diagnose\"", path(&world));
    assert!(page.contains(&looks_over), "{page}");
    assert!(page.contains("/claim\"><button class=\"quiet\">"), "{page}");
    let Command::Watch(watch) = told(&mut site).await else {
        panic!("it is told that somebody looks");
    };
    assert!(watch.until > world.app.clock.now());

    let sample = Sample::Live(live(&world, vec![session(Some(ticket)), session(None)]));
    tells(&mut site, sample.kind(), sample.encode()).await;
    // Of a later version, and damaged: neither takes the place of what can be shown.
    tells(&mut site, 900, vec![0xa0]).await;
    tells(&mut site, 1, vec![0xff]).await;
    let page = technician.get(&path(&world)).await.page();
    for shown in [
        "…1D:0E:0F",
        "10.5.50.7",
        "11\u{a0}min",
        "51\u{a0}MB (5.2\u{a0}Mbit/s)",
        "1\u{a0}d 1\u{a0}h",
        "7.20.8 (long-term)",
        "Not on a voucher",
    ] {
        assert!(page.contains(shown), "{shown} in {page}");
    }
    assert!(
        !page.contains("<script>alert") && !page.contains("<b>ax2"),
        "{page}"
    );
    assert_eq!(
        world.count("commands where kind = 5").await,
        1,
        "asked once"
    );
    let list = technician.get("/sites").await.page();
    assert!(list.contains("Online: 2"), "{list}");
    // Files for the router are offered for what it said it is.
    let files = format!("{}/files", path(&world));
    let files = technician.get(&files).await.page();
    for filled in ["value=\"7.20.8\"", "value=\"arm64\" selected", "script&#"] {
        assert!(files.contains(filled), "{filled} in {files}");
    }
    assert!(!files.contains("<script>alert"), "{files}");
    let (back, _) = files.split_once("<section class=\"narrow\">").unwrap();
    assert!(back.contains("<p class=\"back\">"), "{files}");
    let home = technician.get("/home").await.page();
    let (_, tile) = home.split_once("<h2>Online now</h2>").unwrap();
    assert!(
        tile.trim_start().starts_with("<p class=\"figure\">2</p>"),
        "{home}"
    );
    let link = format!("href=\"/vouchers/{ticket}\"");
    assert!(!page.contains(&link), "technicians see no vouchers: {page}");
    // Whoever only looks is offered nothing to do.
    let mut reader = member(&world, Role::Reader, 2).await;
    let page = reader.get(&path(&world)).await.page();
    assert!(
        page.contains("…1D:0E:0F") && !page.contains("/kick"),
        "{page}"
    );
    // What is old says nothing about now.
    world.app.clock.advance(Duration::from_secs(200));
    let page = technician.get(&path(&world)).await.page();
    assert!(!page.contains("…1D:0E:0F"), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_is_done_for_a_customer_reaches_the_site_and_its_answer_the_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    let ticket = reports::bought(&world).await;
    let mut technician = member(&world, Role::Technician, 1).await;
    let (path, ticket_text) = (path(&world), ticket.to_string());
    let form = [
        ("ticket", ticket_text.as_str()),
        ("mac", "4A:3B:2C:1D:0E:0F"),
    ];
    // With the site away nothing is done, and the page says so.
    let onward = technician
        .post(&format!("{path}/kick"), &form)
        .await
        .onward();
    let page = technician.get(&onward).await.page();
    assert!(
        page.contains("The site is away, so nothing was done"),
        "{page}"
    );
    assert!(!page.contains("/diagnose"), "{page}");
    assert_eq!(world.count("commands").await, 0);

    site.dial(&hub);
    site.ready().await;
    for (act, done) in [
        ("kick", true),
        ("move", true),
        ("pause", false),
        ("resume", true),
    ] {
        let onward = technician
            .post(&format!("{path}/{act}"), &form)
            .await
            .onward();
        let id = match told(&mut site).await {
            Command::Kick(kick) => {
                assert_eq!(
                    (kick.ticket, kick.mac, act),
                    (ticket, Some(PHONE_MAC), "kick")
                );
                kick.id
            }
            Command::Release(give) => {
                assert_eq!((give.ticket, give.mac, act), (ticket, PHONE_MAC, "move"));
                give.id
            }
            Command::Pause(hold) => {
                assert_eq!((hold.ticket, act), (ticket, "pause"));
                hold.id
            }
            Command::Resume(hold) => {
                assert_eq!((hold.ticket, act), (ticket, "resume"));
                hold.id
            }
            other => panic!("{act}: {other:?}"),
        };
        assert_eq!(onward, format!("{path}?asked={id}"));
        let request = Request::get(&onward).body(Body::empty()).unwrap();
        let waits = technician.open(request).await;
        assert_eq!(waits.headers()["refresh"], "3", "it looks again by itself");
        // The first page asks to be told more.
        if act == "kick" {
            assert!(matches!(told(&mut site).await, Command::Watch(_)));
        }
        let report = if done {
            Report::Done
        } else {
            Report::Refused(mnara_protocol::message::RefusedReport {
                why: mnara_protocol::message::NotDone::NotRunning,
            })
        };
        reports(&mut site, id, &report).await;
        let page = technician.get(&onward).await.page();
        let says = if done {
            ">Done.<"
        } else {
            "Its clock is not running"
        };
        assert!(page.contains(says), "{act}: {page}");
    }
    assert_eq!(
        world
            .count("audit where actor = 'staff' and act in ('kick', 'move', 'pause', 'resume')")
            .await,
        4
    );
    // Each says which voucher, where it stood and what it was to be, and which device.
    let stands: String = read(
        &world.app,
        "select before ->> 'status' from audit where act = 'move'",
    )
    .await;
    let site_text = world.shop.site.to_string();
    assert_eq!(
        deed(&world, "move").await,
        json!({
            "before": {"status": stands},
            "after": {"status": stands, "site": site_text, "mac": "4A:3B:2C:1D:0E:0F"},
        })
    );
    assert_eq!(
        deed(&world, "pause").await["after"],
        json!({"status": "paused", "site": site_text})
    );
    assert_eq!(
        deed(&world, "not-done").await["after"],
        json!({"asked": "pause", "site": site_text, "reason": "not-running"})
    );
    let onward = technician
        .post(&format!("{path}/diagnose"), &[])
        .await
        .onward();
    let Command::Diagnose(ask) = told(&mut site).await else {
        panic!("it is asked how it is");
    };
    let findings = Report::Findings(FindingsReport {
        findings: vec![Finding {
            about: "rights".to_owned(),
            verdict: Verdict::Bad,
            says: "the user <lacks> write".to_owned(),
            next: Some("give it".to_owned()),
        }],
    });
    reports(&mut site, ask.id, &findings).await;
    let page = technician.get(&onward).await.page();
    assert!(
        page.contains("the user &#60;lacks&#62; write") && page.contains("give it"),
        "{page}"
    );
    // Who reads Kiswahili is told in Kiswahili, with the agent's own words beside it.
    technician.get("/language/sw").await;
    let page = technician.get(&onward).await.page();
    for says in [
        "Mtumiaji wa wakala kwenye ruta hana ruhusa zote anazohitaji.",
        "La kufanya: Kwenye ruta: /user/group/set",
        "<span lang=\"en\">the user &#60;lacks&#62; write: give it</span>",
    ] {
        assert!(page.contains(says), "{says}: {page}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn extra_time_is_given_at_once_also_while_the_site_is_away(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let ticket = reports::bought(&world).await.to_string();
    let mut manager = member(&world, Role::Manager, 1).await;
    let path = path(&world);
    for (minutes, says, secs) in [
        ("a lot", "Give 1 to 43,200 minutes", 0),
        ("0", "Give 1 to 43,200 minutes", 0),
        ("30", "The voucher has more time", 1800),
    ] {
        let form = [("ticket", ticket.as_str()), ("minutes", minutes)];
        let onward = manager
            .post(&format!("{path}/extend"), &form)
            .await
            .onward();
        let page = manager.get(&onward).await.page();
        assert!(page.contains(says), "{minutes}: {page}");
        let extended = format!("tickets where extra_secs = {secs}");
        assert_eq!(world.count(&extended).await, 1);
    }
    assert_eq!(world.count("audit where act = 'extend'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn extra_time_is_given_once_by_one_form(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let hub = hub(&world).await;
    let mut site = site(&world).await;
    site.dial(&hub);
    site.ready().await;
    let ticket = reports::bought(&world).await;
    let sample = Sample::Live(live(&world, vec![session(Some(ticket))]));
    tells(&mut site, sample.kind(), sample.encode()).await;
    let mut manager = member(&world, Role::Manager, 1).await;
    let path = path(&world);
    let ticket = ticket.to_string();
    for (minutes, was, says) in [
        ("30", "0", "The voucher has more time"),
        ("30", "0", "The voucher has more time"),
        ("45", "0", "Somebody gave this voucher time meanwhile"),
    ] {
        let form = [
            ("ticket", ticket.as_str()),
            ("minutes", minutes),
            ("was", was),
        ];
        let onward = manager
            .post(&format!("{path}/extend"), &form)
            .await
            .onward();
        let page = manager.get(&onward).await.page();
        assert!(page.contains(says), "{minutes}: {page}");
        assert!(page.contains("name=\"was\" value=\"1800\""), "{page}");
    }
    assert_eq!(world.count("tickets where extra_secs = 1800").await, 1);
    assert_eq!(world.count("audit where act = 'extend'").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nobody_sees_or_moves_a_neighbours_site(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let ticket = reports::bought(&world).await.to_string();
    let mut stranger = Browser::new(&world, 2);
    stranger.sign_up("Another", "another@example.com").await;
    let own = stranger.post("/sites", &[("name", "Mine")]).await.onward();
    let path = path(&world);
    let form = [
        ("ticket", ticket.as_str()),
        ("mac", "4A:3B:2C:1D:0E:0F"),
        ("minutes", "30"),
    ];
    for get in [
        path.clone(),
        format!("{path}/live"),
        format!("{path}/files"),
    ] {
        let got = stranger.get(&get).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{get}");
    }
    for act in ["kick", "pause", "resume", "move", "diagnose", "claim"] {
        let got = stranger.post(&format!("{path}/{act}"), &form).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{act}");
    }
    // A neighbour's voucher from a site of one's own.
    for act in ["kick", "pause", "extend"] {
        let onward = stranger.post(&format!("{own}/{act}"), &form).await.onward();
        let page = stranger.get(&onward).await.page();
        assert!(page.contains("There is no such voucher"), "{act}: {page}");
    }
    assert_eq!(world.count("commands").await, 0);
    assert_eq!(world.count("tickets where extra_secs > 0").await, 0);
}

async fn next(stream: &mut BodyDataStream) -> Option<String> {
    let chunk = tokio::time::timeout(PATIENCE, stream.next())
        .await
        .unwrap()?;
    Some(String::from_utf8(chunk.unwrap().to_vec()).unwrap())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_page_is_kept_live_until_its_reader_logs_out(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut technician = member(&world, Role::Technician, 1).await;
    let address = format!("{}/live", path(&world));
    let open = || Request::get(&address).body(Body::empty()).unwrap();
    let response = technician.open(open()).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    let mut stream = response.into_body().into_data_stream();
    let first = next(&mut stream).await.unwrap();
    assert!(
        first.contains("event: live\n") && first.contains("data: "),
        "{first}"
    );
    // With the tag that stands beside the site's name.
    assert!(
        first.contains("<template data-for=\"standing\">"),
        "{first}"
    );
    // One person holds few of them.
    let mut more = Vec::new();
    for _ in 0..5 {
        let response = technician.open(open()).await;
        assert_eq!(response.status(), StatusCode::OK);
        more.push(response);
    }
    assert_eq!(
        technician.open(open()).await.status(),
        StatusCode::NO_CONTENT
    );
    more.clear();
    assert_eq!(technician.open(open()).await.status(), StatusCode::OK);

    technician.post("/log-out", &[]).await.onward();
    {
        let mut over = std::pin::pin!(next(&mut stream));
        tokio::select! {
            biased;
            more = &mut over => panic!("{more:?}"),
            // It has been asked once, and waits on the clock.
            () = std::future::ready(()) => {}
        }
        world.app.clock.advance(Duration::from_secs(40));
        assert_eq!(over.await, None);
    }
    let again = technician.open(open()).await;
    assert_eq!(again.status(), StatusCode::SEE_OTHER);

    // With the program's end every stream ends.
    technician
        .log_in("technician1@example.com", PASSWORD)
        .await
        .onward();
    let response = technician.open(open()).await;
    let mut stream = response.into_body().into_data_stream();
    next(&mut stream).await.unwrap();
    world.app.shutdown.cancel();
    assert_eq!(next(&mut stream).await, None);
}
