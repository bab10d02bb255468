//! The form of a plan that a program made: opened and saved, with nothing typed, it sells what it sold.

use mnara_protocol::ids::PlanId;
use mnara_protocol::plan::{Burst, Hours, Rate};

use super::*;
use crate::nairobi;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, Got};
use crate::tests::pages::doors::member;

/// What a form sends.
type Fields = Vec<(String, String)>;

/// What stands in an attribute of a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}

/// What the form of a plan sends as the page has it.
fn fields(page: &str, path: &str) -> Fields {
    let (_, rest) = page.split_once(&format!("action=\"{path}\"")).unwrap();
    let (form, _) = rest.split_once("</form>").unwrap();
    let mut sent = Vec::new();
    let mut list = String::new();
    for tag in form.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        let value = attribute(tag, "value");
        if tag.starts_with("select ") {
            list = attribute(tag, "name").unwrap();
        } else if tag.starts_with("option ") && tag.ends_with(" selected") {
            sent.push((list.clone(), value.unwrap()));
        } else if tag.starts_with("input ") {
            let name = attribute(tag, "name").unwrap();
            let is_box = attribute(tag, "type").as_deref() == Some("checkbox");
            if !is_box || tag.ends_with(" checked") {
                sent.push((name, value.unwrap_or_else(|| "on".to_owned())));
            }
        }
    }
    sent
}

async fn send(browser: &mut Browser<'_>, path: &str, fields: &[(String, String)]) -> Got {
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    browser.post(path, &fields).await
}

async fn now(world: &World, id: PlanId) -> Plan {
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let found = plans::store::plan(&mut tx, provider, id).await.unwrap();
    found.unwrap()
}

/// Plans as programs make them, each with something that a form takes from nobody.
fn odd() -> Vec<Draft> {
    let with = |change: fn(&mut Draft)| {
        let mut draft = hour();
        change(&mut draft);
        draft
    };
    let friday = |draft: &mut Draft, minute| {
        draft.hours = Some(Hours {
            days: 0b001_0000,
            from_minute: minute,
            until_minute: minute,
            ahead_minutes: nairobi::AHEAD_MINUTES,
        });
    };
    let mut all_of_friday = hour();
    friday(&mut all_of_friday, 0);
    let mut from_eight = hour();
    friday(&mut from_eight, 480);
    vec![
        all_of_friday,
        from_eight,
        with(|draft| draft.sell_by_secs = Some(36 * 3_600)),
        with(|draft| draft.sell_by_secs = Some(12 * 3_600)),
        with(|draft| draft.sell_by_secs = Some(5_400)),
        with(|draft| draft.sell_by_secs = Some(3_601)),
        with(|draft| draft.terms.duration_secs = Some(90)),
        with(|draft| draft.terms.online_secs = Some(86_399)),
        with(|draft| draft.terms.data_bytes = Some(1_073_741_824)),
        with(|draft| {
            draft.terms.rate = Some(Rate {
                down_bps: 1_048_576,
                up_bps: 524_288,
                burst: Some(Burst {
                    down_bps: 2_097_152,
                    up_bps: 1_048_576,
                    down_below_bps: 786_432,
                    up_below_bps: 393_216,
                    secs: 16,
                }),
            });
        }),
        with(|draft| {
            draft.hours = Some(Hours {
                days: Hours::EVERY_DAY,
                from_minute: 0,
                until_minute: 0,
                ahead_minutes: nairobi::AHEAD_MINUTES,
            });
        }),
    ]
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_plan_of_a_program_that_is_opened_and_saved_sells_what_it_sold(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    for draft in odd() {
        let made = plans::edit::create(&world.app, world.shop.provider, &draft, Actor::Command);
        let made = made.await.unwrap();
        let path = format!("/plans/{}", made.id);
        let mut form = fields(&owner.get(&path).await.page(), &path);
        send(&mut owner, &path, &form).await.onward();
        let same = Plan {
            revision: 2,
            ..made.clone()
        };
        assert_eq!(now(&world, made.id).await, same);
        // Who saved it may have its form open still.
        let got = send(&mut owner, &path, &form).await;
        assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
        form = fields(&got.text, &path);
        for (name, value) in &mut form {
            if name == "name" {
                *value = "Another".to_owned();
            }
        }
        send(&mut owner, &path, &form).await.onward();
        let named = Plan {
            revision: 3,
            name: "Another".to_owned(),
            ..made
        };
        assert_eq!(now(&world, named.id).await, named);
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_somebody_else_changed_meanwhile_is_overwritten_by_nobody_who_did_not_hear_of_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let id = world.shop.plan.id;
    let path = format!("/plans/{id}");
    let form = fields(&owner.get(&path).await.page(), &path);
    let theirs = Draft {
        price: Money::from_shillings(70),
        ..hour()
    };
    plans::edit::change(&world.app, world.shop.provider, id, &theirs, Actor::Command)
        .await
        .unwrap();
    let got = send(&mut owner, &path, &form).await;
    assert_eq!(got.status, StatusCode::CONFLICT, "{}", got.text);
    let says = "Somebody else has changed this plan since you opened it";
    assert!(got.text.contains(says), "{}", got.text);
    let plan = now(&world, id).await;
    assert_eq!((plan.price, plan.revision), (Money::from_shillings(70), 2));
    // What was typed is there still, for whoever means it.
    let again = fields(&got.text, &path);
    send(&mut owner, &path, &again).await.onward();
    let plan = now(&world, id).await;
    assert_eq!((plan.price, plan.revision), (Money::from_shillings(50), 3));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn who_types_part_of_an_hour_is_told_how_to_write_it(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let form = |time, sell_by| {
        [
            ("name", "An hour and a half"),
            ("price", "30"),
            ("time", time),
            ("time_unit", "h"),
            ("devices", "1"),
            ("sell_by", sell_by),
        ]
    };
    for (form, says) in [
        (form("1.5", ""), "in whole numbers, such as 90 minutes."),
        (form("1", "1.5"), "in whole numbers, such as 36 hours."),
    ] {
        let got = owner.post("/plans", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(got.text.contains(says), "{says}: {}", got.text);
    }
}
