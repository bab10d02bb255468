//! Payments to a provider's shortcode as its C2B confirmations tell them.
//!
//! A prompt that was paid raises one too, with the same receipt: it is proof of our own payment and never a second one. Money
//! that is not ours stays in the callbacks, for a person.

use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mnara_protocol::ids::ProviderId;
use serde_json::json;

use super::callback::{Intake, take};
use super::settle::Evidence;
use super::store::Waiting;
use super::store::messages::{self, Kind};
use super::unmatched::{self, Arrived, BEGUN_WITHIN, Reason};
use super::{confirm, store};
use crate::app::App;
use crate::db;
use crate::providers;
use crate::providers::mpesa;
use crate::rails::daraja::ShortcodeKind;
use crate::rails::daraja::callback::{C2b, parse_c2b};
use crate::web::{Caller, Json, Path, Problem, Raw};

/// A payment to a till names no account. When it answers our own prompt it may come before the prompt's callback, which tells the receipt, or
/// before the question that makes up for a lost one: for so long it waits for either.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How often it looks meanwhile.
pub(super) const PAUSE: Duration = Duration::from_secs(30);

/// `POST /api/pay/{provider}/{secret}/validation`: money that is on its way is never sent back; who it was for is found out afterwards.
pub async fn validate(Path(_): Path<(String, String)>) -> Response {
    (
        StatusCode::OK,
        Json(json!({ "ResultCode": "0", "ResultDesc": "Accepted" })),
    )
        .into_response()
}

/// `POST /api/pay/{provider}/{secret}/confirmation`: kept like a callback, settled in the same job.
///
/// # Errors
/// A problem only when the body could not be kept.
pub async fn confirm(
    State(app): State<App>,
    Extension(intake): Extension<Intake>,
    Caller(source): Caller,
    Path((provider, secret)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    take(&app, &intake, &provider, &secret, &body, source).await?;
    Ok((
        StatusCode::OK,
        Json(json!({ "ResultCode": 0, "ResultDesc": "Success" })),
    )
        .into_response())
}

/// Finds out what a confirmation is about and carries it out; says what became of it, or nothing while it should be asked again.
///
/// # Errors
/// When the database is away.
pub async fn settle(app: &App, waiting: &Waiting) -> anyhow::Result<Option<&'static str>> {
    let is_early = app.clock.now() < waiting.received_at + PATIENCE;
    match match_up(app, waiting).await? {
        Outcome::Nobodys(_, said) if said.reference.is_none() && is_early => Ok(None),
        Outcome::Nobodys(provider, said) => {
            let arrived = Arrived {
                reason: Reason::Nobody,
                amount: said.amount,
                receipt: said.receipt,
                payer: said.payer,
                reference: said.reference,
                payment: None,
                site: None,
                at: waiting.received_at,
            };
            let mut tx = app.db.tenant(provider).await?;
            unmatched::take(app, &mut tx, provider, &arrived).await?;
            tx.commit().await?;
            Ok(Some("unmatched"))
        }
        Outcome::Known(word) => Ok(Some(word)),
    }
}

/// The one there is; of several nobody can tell which is meant.
fn only<T>(mut these: impl Iterator<Item = T>) -> Option<T> {
    these.next().filter(|_| these.next().is_none())
}

enum Outcome {
    Known(&'static str),
    /// It names no account and no receipt of ours.
    Nobodys(ProviderId, C2b),
}

async fn match_up(app: &App, waiting: &Waiting) -> anyhow::Result<Outcome> {
    let known = |word| Ok(Outcome::Known(word));
    let Ok(said) = parse_c2b(&waiting.body) else {
        return known("unreadable");
    };
    let mut tx = app.db.platform(db::Reason::Payments).await?;
    let Some(provider) = providers::store::by_c2b_secret(&mut tx, &waiting.secret_hash).await?
    else {
        return known("stranger");
    };
    drop(tx);
    let mut tx = app.db.tenant(provider).await?;
    let Some(account) = providers::store::account(&mut tx, provider).await? else {
        return known("no-account");
    };
    let receives = match &account.kind {
        ShortcodeKind::Paybill => &account.shortcode,
        ShortcodeKind::Till { number } => number,
    };
    if said.shortcode != account.shortcode
        && said.shortcode != *receives
        && !mpesa::store::was_used(&mut tx, provider, &said.shortcode).await?
    {
        return known("other-shortcode");
    }
    let reference = said.reference.as_deref().unwrap_or_default();
    let named = store::by_reference(&mut tx, provider, reference, &said.receipt).await?;
    let found = match (named, &said.reference) {
        (Some(payment), _) => Some(payment),
        (None, Some(_)) => None,
        // A prompt that was paid and whose callback was lost has no receipt. A confirmation of the same amount, from what may be the same
        // phone, so soon after the prompt was sent, names it; it proves nothing more, since the rail itself has said that it was paid.
        (None, None) => {
            let arrived = waiting.received_at;
            let within = (arrived - BEGUN_WITHIN, arrived);
            let paid = store::without_receipt(&mut tx, provider, said.amount, within).await?;
            only(paid.iter().filter(|(_, phone)| said.payer.may_be(phone))).map(|(id, _)| *id)
        }
    };
    let Some(payment) = found else {
        return Ok(Outcome::Nobodys(provider, said));
    };
    if let Some(payment) = store::lock(&mut tx, provider, payment).await? {
        let heard = (Kind::Confirmation, waiting.received_at);
        messages::keep_callback(&mut tx, &payment, waiting.id, heard, &waiting.body).await?;
    }
    tx.commit().await?;
    let evidence = Evidence::C2b {
        receipt: said.receipt,
        amount: said.amount,
    };
    let decision = confirm::apply(app, provider, payment, &evidence, None).await?;
    known(decision.map_or("gone", |decision| confirm::result_word(&decision)))
}
