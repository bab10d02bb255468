//! How the portal looks, from the owner's form to what sites are told; and what else a plan may say.

mod sites;

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mnara_protocol::message::{LogoRow, LookRow, PayFailure, PictureKind, TrialRow};
use mnara_protocol::plan::Hours;

use sha2::Digest as _;

use super::browser::{Browser, Got};
use super::*;
use crate::tickets;

const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const LOOK: [(&str, &str); 9] = [
    ("colour", "#ffee00"),
    ("own_button", "on"),
    ("button", "#123456"),
    ("help_phone", "0712 345 678"),
    ("welcome_en", "<script>alert(1)</script>"),
    ("welcome_sw", "Karibu"),
    ("banner_en", "Half price today"),
    ("terms_en", "Be kind.\r\nPay first."),
    ("terms_sw", ""),
];

const NIGHT: [(&str, &str); 13] = [
    ("name", "Night"),
    ("price", "30"),
    ("time", "8"),
    ("time_unit", "h"),
    ("devices", "1"),
    ("down", "5"),
    ("burst_down", "10"),
    ("from", "22:00"),
    ("until", "05:00"),
    ("fri", "on"),
    ("coloured", "on"),
    ("colour", "#112233"),
    ("on_sale", "on"),
];

async fn upload(browser: &mut Browser<'_>, picture: &[u8]) -> Got {
    upload_to(browser, "/settings/portal/logo", picture).await
}

async fn upload_to(browser: &mut Browser<'_>, path: &str, picture: &[u8]) -> Got {
    let mut body =
        b"--cut\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"l\"\r\n\r\n".to_vec();
    body.extend(picture);
    body.extend(b"\r\n--cut--\r\n");
    let request = Request::post(path)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body));
    browser.send(request.unwrap()).await
}

/// An owner with a site.
async fn owner(world: &World) -> (Browser<'_>, ProviderId, SiteId) {
    let mut owner = Browser::new(world, 1);
    owner.sign_up("Njeri Wi-Fi", "njeri@example.com").await;
    owner.post("/sites", &[("name", "Kilimani")]).await.onward();
    let provider = read(
        &world.app,
        "select provider_id from sites where name = 'Kilimani'",
    )
    .await;
    let site = read(&world.app, "select id from sites where name = 'Kilimani'").await;
    (
        owner,
        ProviderId::from_uuid(provider),
        SiteId::from_uuid(site),
    )
}

fn look_of(rows: &[Row]) -> Option<&LookRow> {
    rows.iter().find_map(|row| match row {
        Row::Look(look) => Some(look),
        _ => None,
    })
}

fn logos_of(rows: &[Row]) -> Vec<&LogoRow> {
    rows.iter()
        .filter_map(|row| match row {
            Row::Logo(logo) => Some(logo),
            _ => None,
        })
        .collect()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_an_owner_decides_reaches_every_site_and_no_other_business(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, provider, site) = owner(&world).await;
    let form = owner.get("/settings/portal").await.page();
    assert!(form.contains("name=\"welcome_sw\"") && form.contains("<iframe name=\"preview\""));
    // What nobody needs at first is folded up, and open once it says something.
    assert!(form.contains("<details><summary>Terms of use</summary>"));
    assert_eq!(
        owner.post("/settings/portal", &LOOK).await.onward(),
        "/settings/portal?done=kept"
    );
    let page = owner.get("/settings/portal?done=kept").await.page();
    assert!(page.contains("&#60;script") && !page.contains("<script>alert"));
    assert!(page.contains("value=\"#123456\"") && page.contains("Pay first."));
    assert!(page.contains("<details open><summary>Terms of use</summary>"));
    let rows = world.feed(site).await;
    let look = look_of(&rows).unwrap();
    assert_eq!(look.button, Some(0x12_34_56));
    assert_eq!(look.welcome.as_ref().unwrap().swahili, "Karibu");
    assert_eq!(look.terms.as_ref().unwrap().english, "Be kind.\nPay first.");
    assert!(rows.iter().any(|row| matches!(row, Row::Site(site)
        if site.colour == 0xff_ee_00 && site.help_phone.as_deref() == Some("0712 345 678"))));
    assert!(look_of(&world.feed(world.shop.site).await).is_none());
    let mine = format!(
        "audit where provider_id = '{}' and act = 'portal'",
        provider.uuid()
    );
    assert_eq!(world.count(&mine).await, 1);
    // A site that was not told, such as one with a new agent, is told of it with everything else.
    let sql = format!(
        "update site_feed set deleted = true where site_id = '{}'",
        site.uuid()
    );
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tickets::feed::refresh_site(&world.app, &mut tx, provider, site)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(look_of(&world.feed(site).await).is_some());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_look_that_cannot_be_is_shown_again_as_it_was_typed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    let long = "x".repeat(201);
    for (field, value, says) in [
        ("colour", "yellow", "Give the colour as six digits"),
        ("help_phone", "call me", "Give the help phone as digits"),
        ("welcome_en", long.as_str(), "at most 200 letters"),
        ("banner_en", long.as_str(), "at most 160 letters"),
    ] {
        let form = LOOK.map(|(name, was)| (name, if name == field { value } else { was }));
        let got = owner.post("/settings/portal", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(
            got.text.contains(says) && got.text.contains("Karibu"),
            "{field}"
        );
        // The preview says it too, and draws what is kept.
        let got = owner.post("/settings/portal/preview/home", &form).await;
        assert!(got.page().contains(says), "{field}");
    }
    assert!(look_of(&world.feed(site).await).is_none());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_logo_is_kept_replaced_and_taken_away_everywhere(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    let png = STANDARD.decode(PNG).unwrap();
    for (picture, says) in [
        (&b""[..], "Choose a picture first"),
        (&[0x89; 17_000][..], "too large"),
        (b"<svg xmlns='x'/>", "SVG pictures"),
        (b"%PDF-1.7", "not a picture we can show"),
        (&png[..30], "cannot be read"),
    ] {
        let got = upload(&mut owner, picture).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(got.text.contains(says), "{}", got.text);
    }
    assert_eq!(world.count("portal_looks").await, 0);
    upload(&mut owner, &png).await.onward();
    let rows = world.feed(site).await;
    let [logo] = logos_of(&rows)[..] else {
        panic!("{rows:?}")
    };
    assert_eq!((logo.kind, &logo.picture), (PictureKind::Png, &png));
    let before = look_of(&rows).unwrap().logo.unwrap();
    let preview = owner.get("/settings/portal/preview/home").await.page();
    assert!(preview.contains(&format!("data:image/png;base64,{PNG}")));
    // Another takes its place, and the first leaves every feed.
    let mut other = png.clone();
    other.extend(b"more");
    upload(&mut owner, &other).await.onward();
    let rows = world.feed(site).await;
    assert_eq!(logos_of(&rows).len(), 1);
    assert_ne!(look_of(&rows).unwrap().logo, Some(before));
    // Words are changed without it.
    owner.post("/settings/portal", &LOOK).await.onward();
    assert_eq!(logos_of(&world.feed(site).await).len(), 1);
    owner.post("/settings/portal/logo/end", &[]).await.onward();
    let rows = world.feed(site).await;
    assert!(logos_of(&rows).is_empty() && look_of(&rows).unwrap().logo.is_none());
    assert_eq!(
        world
            .count("audit where act = 'portal' and subject = 'logo'")
            .await,
        3
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_preview_is_the_portal_itself_in_a_frame_that_does_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    owner.post("/plans", &NIGHT).await.onward();
    let form: Vec<_> = LOOK.into_iter().chain([("lang", "sw")]).collect();
    let page = owner
        .post("/settings/portal/preview/home", &form)
        .await
        .page();
    assert!(page.contains("<html lang=\"sw\">") && page.contains(">Karibu<"));
    assert!(page.contains("Half price today") && page.contains("Night"));
    assert!(page.contains("style.css?c=ffee00&amp;b=123456&amp;p=112233"));
    assert!(page.contains("Huuzwa 22:00–05:00, Iju") && !page.contains("<script"));
    assert!(
        look_of(&world.feed(site).await).is_none(),
        "it is nobody's yet"
    );
    let terms = owner.get("/settings/portal/preview/terms").await;
    assert!(terms.policy.starts_with("sandbox; default-src 'none'"));
    assert!(terms.policy.contains("frame-ancestors 'self'"));
    let settings = owner.get("/settings/portal").await;
    assert!(
        settings
            .policy
            .contains("frame-src 'self'; form-action 'self'")
    );
    let mut nobody = Browser::new(&world, 2);
    let sheet = nobody
        .get("/settings/portal/preview/style.css?c=ffee00&b=123456")
        .await
        .page();
    assert!(sheet.contains("--brand:#ffee00") && sheet.contains("--button:#123456"));
    // A plan is shown among the others before it is for sale.
    let other: Vec<_> = NIGHT
        .into_iter()
        .map(|(name, value)| (name, if name == "name" { "<i>New</i>" } else { value }))
        .collect();
    let page = owner.post("/plans/preview", &other).await.page();
    assert!(page.contains("&lt;i&gt;New") && page.contains(">Night<"));
    let bad: Vec<_> = NIGHT
        .into_iter()
        .map(|(name, value)| (name, if name == "until" { "" } else { value }))
        .collect();
    let page = owner.post("/plans/preview", &bad).await.page();
    assert!(page.contains("Give both times of day"));
    assert_eq!(world.count("plans where name like '%New%'").await, 0);
    // A form that begins with a preset begins with what it would look like, and any other with what is there.
    let page = owner.get("/plans/new?preset=week").await.page();
    assert!(
        page.contains(" src=\"/plans/preview?preset=week\""),
        "{page}"
    );
    let page = owner.get("/plans/preview?preset=week").await.page();
    assert!(page.contains(">1 week<") && page.contains(">Night<"));
    let page = owner.get("/plans/new?preset=x%22y").await.page();
    assert!(page.contains(" src=\"/plans/preview\""), "{page}");
    let page = owner.get("/plans/preview?preset=none").await.page();
    assert!(page.contains(">Night<") && !page.contains("class=\"trouble\""));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_plan_of_the_night_is_sold_at_night_and_its_burst_goes_with_the_ticket(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, _, site) = owner(&world).await;
    owner.post("/plans", &NIGHT).await.onward();
    assert!(
        owner
            .get("/plans")
            .await
            .page()
            .contains("Sold 22:00–05:00, Fri")
    );
    let rows = world.feed(site).await;
    let plan = rows
        .iter()
        .find_map(|row| match row {
            Row::Plan(plan) => Some(plan.clone()),
            _ => None,
        })
        .unwrap();
    assert_eq!(plan.colour, Some(0x11_22_33));
    let burst = plan.terms.rate.unwrap().burst.unwrap();
    assert_eq!((burst.down_bps, burst.up_bps), (10_000_000, 5_000_000));
    // The form shows what is kept.
    let form = owner.get(&format!("/plans/{}", plan.id)).await.page();
    for shown in [
        "value=\"22:00\"",
        "name=\"fri\" checked",
        "value=\"#112233\"",
    ] {
        assert!(form.contains(shown), "{shown}");
    }
    // The same rule where the money is asked for.
    let mut draft = hour();
    draft.hours = plan.hours.map(|hours| Hours {
        days: Hours::EVERY_DAY,
        ..hours
    });
    draft.terms = plan.terms;
    let night = plans::edit::create(&world.app, world.shop.provider, &draft, Actor::Command)
        .await
        .unwrap();
    let is_open = night.is_sold_at(world.app.clock.now());
    let ask = Ask {
        plan: night.id,
        seen: None,
        ..world.shop.ask(1, PHONE)
    };
    let begun = world.begin(ask).await;
    assert_eq!(
        !matches!(begun, Err(NotBegun::NotAsked(PayFailure::NotNow, None))),
        is_open
    );
}

/// What the form holds of a trial.
const TRIAL: [(&str, &str); 6] = [
    ("trial", "on"),
    ("trial_minutes", "15"),
    ("trial_mb", "100"),
    ("trial_mbps", "2"),
    ("trial_days", "7"),
    ("trial_a_day", "20"),
];

/// Lets a business in, or stops it.
async fn stands(world: &World, provider: ProviderId, word: &str) {
    let sql = format!(
        "update providers set state = '{word}' where id = '{}'",
        provider.uuid()
    );
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

fn trial_of(rows: &[Row]) -> Option<&TrialRow> {
    rows.iter().find_map(|row| match row {
        Row::Trial(trial) => Some(trial),
        _ => None,
    })
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_free_trial_is_off_until_the_owner_gives_it_and_again_when_it_is_taken_away(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (mut owner, provider, site) = owner(&world).await;
    stands(&world, provider, "active").await;
    owner.post("/settings/portal", &LOOK).await.onward();
    assert!(trial_of(&world.feed(site).await).is_none());
    let page = owner.get("/settings/portal").await.page();
    assert!(page.contains("name=\"trial\"") && !page.contains("name=\"trial\" checked"));
    assert!(page.contains("name=\"trial_a_day\"") && page.contains("value=\"50\""));
    for (field, value, says) in [
        ("trial_minutes", "4", "5 to 240 minutes"),
        ("trial_mb", "much", "1 to 100,000 MB"),
        ("trial_mbps", "0", "1 to 1,000 Mbit/s"),
        ("trial_days", "", "1 to 60 days"),
        ("trial_a_day", "201", "1 to 200 free trials"),
    ] {
        let form = TRIAL.map(|(name, was)| (name, if name == field { value } else { was }));
        let form: Vec<_> = LOOK.into_iter().chain(form).collect();
        let got = owner.post("/settings/portal", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
        assert!(got.text.contains(says), "{field}");
    }
    let form: Vec<_> = LOOK.into_iter().chain(TRIAL).collect();
    let preview = owner
        .post("/settings/portal/preview/home", &form)
        .await
        .page();
    assert!(
        preview.contains("Try free for 15\u{a0}minutes"),
        "{preview}"
    );
    assert!(
        trial_of(&world.feed(site).await).is_none(),
        "it is nobody's yet"
    );
    owner.post("/settings/portal", &form).await.onward();
    let rows = world.feed(site).await;
    let trial = trial_of(&rows).unwrap();
    assert_eq!(
        (trial.every_days, trial.a_day, trial.ahead_minutes),
        (7, 20, 180)
    );
    assert_eq!(trial.terms.duration_secs, Some(900));
    assert_eq!(trial.terms.data_bytes, Some(100_000_000));
    assert_eq!(trial.terms.rate.unwrap().down_bps, 2_000_000);
    assert!(trial_of(&world.feed(world.shop.site).await).is_none());
    let page = owner.get("/settings/portal").await.page();
    assert!(page.contains("name=\"trial\" checked"));
    // A business that was stopped gives nothing away.
    stands(&world, provider, "suspended").await;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    tickets::feed::refresh_site(&world.app, &mut tx, provider, site)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert!(trial_of(&world.feed(site).await).is_none());
    stands(&world, provider, "active").await;
    // Taken away, its numbers are kept for the next time.
    owner
        .post(
            "/settings/portal",
            &form
                .iter()
                .copied()
                .filter(|(name, _)| *name != "trial")
                .collect::<Vec<_>>(),
        )
        .await
        .onward();
    assert!(trial_of(&world.feed(site).await).is_none());
    let page = owner.get("/settings/portal").await.page();
    assert!(page.contains("id=\"trial_a_day\"") && page.contains("value=\"20\""));
}
