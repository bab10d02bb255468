//! News of a business, sent to addresses of its own.
//!
//! What happened is written down in the transaction in which it happens, and sent
//! afterwards, signed, again and again until it arrives or a day has passed.
//!
//! Slices say what happened by [`emit`]; sending is in [`send`], what must not be called in [`guard`], what people set in [`edit`].

pub mod edit;
pub mod guard;
pub mod pages;
pub mod send;
pub mod sign;
pub mod store;

use std::collections::BTreeSet;
use std::slice;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{
    DeliveryId, EndpointId, PaymentId, PlanId, ProviderId, SiteId, TicketId,
};
use mnara_protocol::money::Money;
use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::app::App;
use crate::jobs::{self, NewJob};
use crate::vault::Column;
use crate::web::{self, show};

/// The job that sends what waits for one endpoint.
pub const SEND: &str = "webhooks";
/// The job that looks whether sites came up or went away, while somebody wants to know.
pub const WATCH: &str = "watch-sites";
/// Where a job that sends says whether somebody asked for it.
const ASKED: &str = "asked";
/// Where an endpoint's secret is sealed.
pub const SECRET: Column = Column::EndpointSecret;

/// A kind of news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A customer paid.
    PaymentSucceeded,
    /// A customer did not pay.
    PaymentFailed,
    /// A ticket's code was used for the first time.
    TicketRedeemed,
    /// A ticket gives access no more.
    TicketEnded,
    /// A site's agent has linked up after it was away.
    SiteUp,
    /// A site has not been heard of for some minutes.
    SiteDown,
    /// Somebody tries an endpoint out.
    Test,
}

impl Kind {
    /// Those an endpoint chooses from.
    pub const CHOICES: [Self; 6] = [
        Self::PaymentSucceeded,
        Self::PaymentFailed,
        Self::TicketRedeemed,
        Self::TicketEnded,
        Self::SiteUp,
        Self::SiteDown,
    ];

    /// The word in the database, in forms and in messages.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PaymentSucceeded => "payment.succeeded",
            Self::PaymentFailed => "payment.failed",
            Self::TicketRedeemed => "ticket.redeemed",
            Self::TicketEnded => "ticket.ended",
            Self::SiteUp => "site.up",
            Self::SiteDown => "site.down",
            Self::Test => "test",
        }
    }

    /// Reads a word an endpoint may choose.
    #[must_use]
    pub fn chosen(word: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|kind| kind.word() == word)
    }
}

/// Something that happened. Codes, phone numbers and devices are not told: whoever needs them asks the API with a key that may.
#[derive(Clone, Debug)]
pub enum Event {
    /// A customer paid, and has a ticket for it.
    PaymentSucceeded {
        /// The payment.
        payment: PaymentId,
        /// How much.
        amount: Money,
        /// What its phone's credit paid beside that.
        credit: Money,
        /// For what.
        plan: PlanId,
        /// Where.
        site: Option<SiteId>,
        /// What it bought.
        ticket: TicketId,
    },
    /// A customer did not pay.
    PaymentFailed {
        /// The payment.
        payment: PaymentId,
        /// How much it would have been.
        amount: Money,
        /// For what.
        plan: PlanId,
        /// Where.
        site: Option<SiteId>,
        /// Why, in a word.
        reason: &'static str,
    },
    /// A ticket's code was used for the first time.
    TicketRedeemed {
        /// The ticket.
        ticket: TicketId,
        /// Where.
        site: SiteId,
        /// When.
        at: Timestamp,
    },
    /// A ticket gives access no more.
    TicketEnded {
        /// The ticket.
        ticket: TicketId,
        /// Where that was noticed.
        site: SiteId,
        /// When.
        at: Timestamp,
        /// Why, in a word.
        reason: &'static str,
    },
    /// A site came up, or went away.
    Site {
        /// The site.
        site: SiteId,
        /// What it is called.
        name: String,
        /// Whether it is up now.
        is_up: bool,
        /// When it was last heard of.
        seen: Option<Timestamp>,
    },
    /// Somebody tries an endpoint out.
    Test,
}

impl Event {
    /// What kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::PaymentSucceeded { .. } => Kind::PaymentSucceeded,
            Self::PaymentFailed { .. } => Kind::PaymentFailed,
            Self::TicketRedeemed { .. } => Kind::TicketRedeemed,
            Self::TicketEnded { .. } => Kind::TicketEnded,
            Self::Site { is_up: true, .. } => Kind::SiteUp,
            Self::Site { is_up: false, .. } => Kind::SiteDown,
            Self::Test => Kind::Test,
        }
    }

    fn data(&self) -> Value {
        let site = |site: &Option<SiteId>| site.map(|site| site.to_string());
        match self {
            Self::PaymentSucceeded {
                payment,
                amount,
                credit,
                plan,
                site: at,
                ticket,
            } => {
                json!({"payment_id": payment.to_string(), "amount": amount.to_decimal(), "credit": credit.to_decimal(), "currency": amount.currency().code(),
                       "plan_id": plan.to_string(), "site_id": site(at), "ticket_id": ticket.to_string()})
            }
            Self::PaymentFailed {
                payment,
                amount,
                plan,
                site: at,
                reason,
            } => {
                json!({"payment_id": payment.to_string(), "amount": amount.to_decimal(), "currency": amount.currency().code(),
                       "plan_id": plan.to_string(), "site_id": site(at), "reason": reason})
            }
            Self::TicketRedeemed { ticket, site, at } => {
                json!({"ticket_id": ticket.to_string(), "site_id": site.to_string(), "at": show::utc(*at)})
            }
            Self::TicketEnded {
                ticket,
                site,
                at,
                reason,
            } => {
                json!({"ticket_id": ticket.to_string(), "site_id": site.to_string(), "at": show::utc(*at), "reason": reason})
            }
            Self::Site {
                site, name, seen, ..
            } => {
                json!({"site_id": site.to_string(), "name": name, "last_seen_at": seen.map(show::utc)})
            }
            Self::Test => json!({"text": "Your address works."}),
        }
    }

    /// The message as it is sent, each time the same.
    fn message(&self, id: DeliveryId, now: Timestamp) -> String {
        json!({"id": id.to_string(), "type": self.kind().word(), "timestamp": show::utc(now), "data": self.data()}).to_string()
    }
}

/// An address that is told news.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its id.
    pub id: EndpointId,
    /// The address.
    pub url: String,
    /// What it is told.
    pub kinds: Vec<Kind>,
    /// Whether it is told anything now.
    pub is_enabled: bool,
    /// Since when nothing has arrived.
    pub failing: Option<Timestamp>,
    /// When it was switched off for that.
    pub given_up: Option<Timestamp>,
    /// When it was added.
    pub added: Timestamp,
}

impl Endpoint {
    /// Where it is, without what may be a secret in its path.
    #[must_use]
    pub fn host(&self) -> String {
        web::host(&self.url).unwrap_or_default()
    }
}

/// Says what happened, in the transaction in which it happens: a message is written for every endpoint that wants to know.
///
/// # Errors
/// When the database refuses.
pub async fn emit(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    event: &Event,
) -> sqlx::Result<()> {
    emit_all(app, conn, provider, slice::from_ref(event)).await
}

/// Says all that happened at once: however much it is, each endpoint is asked for and has its job once.
///
/// # Errors
/// When the database refuses.
pub async fn emit_all(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    events: &[Event],
) -> sqlx::Result<()> {
    let mut asked: Vec<(Kind, Vec<EndpointId>)> = Vec::new();
    let mut told = BTreeSet::new();
    for event in events {
        let kind = event.kind();
        if !asked.iter().any(|(of, _)| *of == kind) {
            asked.push((kind, store::wanting(conn, provider, kind).await?));
        }
        let wanting = asked.iter().filter(|(of, _)| *of == kind);
        for endpoint in wanting.flat_map(|(_, endpoints)| endpoints) {
            note(app, conn, provider, *endpoint, event).await?;
            told.insert(*endpoint);
        }
    }
    for endpoint in told {
        wake(app, conn, provider, endpoint, Why::News).await?;
    }
    Ok(())
}

/// Whether anybody wants to know of some kinds of news.
///
/// # Errors
/// When the database is away.
pub async fn is_wanted(
    conn: &mut PgConnection,
    provider: ProviderId,
    kinds: &[Kind],
) -> sqlx::Result<bool> {
    for kind in kinds {
        if !store::wanting(conn, provider, *kind).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes a message for one endpoint that somebody asked for; gives its id.
async fn write(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    event: &Event,
) -> sqlx::Result<DeliveryId> {
    let id = note(app, conn, provider, endpoint, event).await?;
    wake(app, conn, provider, endpoint, Why::Asked).await?;
    Ok(id)
}

async fn note(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    event: &Event,
) -> sqlx::Result<DeliveryId> {
    let now = app.clock.now();
    let id = DeliveryId::new(now, app.entropy.bytes());
    let (word, body) = (event.kind().word(), event.message(id, now));
    store::insert_delivery(conn, provider, endpoint, id, word, &body, now).await?;
    Ok(id)
}

/// Why what waits for an endpoint is sent now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Why {
    /// Something happened. Where nobody answers it waits its turn, or whoever has much news would take everybody's.
    News,
    /// Somebody asked for it, who may have mended what did not answer.
    Asked,
}

/// Has what waits for an endpoint sent.
async fn wake(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    endpoint: EndpointId,
    why: Why,
) -> sqlx::Result<()> {
    let job = NewJob {
        kind: SEND,
        key: &endpoint.to_string(),
        payload: json!({ASKED: why == Why::Asked}),
        run_at: app.clock.now(),
    };
    jobs::enqueue(conn, Some(provider), job, app).await
}
