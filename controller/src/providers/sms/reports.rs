//! What Africa's Talking tells us by itself: where a text is, and that a phone wants no more.
//!
//! The secret in the address is all that vouches for it;
//! with it one can make a text look delivered, and a phone silent but for what is owed, and nothing else.

use axum::extract::State;
use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use subtle::ConstantTimeEq as _;

use super::store;
use crate::app::App;
use crate::db::Reason;
use crate::rails::sms::report;
use crate::ratelimit::{Act, By};
use crate::web::Path;
use crate::web::caller::Caller;
use crate::web::extract::Raw;
use crate::web::problem::Problem;

/// Whether the secret of an address is ours. Whoever guesses is counted.
fn vouched(app: &App, caller: Caller, secret: &str) -> Result<(), Problem> {
    let ours = app.config.sms.africastalking_callback_secret.as_ref();
    let is_ours = ours
        .is_some_and(|ours| bool::from(ours.expose_secret().as_bytes().ct_eq(secret.as_bytes())));
    if is_ours {
        return Ok(());
    }
    app.limits.check(Act::Unvouched, By::Address(caller.0))?;
    Err(Problem::not_found())
}

/// A delivery report. One that cannot be read, or is of no text of ours, is acknowledged and forgotten.
///
/// # Errors
/// When the secret is another, or the database is away.
pub async fn delivery(
    State(app): State<App>,
    caller: Caller,
    Path(secret): Path<String>,
    Raw(body): Raw,
) -> Result<StatusCode, Problem> {
    vouched(&app, caller, &secret)?;
    let Some(report) = report::delivery(&body) else {
        count("unreadable");
        return Ok(StatusCode::OK);
    };
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Intake).await?;
    let found = store::arrived(&mut tx, &report.id, report.phone, report.arrival, now).await?;
    tx.commit().await?;
    count(if found { "known" } else { "unknown" });
    Ok(StatusCode::OK)
}

/// A phone that wants no more.
///
/// # Errors
/// When the secret is another, or the database is away.
pub async fn opt_out(
    State(app): State<App>,
    caller: Caller,
    Path(secret): Path<String>,
    Raw(body): Raw,
) -> Result<StatusCode, Problem> {
    vouched(&app, caller, &secret)?;
    let Some(phone) = report::opt_out(&body) else {
        count("unreadable");
        return Ok(StatusCode::OK);
    };
    let now = app.clock.now();
    let mut tx = app.db.platform(Reason::Intake).await?;
    store::opt_out_everywhere(&mut tx, phone, now).await?;
    tx.commit().await?;
    count("opt-out");
    Ok(StatusCode::OK)
}

fn count(result: &'static str) {
    metrics::counter!("mnara_sms_reports_total", "result" => result).increment(1);
}
