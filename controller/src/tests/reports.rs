//! What sites report: one use is one, two are judged, and a clock that was wrong is put right.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{AttemptId, JournalId, SessionId, TicketId};
use mnara_protocol::message::{
    EndedFact, Fact, FactsQuestion, GrantedFact, HealthEvent, HealthFact, LookupQuestion,
    MeteredFact, PausedFact, Printed, RedeemedFact, ReleasedFact, ResumedFact, RulingRow,
    TriedFact,
};
use mnara_protocol::plan::Terms;
use mnara_protocol::session::{Entry, EntryNo};
use mnara_protocol::ticket::{EndReason, Refusal, Right, Status, Usage};

use super::*;
use crate::access::{questions, report};
use crate::fleet::hub::Sender;
use crate::reports::period::Span;
use crate::reports::store::sums::{Filter, report as report_sums};
use crate::tickets::series::{Printout, print};
use crate::tickets::store;

/// A site that reports.
#[derive(Clone, Copy)]
pub(super) struct Site(pub(super) Sender);

impl Site {
    pub(super) fn new(world: &World, site: SiteId) -> Self {
        Self::of(world.shop.provider, site, world.shop.agent)
    }

    fn of(provider: ProviderId, site: SiteId, agent: AgentId) -> Self {
        Self(Sender {
            provider,
            site,
            agent,
            journal: JournalId::from_bytes([1; 16]),
            epoch: 1,
        })
    }

    /// Reports as ingest takes it: applied, then told, in one transaction.
    pub(super) async fn report(&self, world: &World, fact: Fact) {
        let at = match &fact {
            Fact::Redeemed(said) => said.at,
            Fact::Granted(said) => said.at,
            Fact::Metered(said) => said.at,
            Fact::Ended(said) => said.at,
            Fact::Released(said) => said.at,
            Fact::Health(said) => said.at,
            Fact::Drift(said) => said.at,
            Fact::Paused(said) => said.at,
            Fact::Resumed(said) => said.at,
            Fact::Tried(said) => said.at,
        };
        let entry = Entry {
            number: EntryNo(1),
            previous: [0; 32],
            at,
            kind: fact.kind(),
            body: fact.encode(),
        };
        let mut tx = world.app.db.platform(Reason::Ingest).await.unwrap();
        let told = report::apply(&world.app, &mut tx, &self.0, &entry)
            .await
            .unwrap();
        fleet::feed::put(&mut tx, self.0.provider, told)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    pub(super) async fn redeem(
        &self,
        world: &World,
        ticket: TicketId,
        printed: Option<Printed>,
        at: Timestamp,
    ) {
        let fact = RedeemedFact {
            ticket,
            printed,
            mac: mac(1),
            at,
            first: true,
            evicted: None,
            cut_off: true,
        };
        self.report(world, Fact::Redeemed(fact)).await;
    }

    pub(super) async fn meter(&self, world: &World, ticket: TicketId, down: u64, at: Timestamp) {
        let usage = Usage {
            online_secs: 60,
            bytes_up: 0,
            bytes_down: down,
        };
        let fact = MeteredFact {
            session: SessionId::from_bytes([self.0.site.as_bytes()[15]; 16]),
            ticket,
            mac: mac(1),
            began: at.plus_secs(-60),
            at,
            usage,
            total: usage,
            over: false,
        };
        self.report(world, Fact::Metered(fact)).await;
    }

    pub(super) async fn confirm(&self, world: &World, ticket: TicketId, at: Timestamp) {
        for step in [Step::Written, Step::Confirmed] {
            self.report(
                world,
                Fact::Granted(GrantedFact {
                    ticket,
                    mac: mac(1),
                    step,
                    at,
                }),
            )
            .await;
        }
    }

    /// A ticket the business sold.
    pub(super) async fn sold(&self, world: &World) -> TicketId {
        let id: sqlx::types::Uuid = read(
            &world.app,
            "select id from tickets where payment_id is not null limit 1",
        )
        .await;
        TicketId::from_uuid(id)
    }

    /// A device uses a ticket, and the router lets it through.
    pub(super) async fn lets_in(&self, world: &World, ticket: TicketId) {
        let now = world.app.clock.now();
        self.redeem(world, ticket, None, now).await;
        self.confirm(world, ticket, now).await;
    }

    /// Everything that can be said of one ticket.
    pub(super) async fn whole_life(&self, world: &World, ticket: TicketId) {
        let now = world.app.clock.now();
        self.redeem(world, ticket, None, now).await;
        self.confirm(world, ticket, now.plus_secs(1)).await;
        self.meter(world, ticket, 1000, now.plus_secs(61)).await;
        let usage = Usage {
            online_secs: 3600,
            bytes_up: 5,
            bytes_down: 2000,
        };
        let ended = EndedFact {
            ticket,
            reason: EndReason::Duration,
            at: now.plus_secs(3601),
            usage,
        };
        self.report(world, Fact::Ended(ended)).await;
        let released = ReleasedFact {
            ticket,
            mac: mac(1),
            at: now.plus_secs(3602),
        };
        self.report(world, Fact::Released(released)).await;
        self.health(world, HealthEvent::RouterLost, None).await;
    }

    async fn health(&self, world: &World, event: HealthEvent, value: Option<i64>) {
        let at = world.app.clock.now();
        self.report(world, Fact::Health(HealthFact { event, at, value }))
            .await;
    }
}

async fn status(world: &World, id: TicketId) -> Status {
    let now = world.app.clock.now();
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let found = store::lock(&mut tx, world.shop.provider, id, now)
        .await
        .unwrap();
    found.unwrap().kept.ticket.status(now)
}

pub(super) async fn bought(world: &World) -> TicketId {
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    Site::new(world, world.shop.site).sold(world).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_tickets_columns_follow_what_its_site_reports(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let site = Site::new(&world, world.shop.site);
    let ticket = bought(&world).await;
    let now = world.app.clock.now();
    assert_eq!(status(&world, ticket).await, Status::Active);
    site.redeem(&world, ticket, None, now).await;
    site.confirm(&world, ticket, now.plus_secs(1)).await;
    assert_eq!(world.count("tickets where status = 'active' and redeemed_at is not null and started_at = redeemed_at + interval '1 s'").await, 1);
    assert_eq!(
        world
            .count("tickets where expires_at = started_at + interval '1 h'")
            .await,
        1
    );
    site.whole_life(&world, ticket).await;
    site.whole_life(&world, ticket).await;
    assert_eq!(status(&world, ticket).await, Status::Used);
    assert_eq!(world.count("tickets where status = 'used' and end_reason = 'duration' and online_used_secs = 3600 and bytes_down = 2000").await, 1);
    assert_eq!(
        world
            .count("sessions where bytes_down = 1000 and read_at - began_at = interval '60 s'")
            .await,
        1
    );
    assert_eq!(
        world
            .count("grants where step = 'confirmed' and written_at is not null")
            .await,
        1
    );
    assert_eq!(
        world.count("site_events where kind = 'router-lost'").await,
        2
    );
    // Time added by the owner opens it again where it stood.
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update tickets set extra_secs = 36000")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(status(&world, ticket).await, Status::Active);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_status_is_computed_when_it_is_read(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let ticket = bought(&world).await;
    world.app.clock.advance(Duration::from_secs(31 * 86_400));
    assert_eq!(status(&world, ticket).await, Status::Expired);
    assert_eq!(
        world.count("tickets where status = 'active'").await,
        1,
        "the stored word is as of the last change"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_ticket_nobody_sold_is_written_down_for_a_person(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let other = business(&world.app, 2).await;
    let ticket = bought(&world).await;
    let neighbour = Site::of(other.provider, other.site, other.agent);
    neighbour.whole_life(&world, ticket).await;
    assert_eq!(
        status(&world, ticket).await,
        Status::Active,
        "another provider's agent has no say"
    );
    assert_eq!(world.count("redemptions").await, 0);
    assert_eq!(
        world.count("grants").await + world.count("sessions").await,
        0
    );
    assert!(
        world
            .count("site_events where kind = 'unknown-ticket'")
            .await
            > 0
    );
}

async fn rulings(world: &World, site: SiteId) -> Vec<RulingRow> {
    let rows = world.feed(site).await;
    rows.into_iter()
        .filter_map(|row| match row {
            Row::Ruling(row) => Some(row),
            _ => None,
        })
        .collect()
}

/// Two sites with one series between them.
async fn two_sites(world: &World) -> (Site, Site, Printout) {
    let second = fleet::create::create(&world.app, world.shop.provider, "Harbour", Actor::Command)
        .await
        .unwrap();
    let agent = enrolled(
        &world.app,
        world.shop.provider,
        second,
        &SigningKey::from_bytes(&[40; 32]),
    )
    .await;
    let mut batch = series::batch(&world.shop, 3);
    batch.sites = vec![second];
    let printed = print(&world.app, world.shop.provider, &batch, Actor::Command)
        .await
        .unwrap();
    let first = Site::new(world, world.shop.site);
    (first, Site::of(world.shop.provider, second, agent), printed)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn of_two_uses_the_first_by_time_stands_in_whatever_order_they_are_told(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    second
        .redeem(&world, ticket, Some(number), now.plus_secs(50))
        .await;
    let told = rulings(&world, first.0.site).await;
    assert_eq!(
        (told.len(), told[0].used_elsewhere),
        (1, Some(now.plus_secs(50)))
    );
    assert_eq!(told[0].used_at, Some(second.0.site), "and by whom");
    assert_eq!(told[0].used_at_name.as_deref(), Some("Harbour"));
    assert!(
        rulings(&world, second.0.site).await.is_empty(),
        "who used it needs no telling"
    );
    assert_eq!(
        world.count("site_events where kind = 'double-use'").await,
        0
    );
    // The first site was cut off and had used it before: it keeps the ticket, what it was told is taken back, the other is told.
    first.redeem(&world, ticket, Some(number), now).await;
    assert_eq!(rulings(&world, first.0.site).await[0].used_elsewhere, None);
    assert_eq!(
        rulings(&world, second.0.site).await[0].used_elsewhere,
        Some(now)
    );
    assert_eq!(
        world
            .count("site_events where kind = 'double-use' and value = 50")
            .await,
        1
    );
    assert_eq!(world.count("redemptions where settled = 'kept'").await, 1);
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'lost' and site_id = '{}'",
                second.0.site.uuid()
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "tickets where redeemed_site_id = '{}'",
                first.0.site.uuid()
            ))
            .await,
        1
    );
    let revision = format!(
        "site_feed where site_id = '{}' and kind = 6",
        first.0.site.uuid()
    );
    let before: i64 = read(&world.app, &format!("select max(revision) from {revision}")).await;
    first.redeem(&world, ticket, Some(number), now).await;
    let after: i64 = read(&world.app, &format!("select max(revision) from {revision}")).await;
    assert_eq!(before, after, "who was told the same is not told again");
    // A revocation keeps what was settled.
    crate::tickets::revoke::ticket(
        &world.app,
        world.shop.provider,
        &printed.tickets[0].code,
        Actor::Command,
    )
    .await
    .unwrap();
    assert_eq!(
        rulings(&world, second.0.site).await[0].used_elsewhere,
        Some(now)
    );
    assert_eq!(rulings(&world, first.0.site).await[0].used_elsewhere, None);
    let told = rulings(&world, second.0.site).await;
    assert_eq!(told[0].used_at, Some(first.0.site));
    assert!(told[0].used_at_name.is_some());
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_held_ticket_stays_active_and_gives_back_what_was_left(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (site, _, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    site.redeem(&world, ticket, Some(number), now).await;
    site.confirm(&world, ticket, now).await;
    let paused = PausedFact {
        ticket,
        at: now.plus_secs(600),
        usage: Usage {
            online_secs: 600,
            bytes_up: 1,
            bytes_down: 2,
        },
    };
    site.report(&world, Fact::Paused(paused)).await;
    let day = 86_400;
    world.app.clock.advance(Duration::from_secs(86_400));
    let held = "tickets where paused_at is not null and status = 'active' and expires_at is null and online_used_secs = 600";
    assert_eq!(world.count(held).await, 1);
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    let taken = crate::access::store::taken(&mut tx, world.shop.provider, site.0.site, None, 10)
        .await
        .unwrap();
    assert_eq!(taken[0].paused, Some(now.plus_secs(600)));
    assert!(taken[0].slots.is_empty());
    drop(tx);

    let resumed = ResumedFact {
        ticket,
        at: now.plus_secs(day),
    };
    site.report(&world, Fact::Resumed(resumed)).await;
    let since: f64 = read(
        &world.app,
        "select extract(epoch from started_at - redeemed_at)::float8 from redemptions where paused_at is null",
    )
    .await;
    assert!((since - 85_800.0).abs() < 1.0, "{since}");
    assert_eq!(
        world
            .count("tickets where status = 'active' and expires_at > started_at and paused_at is null and redeemed_at is not null")
            .await,
        1
    );

    // A later version's end is an end.
    let ended = EndedFact {
        ticket,
        reason: EndReason::Other(77),
        at: now.plus_secs(day + 10),
        usage: Usage::default(),
    };
    site.report(&world, Fact::Ended(ended)).await;
    assert_eq!(
        world
            .count("tickets where end_reason = 'other' and status = 'used'")
            .await,
        1
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_corrected_clock_moves_what_was_recorded_since_the_boot_and_settles_anew(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let (first, second, printed) = two_sites(&world).await;
    let now = world.app.clock.now();
    let day = 86_400;
    let ticket = printed.tickets[0].id;
    let number = Printed {
        series: printed.series.id,
        index: printed.tickets[0].index,
    };
    let old = printed.tickets[1].id;
    let other = Printed {
        series: printed.series.id,
        index: printed.tickets[1].index,
    };
    first
        .redeem(&world, old, Some(other), now.plus_secs(-3 * day))
        .await;
    // The first site booted a day behind, and used the ticket an hour ago in truth.
    let wrong = now.plus_secs(-day - 3600);
    first
        .health(
            &world,
            HealthEvent::AgentStarted,
            Some(wrong.plus_secs(-60).as_millis()),
        )
        .await;
    first.redeem(&world, ticket, Some(number), wrong).await;
    first.confirm(&world, ticket, wrong.plus_secs(5)).await;
    first.meter(&world, ticket, 10, wrong.plus_secs(100)).await;
    second
        .redeem(&world, ticket, Some(number), now.plus_secs(-7200))
        .await;
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'kept' and site_id = '{}'",
                first.0.site.uuid()
            ))
            .await,
        1
    );
    first
        .health(&world, HealthEvent::ClockCorrected, Some(day))
        .await;
    let at = |time: Timestamp| time.as_secs();
    let truth = at(now) - 3600;
    let moved = format!(
        "redemptions where site_id = '{}' and extract(epoch from redeemed_at) = {truth} and extract(epoch from started_at) = {truth} + 5",
        first.0.site.uuid()
    );
    assert_eq!(world.count(&moved).await, 1);
    assert_eq!(
        world
            .count(&format!(
                "grants where extract(epoch from confirmed_at) = {truth} + 5 and ended_at is null"
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "sessions where extract(epoch from read_at) = {truth} + 100"
            ))
            .await,
        1
    );
    assert_eq!(
        world
            .count(&format!(
                "redemptions where extract(epoch from redeemed_at) = {}",
                at(now) - 3 * day
            ))
            .await,
        1,
        "proven before"
    );
    // By true time the second site was first.
    assert_eq!(
        world
            .count(&format!(
                "redemptions where settled = 'kept' and site_id = '{}'",
                second.0.site.uuid()
            ))
            .await,
        1
    );
    assert_eq!(
        rulings(&world, first.0.site).await[0].used_elsewhere,
        Some(now.plus_secs(-7200))
    );
    let told = rulings(&world, second.0.site).await;
    let told = told.iter().find(|row| row.ticket == ticket).unwrap();
    assert_eq!(told.used_elsewhere, None);
    // A second correction moves the same times again, from where they are now.
    first
        .health(&world, HealthEvent::ClockCorrected, Some(-60))
        .await;
    assert_eq!(
        world
            .count(&moved.replace(&truth.to_string(), &(truth - 60).to_string()))
            .await,
        1
    );
}

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
    let sums = report_sums(&mut tx, world.shop.provider, span, Filter::default())
        .await
        .unwrap()
        .total();
    drop(tx);
    assert_eq!((sums.tried, sums.used, sums.paid, sums.sold), (1, 0, 0, 0));
    assert_eq!(sums.bytes, 7_000, "what it moved was moved all the same");
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
