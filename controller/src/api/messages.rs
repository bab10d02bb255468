//! `/api/v1/messages`: SMS that were sent for a business, how they fared and what they cost; one whose answer was lost can be sent again. What they
//! said is nobody's to see.
//!
//! What is sent, and when, is in `/api/v1/settings/messages`.

use axum::extract::State;
use axum::http::StatusCode;
use futures_util::FutureExt as _;
use mnara_protocol::ids::{ProviderId, SmsId};
use mnara_protocol::portal::Language;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use super::plan_parts::minute;
use super::reports::period;
use super::types::named;
use crate::app::App;
use crate::providers::sms::again::{NotAgain, send_again_in};
use crate::providers::sms::choose::{NotChosen, choose};
use crate::providers::sms::store::{self, Listed};
use crate::providers::sms::{BadSettings, Codes, Quiet, Settings, clock};
use crate::web::{Answer, Json, Path, Problem, show};

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
    /// Whether it may be sent again: its answer was lost, and it is still of use.
    may_be_sent_again: bool,
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
            may_be_sent_again: sms.may_again,
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

pub(super) fn repeating() -> Operation {
    Operation::new(
        "sendMessageAgain",
        "Send an SMS again whose answer was lost",
        "It may have arrived: sending it again may send it, and charge it, twice. Any other is over, or goes by itself (`not-again`).",
    )
    .of(SmsId::PREFIX)
    .answers::<Message>(200)
    .problem(409)
}

/// Sends one again.
///
/// # Errors
/// A problem document.
pub async fn again(
    State(app): State<App>,
    key: Key,
    once: Once,
    Path(id): Path<String>,
) -> Answer<Made> {
    let (provider, id) = (key.provider(), named(&id)?);
    let mut tx = app.db.tenant(provider).await?;
    send_again_in(&app, &mut tx, (provider, key.actor()), id)
        .await
        .map_err(|error| match error {
            NotAgain::Missing => Problem::not_found(),
            NotAgain::Over => Problem::new(
                StatusCode::CONFLICT,
                "not-again",
                "Only an SMS whose answer was lost can be sent again, and only while it is of use.",
            ),
            NotAgain::Database(error) => error.into(),
        })?;
    let sms = store::one(&mut tx, provider, id, app.clock.now()).await?;
    let message: Message = sms.ok_or_else(Problem::not_found)?.into();
    let made = Made::now(&message)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(made)
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
        "",
    )
    .answers::<MessageSettings>(200)
}

/// Shows which SMS are sent, and when.
///
/// # Errors
/// A problem document.
pub async fn settings(State(app): State<App>, key: Key) -> Answer<Json<MessageSettings>> {
    let mut tx = app.db.tenant(key.provider()).await?;
    settings_now(&mut tx, key.provider()).await
}

async fn settings_now(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> Answer<Json<MessageSettings>> {
    let settings = store::settings(conn, provider).await?;
    Ok(Json(settings.into()))
}

/// Who gets the code of what they paid for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodesTo {
    /// Who asks for it on the portal.
    Asked,
    /// Nobody.
    Never,
    /// Everybody.
    Always,
}

/// What customers are written to in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WrittenIn {
    /// English.
    En,
    /// Kiswahili.
    Sw,
}

/// Which SMS are to be sent, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageSettingsDraft {
    /// Who gets the code of what they paid for: `asked` (who asks for it), `never` (nobody) or `always` (everybody).
    #[schema(value_type = String, pattern = "^(asked|never|always)$")]
    codes: CodesTo,
    /// Whether buyers get a receipt.
    receipts: bool,
    /// What customers are written to in: `en` or `sw`.
    #[schema(value_type = String, pattern = "^(en|sw)$")]
    language: WrittenIn,
    /// From when on only what is urgent leaves, on Nairobi's clock; no time is quiet if nothing is said.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    quiet_from: Option<String>,
    /// Until when; with `quiet_from`, and not the same.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    quiet_until: Option<String>,
    /// SMS on one day at most.
    #[schema(minimum = 0, maximum = 100_000)]
    most_a_day: u32,
    /// And of these to one phone.
    #[schema(minimum = 1, maximum = 100)]
    most_a_phone: u32,
}

impl MessageSettingsDraft {
    fn read(&self) -> Answer<Settings> {
        let quiet = match (self.quiet_from.as_deref(), self.quiet_until.as_deref()) {
            (None, None) => None,
            (Some(from), Some(until)) => Some(Quiet {
                from: minute("quiet_from", from)?,
                until: minute("quiet_until", until)?,
            }),
            (Some(_), None) => {
                return Err(Problem::bad_field(
                    "quiet_until: give it with quiet_from, or neither.",
                ));
            }
            (None, Some(_)) => {
                return Err(Problem::bad_field(
                    "quiet_from: give it with quiet_until, or neither.",
                ));
            }
        };
        Ok(Settings {
            codes: match self.codes {
                CodesTo::Asked => Codes::Asked,
                CodesTo::Never => Codes::Never,
                CodesTo::Always => Codes::Always,
            },
            receipts: self.receipts,
            language: match self.language {
                WrittenIn::En => Language::English,
                WrittenIn::Sw => Language::Swahili,
            },
            quiet,
            most_a_day: self.most_a_day,
            most_a_phone: self.most_a_phone,
        })
    }
}

pub(super) fn settings_changing() -> Operation {
    Operation::new(
        "replaceMessageSettings",
        "Choose which SMS are sent, and when",
        "The body is all that is to hold. SMS to customers are charged to the business. What concerns log-ins and bills is sent whatever stands here.",
    )
    .body::<MessageSettingsDraft>(
        json!({"codes": "asked", "receipts": false, "language": "sw", "quiet_from": "21:00", "quiet_until": "07:00",
            "most_a_day": 200, "most_a_phone": 10}),
    )
    .answers::<MessageSettings>(200)
}

/// Chooses which SMS are sent, and when.
///
/// # Errors
/// A problem document.
pub async fn change_settings(
    State(app): State<App>,
    key: Key,
    Json(draft): Json<MessageSettingsDraft>,
) -> Answer<Json<MessageSettings>> {
    choose(&app, key.provider(), &draft.read()?, key.actor())
        .await
        .map_err(|error| match error {
            NotChosen::Settings(bad) => {
                let field = match bad {
                    BadSettings::Quiet => "quiet_from, quiet_until",
                    BadSettings::MostADay => "most_a_day",
                    BadSettings::MostAPhone => "most_a_phone",
                };
                Problem::bad_field(format!("{field}: {bad}."))
            }
            NotChosen::Database(error) => error.into(),
        })?;
    let mut tx = app.db.tenant(key.provider()).await?;
    settings_now(&mut tx, key.provider()).await
}
