//! More time for a ticket: told to the sites in the same transaction, with all else they had been told.

use mnara_protocol::message::{EndedFact, Fact, Printed, TicketRow};
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{EndReason, Right, Usage};

use super::*;
use crate::access::hold::{Hold, NotHeld, tell_in};
use crate::access::questions::order;
use crate::tests::sites::reports;
use crate::tickets::extend::{NotExtended, extend};
use crate::tickets::feed::Delivery;
use crate::tickets::store;

async fn told(world: &World) -> TicketRow {
    let rows = world.feed(world.shop.site).await.into_iter();
    rows.filter_map(|row| match row {
        Row::Ticket(row) => Some(row),
        _ => None,
    })
    .next()
    .unwrap()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn more_time_reaches_the_site_and_what_ran_out_is_open_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let ticket = reports::bought(&world).await;
    let code: String = read(app, "select code from tickets").await;
    let code = TicketCode::parse(&code).unwrap();
    let before = told(&world).await;
    assert!(before.deliver_to.is_some());
    extend(app, provider, &code, 1800, Actor::Command)
        .await
        .unwrap();
    let after = told(&world).await;
    let right = Right {
        extra_secs: 1800,
        ..before.right
    };
    assert_eq!(
        after,
        TicketRow { right, ..before },
        "who it is for is still known"
    );

    let site = reports::Site::new(&world, world.shop.site);
    site.whole_life(&world, ticket).await;
    world.app.clock.advance(Duration::from_secs(2 * 3600));
    assert!(matches!(
        extend(app, provider, &code, 60, Actor::Command).await,
        Err(NotExtended::StaysShut)
    ));
    let hold = async || {
        let mut tx = app.db.tenant(provider).await.unwrap();
        let who = (provider, Actor::Command);
        tell_in(app, &mut tx, who, &code, Hold::Pause, &[]).await
    };
    assert!(matches!(hold().await, Err(NotHeld::NotUsed)));
    extend(app, provider, &code, 3600, Actor::Command)
        .await
        .unwrap();
    // Its clock runs again, so it can be held before anybody is back.
    assert_eq!(hold().await.unwrap().len(), 1);
    let open = "tickets where status = 'active' and extra_secs = 5400 and expires_at = started_at + interval '9000 s'";
    assert_eq!(world.count(open).await, 1);
    let deed = "audit where act = 'extend' and before = '{\"extra_secs\": 1800}' and after = '{\"secs\": 3600, \"extra_secs\": 5400}'";
    assert_eq!(world.count(deed).await, 1);
    assert_eq!(told(&world).await.right.extra_secs, 5400);

    let stranger = business(app, 2).await;
    assert!(matches!(
        extend(app, stranger.provider, &code, 60, Actor::Command).await,
        Err(NotExtended::Missing)
    ));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_printed_one_on_its_way_to_a_device_still_gets_there(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, shop) = (&world.app, &world.shop);
    let printed = series::print(&world, 3).await;
    let code = &printed.tickets[1].code;
    let now = app.clock.now();
    let delivery = Delivery {
        to: mac(1),
        until: now.plus_secs(600),
    };
    let mut tx = app.db.tenant(shop.provider).await.unwrap();
    let found = store::by_code(&mut tx, shop.provider, code, now)
        .await
        .unwrap()
        .unwrap();
    let ordered = order(&mut tx, shop.provider, &found, shop.site, delivery)
        .await
        .unwrap();
    fleet::feed::put(&mut tx, shop.provider, ordered.unwrap())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    extend(app, shop.provider, code, 1800, Actor::Command)
        .await
        .unwrap();
    let rows = world.feed(shop.site).await.into_iter();
    let told: Vec<_> = rows
        .filter_map(|row| match row {
            Row::Ruling(row) => Some((row.right.extra_secs, row.deliver_to, row.deliver_until)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(1800, Some(delivery.to), Some(delivery.until))]);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_printed_one_that_its_site_forgets_has_no_more_time(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let printed = series::print(&world, 2).await;
    let site = reports::Site::new(&world, world.shop.site);
    let now = app.clock.now();
    for one in &printed.tickets {
        let number = Printed {
            series: printed.series.id,
            index: one.index,
        };
        site.redeem(&world, one.id, Some(number), now).await;
        site.confirm(&world, one.id, now).await;
        let ended = EndedFact {
            ticket: one.id,
            reason: EndReason::Duration,
            at: now.plus_secs(3_600),
            usage: Usage::default(),
        };
        site.report(&world, Fact::Ended(ended)).await;
    }
    let give = async |place: usize| {
        let code = &printed.tickets[place].code;
        extend(app, provider, code, 7 * 86_400, Actor::Command).await
    };
    app.clock.advance(Duration::from_secs(3_600 + 2 * 86_400));
    give(0).await.unwrap();
    app.clock.advance(Duration::from_secs(1));
    assert!(matches!(give(1).await, Err(NotExtended::StaysShut)));
    assert_eq!(world.count("tickets where extra_secs > 0").await, 1);
    // It ran out again and nobody had come: what counts is that end.
    app.clock.advance(Duration::from_secs(5 * 86_400));
    let again = EndedFact {
        ticket: printed.tickets[0].id,
        reason: EndReason::Duration,
        at: now.plus_secs(3_600 + 7 * 86_400),
        usage: Usage::default(),
    };
    site.report(&world, Fact::Ended(again)).await;
    give(0).await.unwrap();
}
