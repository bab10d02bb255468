//! What dates do to tickets is written in their rows as well, and changes nothing else.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::TicketId;
use mnara_protocol::message::{EndedFact, Fact, PausedFact, Printed};
use mnara_protocol::ticket::{EndReason, Status, Usage};
use sqlx::types::Uuid;

use super::*;
use crate::jobs::tasks::{Ran, in_hands, run_now, stand};
use crate::tests::sites::reports::Site;
use crate::tickets::expire::{EXPIRE, expire};
use crate::tickets::extend::extend;
use crate::tickets::series::Printout;
use crate::tickets::{revoke, store};

const USED_NOTHING: Usage = Usage {
    online_secs: 0,
    bytes_up: 0,
    bytes_down: 0,
};

/// What the table says of each ticket, and what it comes to now.
async fn words(world: &World) -> BTreeMap<TicketId, (String, Status)> {
    let provider = world.shop.provider;
    let mut tx = world.app.db.tenant(provider).await.unwrap();
    let rows: Vec<(Uuid, String)> = sqlx::query_as("select id, status from tickets")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    let ids: Vec<_> = rows
        .iter()
        .map(|(id, _)| TicketId::from_uuid(*id))
        .collect();
    let now = world.app.clock.now();
    let found = store::by_ids(&mut tx, provider, &ids, now).await.unwrap();
    let computed: BTreeMap<TicketId, Status> = found
        .iter()
        .map(|found| (found.kept.ticket.id, found.kept.ticket.status(now)))
        .collect();
    rows.into_iter()
        .map(|(id, word)| (TicketId::from_uuid(id), word))
        .map(|(id, word)| (id, (word, computed[&id])))
        .collect()
}

/// Runs the work and checks that it changed words alone, each to what is computed; gives them by their place in the batch.
async fn run(world: &World, printed: &Printout) -> Vec<&'static str> {
    let feed = "select coalesce(sum(revision), 0)::bigint from site_feed";
    let before = (words(world).await, read::<i64>(&world.app, feed).await);
    let work = work::WORK.iter().find(|work| work.kind == EXPIRE).unwrap();
    assert_eq!(run_now(&world.app, work).await.unwrap(), Ran::Done);
    let after = words(world).await;
    assert_eq!(read::<i64>(&world.app, feed).await, before.1);
    for (id, (word, computed)) in &after {
        let (word_before, computed_before) = &before.0[id];
        assert_eq!(computed, computed_before, "nothing was decided");
        assert!(word == word_before || word == computed.as_str(), "{word}");
    }
    printed
        .tickets
        .iter()
        .map(|ticket| {
            let (word, computed) = &after[&ticket.id];
            if word == computed.as_str() {
                computed.as_str()
            } else {
                "behind"
            }
        })
        .collect()
}

fn from(printed: &Printout, place: usize) -> (TicketId, Option<Printed>) {
    let ticket = &printed.tickets[place];
    let series = printed.series.id;
    let index = ticket.index;
    (ticket.id, Some(Printed { series, index }))
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_dates_did_is_written_and_what_a_site_tells_late_counts_as_before(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let site = Site::new(&world, world.shop.site);
    let printed = series::print(&world, 6).await;
    let start: Timestamp = app.clock.now();
    stand(app, [EXPIRE]).await.unwrap();
    // One is left alone and one taken back; one runs, one waits for its device, one is held, one is given more time later.
    revoke::ticket(app, provider, &printed.tickets[1].code, Actor::Command)
        .await
        .unwrap();
    for place in 2..6 {
        let (id, of) = from(&printed, place);
        site.redeem(&world, id, of, start).await;
        if place != 3 {
            site.confirm(&world, id, start).await;
        }
    }
    let paused = |ticket, at| {
        let usage = USED_NOTHING;
        Fact::Paused(PausedFact { ticket, at, usage })
    };
    let held = paused(printed.tickets[4].id, start.plus_secs(600));
    site.report(&world, held).await;
    let ended = EndedFact {
        ticket: printed.tickets[5].id,
        reason: EndReason::Duration,
        at: start.plus_secs(3_600),
        usage: USED_NOTHING,
    };
    app.clock.advance(Duration::from_secs(4_000));
    site.report(&world, Fact::Ended(ended)).await;
    extend(
        app,
        provider,
        &printed.tickets[5].code,
        3_600,
        Actor::Command,
    )
    .await
    .unwrap();
    assert_eq!(
        run(&world, &printed).await,
        ["active", "revoked", "behind", "active", "active", "active"],
        "a site has an hour to tell of an end"
    );
    app.clock.advance(Duration::from_secs(4 * 3_600));
    assert_eq!(
        run(&world, &printed).await,
        ["active", "revoked", "used", "active", "active", "used"]
    );
    app.clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(
        run(&world, &printed).await,
        ["expired", "revoked", "used", "active", "active", "used"]
    );
    let word = async |place: usize| words(&world).await[&printed.tickets[place].id].clone();
    // The one that ran was held in time, which its site tells now that it is back.
    let (id, _) = from(&printed, 2);
    site.report(&world, paused(id, start.plus_secs(1_800)))
        .await;
    assert_eq!(word(2).await, ("active".to_owned(), Status::Active));
    // And the one that nobody had used was used in time.
    let (id, of) = from(&printed, 0);
    site.redeem(&world, id, of, start.plus_secs(86_400)).await;
    assert_eq!(word(0).await, ("active".to_owned(), Status::Active));
    let now = app.clock.now();
    site.confirm(&world, id, now).await;
    assert_eq!(word(0).await, ("active".to_owned(), Status::Active));
    app.clock.advance(Duration::from_secs(2 * 3_600));
    assert_eq!(
        run(&world, &printed).await,
        ["used", "revoked", "active", "active", "active", "used"]
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn many_that_pass_at_once_are_all_written_and_by_two_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    series::print(&world, 1_200).await;
    stand(&world.app, [EXPIRE]).await.unwrap();
    world.pass(30 * 86_400 - 1).await;
    let expired = "tickets where status = 'expired'";
    assert_eq!(world.count(expired).await, 0);
    world.app.clock.advance(Duration::from_secs(1));
    let mut tx = world.app.db.platform(Reason::Jobs).await.unwrap();
    let job = in_hands(&mut tx, EXPIRE).await.unwrap();
    drop(tx);
    let (one, two) = tokio::join!(expire(&world.app, &job), expire(&world.app, &job));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    // What one had in hand the other passed over.
    assert_eq!(world.count(expired).await, 1_200);
    let versions = "select sum(xmin::text::bigint)::bigint from tickets";
    let before: i64 = read(&world.app, versions).await;
    world.pass(600).await;
    assert_eq!(read::<i64>(&world.app, versions).await, before, "once");
}
