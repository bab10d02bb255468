//! `/api/v1/messages`: SMS that were sent for a business, how they fared and what they cost. What they said is nobody's to see. What is sent, and
//! when, is in `/api/v1/settings/messages`.

use axum::extract::State;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::operation::Operation;
use super::reports::period;
use crate::app::App;
use crate::providers::sms::Settings;
use crate::providers::sms::store::{self, Listed};
use crate::web::{Answer, Json, show};

/// An SMS.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// Its id.
    id: String,
    /// What it is, in a word: `code` and `receipt` go to customers.
    kind: String,
    /// The phone, such as `254712345678`.
    phone: String,
    /// Who of the business it went to; null for a customer.
    person: Option<String>,
    /// The payment it tells of.
    payment_id: Option<String>,
    /// Messages it was sent as.
    parts: i32,
    /// `waiting`, `sending`, `sent`, `delivered`, `failed`, `dropped` or `unknown`.
    state: &'static str,
    /// Why it waits, failed or was dropped, in a word.
    reason: Option<String>,
    /// What it cost; null where nothing was charged yet.
    cost: Option<String>,
    /// In which currency.
    currency: Option<String>,
    /// When it was written.
    created_at: String,
}

impl From<Listed> for Message {
    fn from(sms: Listed) -> Self {
        let (cents, currency) = sms.cost.unzip();
        Self {
            id: sms.id.to_string(),
            kind: sms.kind,
            phone: sms.to.digits(),
            person: sms.person,
            payment_id: sms.payment.map(|id| id.to_string()),
            parts: sms.parts,
            state: sms.state.word(),
            reason: sms.why,
            cost: cents.map(|cents| decimal(cents.into())),
            currency,
            created_at: show::utc(sms.at),
        }
    }
}

fn decimal(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listMessages",
        "List SMS",
        "The newest comes first. What they said is not kept for reading.",
    )
    .query::<Listing>()
    .lists::<Message>()
}

/// Lists SMS.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<Message>>> {
    let (provider, now) = (key.provider(), app.clock.now());
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, before, limit| {
            async move { store::list(conn, provider, before, now, limit).await }.boxed()
        },
        |sms: &Listed| (sms.at, sms.id),
        Message::from,
    )
    .await
}

/// What SMS came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageCosts {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// By kind and currency.
    kinds: Vec<MessageCost>,
}

/// What one kind of SMS came to in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageCost {
    /// What it is, in a word.
    kind: String,
    /// SMS that left.
    sent: i64,
    /// Of these, on the phone for certain.
    delivered: i64,
    /// Those that do not arrive, or were not sent.
    failed: i64,
    /// Messages they were sent as.
    parts: i64,
    /// What they cost.
    cost: String,
    /// In which currency; null where nothing was charged.
    currency: Option<String>,
}

/// Which days.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CostDays {
    /// The first day, such as `2026-11-01`; 30 days before the last if nothing is said.
    #[schema(format = "date")]
    from: Option<String>,
    /// The last day; today if nothing is said.
    #[schema(format = "date")]
    to: Option<String>,
}

pub(super) fn costing() -> Operation {
    Operation::new(
        "showMessageCosts",
        "Show what SMS cost",
        "By the days on which they were written. 366 days at most.",
    )
    .query::<CostDays>()
    .answers::<MessageCosts>(200)
}

/// Shows what SMS cost.
///
/// # Errors
/// A problem document.
pub async fn costs(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<CostDays>,
) -> Answer<Json<MessageCosts>> {
    let period = period(&app, asked.from.as_deref(), asked.to.as_deref())?;
    let mut tx = app.db.tenant(key.provider()).await?;
    let (from, to) = (period.from.begin(), period.to.begin());
    let spent = store::spent(&mut tx, key.provider(), from, to).await?;
    Ok(Json(MessageCosts {
        from: period.from.iso(),
        to: period.last_day().iso(),
        kinds: spent
            .into_iter()
            .map(|one| MessageCost {
                kind: one.kind,
                sent: one.sent,
                delivered: one.delivered,
                failed: one.failed,
                parts: one.parts,
                cost: decimal(one.cents),
                currency: one.currency,
            })
            .collect(),
    }))
}

/// Which SMS are sent, and when. What concerns log-ins and bills is sent whatever stands here.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageSettings {
    /// Who gets the code of what they paid for: `asked` (who asks for it), `never` (nobody) or `always` (everybody).
    codes: &'static str,
    /// Whether buyers get a receipt.
    receipts: bool,
    /// What customers are written to in: `en` or `sw`.
    language: &'static str,
    /// From when on only what is urgent leaves, on Nairobi's clock, such as `21:00`; null where no time is quiet.
    quiet_from: Option<String>,
    /// Until when, such as `07:00`.
    quiet_until: Option<String>,
    /// SMS on one day at most.
    most_a_day: u32,
    /// And of these to one phone.
    most_a_phone: u32,
}

impl From<Settings> for MessageSettings {
    fn from(settings: Settings) -> Self {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        Self {
            codes: settings.codes.word(),
            receipts: settings.receipts,
            language: settings.language.tag(),
            quiet_from: settings.quiet.map(|quiet| clock(quiet.from)),
            quiet_until: settings.quiet.map(|quiet| clock(quiet.until)),
            most_a_day: settings.most_a_day,
            most_a_phone: settings.most_a_phone,
        }
    }
}

pub(super) fn settings_showing() -> Operation {
    Operation::new(
        "getMessageSettings",
        "Show which SMS are sent, and when",
        "It is changed on the pages only, since SMS cost money.",
    )
    .answers::<MessageSettings>(200)
}

/// Shows which SMS are sent, and when.
///
/// # Errors
/// A problem document.
pub async fn settings(State(app): State<App>, key: Key) -> Answer<Json<MessageSettings>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    let settings = store::settings(&mut tx, key.provider()).await?;
    Ok(Json(settings.into()))
}
