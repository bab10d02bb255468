//! `/api/v1/tickets/{id}/story` and `/api/v1/payments/{id}/story`: everything that is known of one, in the order it happened.

use axum::extract::State;
use mnara_protocol::ids::{PaymentId, TicketId};
use serde::Serialize;
use utoipa::ToSchema;

use super::gate::Key;
use super::operation::Operation;
use super::payments::Refund;
use super::types::named;
use crate::app::App;
use crate::payments::store::messages::Kind;
use crate::payments::story::Story;
use crate::reports::voucher::{By, Known, What, story};
use crate::tickets;
use crate::tickets::store::end_word;
use crate::web::{Answer, Json, Path, Problem, show};

/// A ticket's story.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketStory {
    /// What happened, the first first.
    events: Vec<Event>,
    /// The places its devices hold now.
    places: Vec<Place>,
}

/// Something that happened.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Event {
    /// When.
    at: String,
    /// `printed`, `bought`, `made` (given), `tried` (had to try, by the device of `mac`), `paid`, `redeemed`, `connected`, `let-go`, `started`,
    /// `held`, `ended`, `lost` (settled for another site), what people did: `revoke`, `extend`, `code-seen`, `gift`, or what they asked a site to
    /// do: `pause`, `resume`, `kick`, `move`, and `not-done` where it did not; the audit says why.
    what: String,
    /// Where.
    site_id: Option<String>,
    /// Which device.
    mac: Option<String>,
    /// Whether that site could not reach us when it happened.
    cut_off: Option<bool>,
    /// Why it ended, in a word.
    reason: Option<&'static str>,
    /// Who did it: `staff`, `key`, `platform`, `command` or `program`.
    actor: Option<&'static str>,
    /// Their name.
    name: Option<String>,
    /// For how many seconds.
    seconds: Option<u32>,
}

/// A device's place on a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct Place {
    /// Where.
    site_id: String,
    /// Which device.
    mac: String,
    /// When it was last seen.
    seen_at: String,
}

impl Event {
    fn new(at: String, what: What) -> Self {
        let mut event = Self {
            at,
            ..Self::default()
        };
        let (word, site) = match what {
            What::Printed => ("printed", None),
            What::Bought => ("bought", None),
            What::Made => ("made", None),
            What::Tried(mac) => {
                event.mac = Some(mac.to_string());
                ("tried", None)
            }
            What::Paid => ("paid", None),
            What::Redeemed { site, cut_off } => {
                event.cut_off = Some(cut_off);
                ("redeemed", Some(site))
            }
            What::Connected(mac, site) => {
                event.mac = Some(mac.to_string());
                ("connected", Some(site))
            }
            What::LetGo(mac, site) => {
                event.mac = Some(mac.to_string());
                ("let-go", Some(site))
            }
            What::Started(site) => ("started", Some(site)),
            What::Held(site) => ("held", Some(site)),
            What::Ended(reason, site) => {
                event.reason = Some(end_word(reason));
                ("ended", Some(site))
            }
            What::Lost(site) => ("lost", Some(site)),
            What::Deed { act, by, secs, .. } => {
                event.seconds = secs;
                let (actor, name) = match by {
                    By::Person(name) => ("staff", Some(name)),
                    By::Key(name) => ("key", Some(name)),
                    By::Admin => ("platform", None),
                    By::Command => ("command", None),
                    By::Program => ("program", None),
                };
                (event.actor, event.name, event.what) = (Some(actor), name, act);
                return event;
            }
        };
        word.clone_into(&mut event.what);
        event.site_id = site.map(|site| site.to_string());
        event
    }
}

pub(super) fn of_ticket() -> Operation {
    Operation::new(
        "getTicketStory",
        "Show what happened to a ticket",
        "From its printing or its payment to its end, with what people did.",
    )
    .of(TicketId::PREFIX)
    .answers::<TicketStory>(200)
}

/// Tells what happened to a ticket.
///
/// # Errors
/// A problem document.
pub async fn ticket(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<TicketStory>> {
    let (provider, id): (_, TicketId) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    let found = tickets::store::by_id(&mut tx, provider, id, app.clock.now()).await?;
    let known = Known::read(&mut tx, provider, id).await?;
    let (found, known) = found.zip(known).ok_or_else(Problem::not_found)?;
    let held = known
        .uses
        .iter()
        .filter(|one| one.ended.is_none() && !one.lost);
    Ok(Json(TicketStory {
        places: held
            .flat_map(|one| one.slots.iter().map(move |slot| (one.site, slot)))
            .map(|(site, slot)| Place {
                site_id: site.to_string(),
                mac: slot.mac.to_string(),
                seen_at: show::utc(slot.seen),
            })
            .collect(),
        events: story(&found, &known)
            .into_iter()
            .map(|(at, what)| Event::new(show::utc(at), what))
            .collect(),
    }))
}

/// A payment's story. Each step is null as long as it has not happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentStory {
    /// When it was asked for.
    asked_at: String,
    /// What stands in the customer's statement.
    reference: String,
    /// When M-PESA was told to ask the phone.
    sent_at: Option<String>,
    /// When M-PESA answered to that.
    answered_at: Option<String>,
    /// When M-PESA told how it ended.
    called_at: Option<String>,
    /// When M-PESA was first asked how it stands.
    queried_at: Option<String>,
    /// How often it was asked.
    queries: i32,
    /// When M-PESA told that the money is in the account.
    confirmed_at: Option<String>,
    /// When it was settled.
    settled_at: Option<String>,
    /// By what, in a word.
    settled_by: Option<String>,
    /// Its ticket.
    ticket_id: Option<String>,
    /// When that was made.
    ticket_made_at: Option<String>,
    /// When the site had it on disk for the device.
    delivered_at: Option<String>,
    /// When the router took it.
    written_at: Option<String>,
    /// When the router showed the device online.
    online_at: Option<String>,
    /// When the first session with traffic began.
    first_packet_at: Option<String>,
    /// When the ticket ended.
    ended_at: Option<String>,
    /// What was said between M-PESA and us, the first first.
    messages: Vec<Said>,
    /// What was paid back, the first first.
    refunds: Vec<Refund>,
}

/// Something that was said between M-PESA and us.
#[derive(Debug, Serialize, ToSchema)]
pub struct Said {
    /// `push`, `push-answer`, `callback`, `query`, `query-answer` or `confirmation`.
    kind: &'static str,
    /// When.
    at: String,
    /// In its own words.
    body: String,
    /// The address it was posted from; null for what we asked and were answered.
    source: Option<String>,
}

impl From<Story> for PaymentStory {
    fn from(story: Story) -> Self {
        let first = |kind| story.first(kind).map(show::utc);
        let way = story.way.as_ref();
        let (settled_at, settled_by) = story.more.settled.clone().unzip();
        Self {
            asked_at: show::utc(story.more.line.at),
            reference: story.more.reference.clone(),
            sent_at: first(Kind::Push),
            answered_at: first(Kind::PushAnswer),
            called_at: first(Kind::Callback),
            queried_at: first(Kind::Query),
            queries: story.more.queries,
            confirmed_at: first(Kind::Confirmation),
            settled_at: settled_at.map(show::utc),
            settled_by: settled_by.flatten(),
            ticket_id: way.map(|way| way.ticket.to_string()),
            ticket_made_at: way.map(|way| show::utc(way.made)),
            delivered_at: way.and_then(|way| way.delivered).map(show::utc),
            written_at: way.and_then(|way| way.written).map(show::utc),
            online_at: way.and_then(|way| way.confirmed).map(show::utc),
            first_packet_at: way.and_then(|way| way.first_packet).map(show::utc),
            ended_at: way.and_then(|way| way.ended).map(show::utc),
            messages: story
                .said
                .into_iter()
                .map(|said| Said {
                    kind: said.kind.word(),
                    at: show::utc(said.at),
                    body: said.body,
                    source: said.source.map(|source| source.to_string()),
                })
                .collect(),
            refunds: story.back.into_iter().map(Refund::from).collect(),
        }
    }
}

pub(super) fn of_payment() -> Operation {
    Operation::new(
        "getPaymentStory",
        "Show what happened to a payment",
        "From the order to the first packet, with what M-PESA and we said to each other and what was paid back.",
    )
    .of(PaymentId::PREFIX)
    .answers::<PaymentStory>(200)
}

/// Tells what happened to a payment.
///
/// # Errors
/// A problem document.
pub async fn payment(
    State(app): State<App>,
    key: Key,
    Path(id): Path<String>,
) -> Answer<Json<PaymentStory>> {
    let (provider, now) = (key.provider(), app.clock.now());
    let mut tx = app.db.tenant(provider).await?;
    let found = Story::read(&mut tx, provider, named(&id)?, now).await?;
    Ok(Json(found.ok_or_else(Problem::not_found)?.into()))
}
