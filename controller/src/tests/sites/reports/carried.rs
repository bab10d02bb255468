//! A ticket that its customer brings to another site, and one that a site gave away.

use mnara_protocol::message::Answer;
use mnara_protocol::session::MAX_INNER_BODY;
use mnara_protocol::ticket::Slot;
use mnara_protocol::ticket::code::TicketCode;

use super::*;
use crate::access::Use;
use crate::access::store::save_use;
use crate::tickets::extend::extend;

fn question(code: &str) -> LookupQuestion {
    LookupQuestion {
        attempt: attempt(9),
        code: code.to_owned(),
        deadline: Timestamp::from_secs(1_900_000_000),
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_bought_ticket_goes_where_its_customer_brings_it_with_what_was_used(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let ticket = bought(&world).await;
    let now = world.app.clock.now();
    first.redeem(&world, ticket, None, now).await;
    first.confirm(&world, ticket, now).await;
    first.meter(&world, ticket, 30_000, now.plus_secs(60)).await;
    let code: String = read(
        &world.app,
        "select code from tickets where payment_id is not null",
    )
    .await;
    let answer = questions::lookup(&world.app, &second.0, &question(&code))
        .await
        .unwrap();
    assert_eq!(answer.refusal, None);
    let holds = async |site: SiteId| {
        let rows = world.feed(site).await;
        rows.into_iter().find_map(|row| match row {
            Row::Ticket(row) => Some(row),
            _ => None,
        })
    };
    assert!(
        holds(first.0.site).await.is_none(),
        "it left the site that had it"
    );
    let row = holds(second.0.site).await.unwrap();
    let taken = row.taken.unwrap();
    assert_eq!((taken.since, taken.usage.bytes_down), (Some(now), 30_000));
    // The second site goes on counting from there; the sum is not doubled, and it can come back.
    second
        .redeem(&world, ticket, None, now.plus_secs(100))
        .await;
    second
        .meter(&world, ticket, 45_000, now.plus_secs(160))
        .await;
    assert_eq!(world.count("tickets where bytes_down = 45000").await, 1);
    questions::lookup(&world.app, &first.0, &question(&code))
        .await
        .unwrap();
    assert_eq!(
        holds(first.0.site)
            .await
            .unwrap()
            .taken
            .unwrap()
            .usage
            .bytes_down,
        45_000
    );
    assert!(holds(second.0.site).await.is_none());
    let refusals = [
        (printed.tickets[0].code.as_str(), Refusal::OtherSite),
        ("ZZZZZZZZZZZZ", Refusal::Unknown),
        ("not a code", Refusal::Unknown),
    ];
    for (code, refusal) in refusals {
        let answer = questions::lookup(&world.app, &second.0, &question(code))
            .await
            .unwrap();
        assert_eq!(answer.refusal, Some(refusal), "{code}");
    }
    let other = business(&world.app, 2).await;
    let neighbour = Site::of(other.provider, other.site, other.agent);
    let answer = questions::lookup(&world.app, &neighbour.0, &question(&code))
        .await
        .unwrap();
    assert_eq!(
        answer.refusal,
        Some(Refusal::Unknown),
        "another provider's code is no code"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn more_time_reaches_a_ticket_where_it_is_and_not_where_it_was(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, _) = two_sites(&world).await;
    let ticket = bought(&world).await;
    let now = world.app.clock.now();
    first.redeem(&world, ticket, None, now).await;
    first.confirm(&world, ticket, now).await;
    let code: String = read(
        &world.app,
        "select code from tickets where payment_id is not null",
    )
    .await;
    questions::lookup(&world.app, &second.0, &question(&code))
        .await
        .unwrap();
    let code = TicketCode::parse(&code).unwrap();
    extend(&world.app, world.shop.provider, &code, 600, Actor::Command)
        .await
        .unwrap();
    let extra = async |site: SiteId| {
        let rows = world.feed(site).await;
        rows.into_iter().find_map(|row| match row {
            Row::Ticket(row) => Some((row.right.extra_secs, row.taken.is_some())),
            _ => None,
        })
    };
    assert_eq!(extra(second.0.site).await, Some((600, true)));
    assert_eq!(extra(first.0.site).await, None, "it came back by itself");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_given_more_time_after_its_end_is_carried_and_taken_back_as_open(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let (app, provider) = (&world.app, world.shop.provider);
    let sold = bought(&world).await;
    let [longer, over] = [0, 1].map(|place: usize| printed.tickets[place].id);
    let began = app.clock.now();
    for ticket in [sold, longer, over] {
        first.whole_life(&world, ticket).await;
    }
    app.clock.advance(Duration::from_secs(2 * 3600));
    let code: String = read(app, "select code from tickets where payment_id is not null").await;
    let sold_code = TicketCode::parse(&code).unwrap();
    for code in [&sold_code, &printed.tickets[0].code] {
        let more = extend(app, provider, code, 4 * 3600, Actor::Command);
        more.await.unwrap();
    }
    let ask = FactsQuestion {
        attempt: AttemptId::from_bytes([1; 16]),
        after: None,
        deadline: app.clock.now().plus_secs(30),
    };
    let facts = questions::facts(app, &first.0, &ask).await.unwrap();
    for (ticket, is_over) in [(sold, false), (longer, false), (over, true)] {
        let one = facts.taken.iter().find(|one| one.ticket == ticket).unwrap();
        assert_eq!(one.ended.is_some(), is_over);
        assert_eq!(one.since, Some(began.plus_secs(1)));
    }
    let answer = questions::lookup(app, &second.0, &question(&code)).await;
    assert_eq!(answer.unwrap().refusal, None);
    let rows = world.feed(second.0.site).await;
    let taken = rows.into_iter().find_map(|row| match row {
        Row::Ticket(row) => row.taken,
        _ => None,
    });
    let taken = taken.unwrap();
    assert_eq!((taken.ended, taken.since), (None, Some(began.plus_secs(1))));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_page_of_what_was_used_fits_into_a_frame_however_many_devices_a_ticket_has(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (provider, now) = (world.shop.provider, world.app.clock.now());
    let site = Site::new(&world, world.shop.site);
    let printed = series::print(&world, 200).await;
    let slots: Vec<Slot> = (0..100)
        .map(|n| Slot {
            mac: mac(n),
            seen: now,
        })
        .collect();
    let mut tx = world.app.db.platform(Reason::Ingest).await.unwrap();
    for ticket in &printed.tickets {
        let one = Use {
            site: site.0.site,
            redeemed_at: now,
            started_at: None,
            paused_at: None,
            ended: None,
            usage: Usage::default(),
            slots: slots.clone(),
            cut_off: false,
            lost: false,
        };
        save_use(&mut tx, provider, ticket.id, &one, None)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let mut told: Vec<TicketId> = Vec::new();
    loop {
        let ask = FactsQuestion {
            attempt: attempt(1),
            after: told.last().copied(),
            deadline: now.plus_secs(30),
        };
        let page = questions::facts(&world.app, &site.0, &ask).await.unwrap();
        let more = page.more;
        assert!(!page.taken.is_empty() || !more, "it goes on");
        told.extend(page.taken.iter().map(|one| one.ticket));
        assert!(Answer::Facts(page).encode().len() <= MAX_INNER_BODY);
        if !more {
            break;
        }
    }
    let mut all: Vec<TicketId> = printed.tickets.iter().map(|one| one.id).collect();
    all.sort_unstable();
    assert_eq!(told, all, "each once");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_a_site_gave_away_is_a_ticket_of_that_site_and_no_sale(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    const CODE: &str = "7KQ2M0X190AB";
    let world = World::open(pool, options).await;
    let (first, second, _) = two_sites(&world).await;
    let now = world.app.clock.now();
    let ticket = TicketId::new(now, [9; 10]);
    let tried = TriedFact {
        ticket,
        mac: mac(1),
        at: now,
        right: Right {
            terms: Terms {
                duration_secs: Some(900),
                online_secs: None,
                data_bytes: None,
                devices: 1,
                rate: None,
            },
            sell_by: None,
            revoked: None,
            extra_secs: 0,
        },
        code: CODE.to_owned(),
        cut_off: true,
    };
    // A journal that had forked tells it twice.
    for _ in 0..2 {
        first.report(&world, Fact::Tried(tried.clone())).await;
    }
    first.confirm(&world, ticket, now.plus_secs(2)).await;
    first.meter(&world, ticket, 7_000, now.plus_secs(62)).await;
    assert_eq!(status(&world, ticket).await, Status::Active);
    let mine = "tickets where tried_by is not null and price = 0 and payment_id is null and redeemed_at is not null";
    assert_eq!(world.count(mine).await, 1);
    assert_eq!(
        world
            .count("site_events where kind = 'unknown-ticket'")
            .await,
        0
    );
    // No other site honours it, and its own takes it back whole when its store is lost.
    let answer = questions::lookup(&world.app, &second.0, &question(CODE))
        .await
        .unwrap();
    assert_eq!(answer.refusal, Some(Refusal::OtherSite));
    let ask = FactsQuestion {
        attempt: AttemptId::from_bytes([1; 16]),
        after: None,
        deadline: now.plus_secs(30),
    };
    let facts = questions::facts(&world.app, &first.0, &ask).await.unwrap();
    let back = facts.taken[0].tried.as_ref().unwrap();
    assert_eq!((back.mac, back.code.as_str()), (mac(1), CODE));
    assert_eq!(
        (back.right.terms, facts.taken[0].since),
        (tried.right.terms, Some(now.plus_secs(2)))
    );
    // It counts for itself, and neither as money nor as a voucher.
    let span = Span {
        from: now.plus_secs(-3600),
        to: now.plus_secs(3600),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let summed = report_sums(&mut tx, world.shop.provider, span, Filter::default())
        .await
        .unwrap();
    drop(tx);
    let sums = summed.total();
    assert_eq!((sums.tried, sums.used, sums.paid, sums.sold), (1, 0, 0, 0));
    assert_eq!(sums.bytes, 7_000, "what it moved was moved all the same");
    let mut by_plan = crate::reports::sums::Sums::default();
    for of_plan in summed.plans.values() {
        by_plan.add(of_plan);
    }
    assert_eq!(by_plan, sums, "by plan is all there is too");
    // A site that names another's ticket, or no code, changes nothing.
    let other = business(&world.app, 2).await;
    let neighbour = Site::of(other.provider, other.site, other.agent);
    neighbour.report(&world, Fact::Tried(tried.clone())).await;
    let short = TriedFact {
        ticket: TicketId::new(now, [8; 10]),
        code: "123456".to_owned(),
        ..tried
    };
    second.report(&world, Fact::Tried(short)).await;
    assert_eq!(world.count("tickets where tried_by is not null").await, 1);
    assert_eq!(
        world
            .count("site_events where kind = 'unknown-ticket'")
            .await,
        2
    );
}
