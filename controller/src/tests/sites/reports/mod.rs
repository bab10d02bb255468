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
use crate::fleet::dispatch::Sender;
use crate::reports::period::Span;
use crate::reports::store::sums::{Filter, report as report_sums};
use crate::tests::tickets::series;
use crate::tickets::series::{Printout, print};
use crate::tickets::store;

mod carried;
mod columns;
mod rulings;

/// A site that reports.
#[derive(Clone, Copy)]
pub(in crate::tests) struct Site(pub(in crate::tests) Sender);

impl Site {
    pub(in crate::tests) fn new(world: &World, site: SiteId) -> Self {
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
    pub(in crate::tests) async fn report(&self, world: &World, fact: Fact) {
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

    pub(in crate::tests) async fn redeem(
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

    pub(in crate::tests) async fn meter(
        &self,
        world: &World,
        ticket: TicketId,
        down: u64,
        at: Timestamp,
    ) {
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

    pub(in crate::tests) async fn confirm(&self, world: &World, ticket: TicketId, at: Timestamp) {
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
    pub(in crate::tests) async fn sold(&self, world: &World) -> TicketId {
        let id: sqlx::types::Uuid = read(
            &world.app,
            "select id from tickets where payment_id is not null limit 1",
        )
        .await;
        TicketId::from_uuid(id)
    }

    /// A device uses a ticket, and the router lets it through.
    pub(in crate::tests) async fn lets_in(&self, world: &World, ticket: TicketId) {
        let now = world.app.clock.now();
        self.redeem(world, ticket, None, now).await;
        self.confirm(world, ticket, now).await;
    }

    /// Everything that can be said of one ticket.
    pub(in crate::tests) async fn whole_life(&self, world: &World, ticket: TicketId) {
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

    pub(in crate::tests) async fn health(
        &self,
        world: &World,
        event: HealthEvent,
        value: Option<i64>,
    ) {
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

pub(in crate::tests) async fn bought(world: &World) -> TicketId {
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
    Site::new(world, world.shop.site).sold(world).await
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
