//! What Pesapal tells us by itself, and a browser that comes back from its page: hints, after which Pesapal is asked.
//!
//! Nobody signs them, so they change nothing. What nobody knows here is acknowledged and forgotten.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;

use super::store::messages::{self, Kind};
use super::store::{asked, orders};
use super::{ask, recurring};
use crate::app::App;
use crate::db::Reason;
use crate::rails::pesapal::Name;
use crate::ratelimit::{Act, By};
use crate::web::caller::Caller;
use crate::web::extract::{Json, Raw};
use crate::web::page::onward;
use crate::web::problem::Problem;

/// The longest word of a hint that is looked at.
const LONGEST: usize = 200;
/// The word of an order that changed, and of whoever leaves the word out.
const CHANGED: &str = "IPNCHANGE";
/// The word of a card that was charged by itself.
const RECURRING: &str = "RECURRING";
/// Pesapal's way of being asked to try again.
const AGAIN: u16 = 500;

/// A hint as it came: its words in any case, from behind a question mark or from a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Hint {
    kind: String,
    tracking: String,
    reference: String,
}

/// What Pesapal has to be answered, field by field.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Echo {
    order_notification_type: String,
    order_tracking_id: String,
    order_merchant_reference: String,
    status: u16,
}

impl Hint {
    fn take(&mut self, name: &str, value: &str) {
        let field = match name.to_ascii_lowercase().as_str() {
            "ordernotificationtype" => &mut self.kind,
            "ordertrackingid" => &mut self.tracking,
            "ordermerchantreference" => &mut self.reference,
            _ => return,
        };
        *field = value.trim().chars().take(LONGEST).collect();
    }

    fn from_pairs(pairs: &[u8]) -> Self {
        let mut hint = Self::default();
        for (name, value) in url::form_urlencoded::parse(pairs) {
            hint.take(&name, &value);
        }
        hint
    }

    fn from_body(body: &[u8]) -> Self {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return Self::from_pairs(body);
        };
        let mut hint = Self::default();
        for (name, value) in &fields {
            match value {
                Value::String(value) => hint.take(name, value),
                // Whoever stands in for Pesapal may count its orders.
                Value::Number(value) => hint.take(name, &value.to_string()),
                Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {}
            }
        }
        hint
    }

    /// Whether it names anything at all.
    const fn is_empty(&self) -> bool {
        self.tracking.is_empty() && self.reference.is_empty()
    }

    /// Whether nothing of ours can be meant: no text of a row holds a NUL.
    fn is_nobodys(&self) -> bool {
        [&self.kind, &self.tracking, &self.reference]
            .iter()
            .any(|word| word.contains('\0'))
    }

    fn echo(self, status: u16) -> Json<Echo> {
        let kind = if self.kind.is_empty() {
            CHANGED.to_owned()
        } else {
            self.kind
        };
        Json(Echo {
            order_notification_type: kind,
            order_tracking_id: self.tracking,
            order_merchant_reference: self.reference,
            status,
        })
    }

    /// As it is kept for people to read.
    fn text(&self) -> String {
        format!("{} {} {}", self.kind, self.tracking, self.reference)
    }
}

/// A notification with its words behind a question mark. Whoever comes may send one.
///
/// # Errors
/// When it names nothing, or there are too many from one address.
pub async fn by_get(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
) -> Result<Json<Echo>, Problem> {
    let hint = Hint::from_pairs(query.unwrap_or_default().as_bytes());
    notified(&app, caller, hint).await
}

/// A notification with a body. Whoever comes may send one.
///
/// # Errors
/// When it names nothing, or there are too many from one address.
pub async fn by_post(
    State(app): State<App>,
    caller: Caller,
    RawQuery(query): RawQuery,
    Raw(body): Raw,
) -> Result<Json<Echo>, Problem> {
    let mut hint = Hint::from_body(&body);
    if hint.is_empty() {
        hint = Hint::from_pairs(query.unwrap_or_default().as_bytes());
    }
    notified(&app, caller, hint).await
}

async fn notified(app: &App, caller: Caller, hint: Hint) -> Result<Json<Echo>, Problem> {
    app.limits.check(Act::Notice, By::Address(caller.0))?;
    if hint.is_empty() {
        return Err(Problem::bad_request(
            "OrderTrackingId and OrderMerchantReference are needed.",
        ));
    }
    match keep(app, caller, &hint, Kind::Notice).await {
        Ok(true) => Ok(hint.echo(200)),
        Ok(false) => Ok(hint.echo(AGAIN)),
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a notification of Pesapal could not be kept"
            );
            Ok(hint.echo(AGAIN))
        }
    }
}

/// A browser back from Pesapal's page: Pesapal is asked, and the browser is led to where it is told what came of it. Whoever comes may do so.
pub async fn back(State(app): State<App>, caller: Caller, RawQuery(query): RawQuery) -> Response {
    let hint = Hint::from_pairs(query.unwrap_or_default().as_bytes());
    if app.limits.check(Act::Notice, By::Address(caller.0)).is_ok()
        && !hint.is_empty()
        && let Err(error) = keep(&app, caller, &hint, Kind::Return).await
    {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a browser's return from Pesapal could not be kept"
        );
    }
    onward("/settings/subscription")
}

/// Keeps a hint about an order of ours and has Pesapal asked. Says whether that was done, or there is nothing to do; else it should come again.
async fn keep(app: &App, caller: Caller, hint: &Hint, kind: Kind) -> sqlx::Result<bool> {
    if hint.is_nobodys() {
        count("unknown");
        return Ok(true);
    }
    let tracking: Option<Name> = hint.tracking.parse().ok();
    let is_recurring = hint.kind.eq_ignore_ascii_case(RECURRING);
    // A notification names an order and no business.
    let mut tx = app.db.platform(Reason::Payments).await?;
    let whose = orders::whose(&mut tx, tracking.as_ref(), &hint.reference).await?;
    let began = if is_recurring && whose.is_none() {
        orders::of_account(&mut tx, &hint.reference).await?
    } else {
        None
    };
    drop(tx);
    let now = app.clock.now();
    if let Some((provider, order)) = whose {
        count("known");
        let mut tx = app.db.tenant(provider).await?;
        let Some(order) = orders::lock(&mut tx, provider, order).await? else {
            return Ok(true);
        };
        let whose = (provider, order.id);
        messages::keep(app, &mut tx, whose, (kind, now), &hint.text()).await?;
        if let Some(tracking) = &tracking {
            asked::note_hint(&mut tx, &order, tracking).await?;
        }
        let at = order.ask_after.map_or(now, |after| after.max(now));
        ask::ask_at(app, &mut tx, whose, at).await?;
        tx.commit().await?;
    } else if let (Some(began), Some(tracking)) = (began, tracking) {
        let mut tx = app.db.tenant(began.provider).await?;
        let whose = (began.provider, began.id);
        let Some(began) = orders::lock(&mut tx, began.provider, began.id).await? else {
            return Ok(true);
        };
        let charge = (&tracking, caller.0);
        if !recurring::ask_at(app, &mut tx, &began, charge, now).await? {
            // Now, and not whenever the connection is used again: jobs that are locked are passed over.
            tx.rollback().await?;
            count("full");
            return Ok(false);
        }
        count("known");
        let line = (Kind::Notice, now);
        messages::keep(app, &mut tx, whose, line, &hint.text()).await?;
        tx.commit().await?;
    } else {
        count("unknown");
        return Ok(true);
    }
    app.jobs.wake();
    Ok(true)
}

fn count(result: &'static str) {
    metrics::counter!("mnara_pesapal_notices_total", "result" => result).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_read_in_any_case_and_from_anywhere() {
        let expected = Hint {
            kind: "IPNCHANGE".to_owned(),
            tracking: "96a5".to_owned(),
            reference: "ord_1".to_owned(),
        };
        for pairs in [
            "OrderTrackingId=96a5&OrderMerchantReference=ord_1&OrderNotificationType=IPNCHANGE",
            "orderTrackingId=96a5&ORDERMERCHANTREFERENCE=ord_1&ordernotificationtype=IPNCHANGE&x=y",
        ] {
            assert_eq!(Hint::from_pairs(pairs.as_bytes()), expected);
            assert_eq!(Hint::from_body(pairs.as_bytes()), expected);
        }
        let body = r#"{"OrderNotificationType":"IPNCHANGE","orderTrackingId":"96a5","OrderMerchantReference":"ord_1","more":[1]}"#;
        for body in [body.to_owned(), format!("\u{feff}{body}")] {
            assert_eq!(Hint::from_body(body.as_bytes()), expected);
        }
        let numbers = r#"{"OrderNotificationType":"IPNCHANGE","OrderTrackingId":4278,"OrderMerchantReference":17,"more":null}"#;
        let counted = Hint {
            kind: "IPNCHANGE".to_owned(),
            tracking: "4278".to_owned(),
            reference: "17".to_owned(),
        };
        assert_eq!(Hint::from_body(numbers.as_bytes()), counted);
        for nothing in ["", "[]", "{}", "null", "\u{0}"] {
            assert!(Hint::from_body(nothing.as_bytes()).is_empty());
        }
    }

    #[test]
    fn the_answer_is_what_pesapal_wants_byte_for_byte() {
        let hint = Hint {
            kind: "IPNCHANGE".to_owned(),
            tracking: "d0fa69d6-f3cd-433b-858e-df86555b86c8".to_owned(),
            reference: "1515111111".to_owned(),
        };
        let Json(echo) = hint.echo(200);
        assert_eq!(
            serde_json::to_string(&echo).unwrap(),
            r#"{"orderNotificationType":"IPNCHANGE","orderTrackingId":"d0fa69d6-f3cd-433b-858e-df86555b86c8","orderMerchantReference":"1515111111","status":200}"#
        );
        let Json(echo) = Hint::from_pairs(b"OrderTrackingId=1").echo(200);
        assert_eq!(echo.order_notification_type, "IPNCHANGE");
    }
}
