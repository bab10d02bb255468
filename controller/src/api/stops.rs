//! `/api/v1/messages/stopped`: phones that want no SMS of a business. Some told somebody of it, the others their network, which refuses what is
//! sent there whatever is chosen here.

use axum::extract::State;
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::types::Uuid;
use utoipa::ToSchema;

use super::cursor::{Asked, List, Listing, listed};
use super::gate::Key;
use super::made::Made;
use super::once::Once;
use super::operation::Operation;
use crate::app::App;
use crate::providers::sms::stops::{start_in, stop_in};
use crate::providers::sms::store::{self, OptOut};
use crate::rails::msisdn::Msisdn;
use crate::web::{Answer, Json, Problem, show};

/// A phone, and whether it gets SMS.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePhone {
    /// The phone, such as `254712345678`.
    phone: String,
    /// Since when it gets none; null where it gets them.
    stopped_at: Option<String>,
    /// To whom it said so: `network`, or `staff` for somebody of the business; null where it gets them.
    told: Option<&'static str>,
}

impl From<OptOut> for MessagePhone {
    fn from(stopped: OptOut) -> Self {
        let told = if stopped.by_network {
            "network"
        } else {
            "staff"
        };
        Self {
            phone: stopped.phone.digits(),
            stopped_at: Some(show::utc(stopped.since)),
            told: Some(told),
        }
    }
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listStoppedPhones",
        "List phones that get no SMS",
        "The last that said so comes first. What concerns log-ins and bills of the business is sent to them all the same.",
    )
    .query::<Listing>()
    .lists::<MessagePhone>()
}

/// Lists phones that get none.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<MessagePhone>>> {
    let provider = key.provider();
    listed(
        &app,
        &key,
        asked.part(),
        move |conn, behind, limit| {
            async move {
                // A phone has no id, but its number.
                let number = |row: Uuid| u64::try_from(row.as_u128()).unwrap_or(u64::MAX);
                let behind = behind.map(|(at, row)| (at, number(row)));
                store::opt_outs(conn, provider, behind, limit).await
            }
            .boxed()
        },
        |row: &OptOut| (row.since, Uuid::from_u128(row.phone.number().into())),
        MessagePhone::from,
    )
    .await
}

/// Which phone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhichPhone {
    /// The phone, in any usual form, such as `0712 345 678`.
    #[schema(
        pattern = r"^[ ().-]*(\+[ ().-]*)?((2[ ().-]*5[ ().-]*4|0)[ ().-]*)?[17]([ ().-]*[0-9]){8}[ ().-]*$"
    )]
    phone: String,
}

impl WhichPhone {
    fn read(&self) -> Answer<Msisdn> {
        let phone = self.phone.parse::<Msisdn>();
        phone.map_err(|_| Problem::bad_field("phone: give a Kenyan mobile number."))
    }
}

pub(super) fn stopping() -> Operation {
    Operation::new(
        "stopPhone",
        "Send a phone no SMS any more",
        "For somebody who wants none. One that told its network is listed by itself.",
    )
    .body::<WhichPhone>(json!({"phone": "254712345678"}))
    .answers::<MessagePhone>(200)
}

/// Sends one no more.
///
/// # Errors
/// A problem document.
pub async fn stop(
    State(app): State<App>,
    key: Key,
    once: Once,
    Json(which): Json<WhichPhone>,
) -> Answer<Made> {
    let phone = which.read()?;
    let mut tx = app.db.tenant(key.provider()).await?;
    stop_in(&app, &mut tx, (key.provider(), key.actor()), phone).await?;
    let stopped = store::opted_out(&mut tx, key.provider(), phone).await?;
    let stopped: MessagePhone = stopped.ok_or_else(Problem::not_found)?.into();
    let made = Made::now(&stopped)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}

pub(super) fn starting() -> Operation {
    Operation::new(
        "startPhone",
        "Let SMS go to a phone again",
        "Where the phone told its network, and has not taken that back there, the network refuses the next one and the phone is listed again.",
    )
    .body::<WhichPhone>(json!({"phone": "254712345678"}))
    .answers::<MessagePhone>(200)
}

/// Lets SMS go to one again.
///
/// # Errors
/// A problem document.
pub async fn start(
    State(app): State<App>,
    key: Key,
    once: Once,
    Json(which): Json<WhichPhone>,
) -> Answer<Made> {
    let phone = which.read()?;
    let mut tx = app.db.tenant(key.provider()).await?;
    start_in(&app, &mut tx, (key.provider(), key.actor()), phone).await?;
    let started = MessagePhone {
        phone: phone.digits(),
        stopped_at: None,
        told: None,
    };
    let made = Made::now(&started)?;
    once.keep(&mut tx, &made).await?;
    tx.commit().await?;
    Ok(made)
}
