//! How prompts ended, over all businesses: by business, and by what Safaricom said.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use serde::Deserialize;

use super::days_before;
use crate::admin::store::payments::{self as store, Ends};
use crate::admin::targets::{PAID, Share};
use crate::app::App;
use crate::db::Reason;
use crate::providers::pages::frame::Frame;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::Words;
use crate::web::Query;
use crate::web::page::html;
use crate::web::show;

/// Lines in each list.
const MOST: u16 = 100;

struct Business {
    id: ProviderId,
    name: String,
    share: String,
    kind: &'static str,
    willing: String,
    ends: Ends,
}

struct Why {
    code: Option<String>,
    meaning: &'static str,
    count: i64,
    share: String,
}

#[derive(Template)]
#[template(path = "admin/payments.html")]
struct PaymentsPage<'a> {
    frame: &'a Frame,
    w: &'static Words,
    stretches: [(i64, &'static str, bool); 3],
    days: i64,
    is_none: bool,
    all: Ends,
    share: String,
    willing: String,
    kind: &'static str,
    amount: String,
    businesses: Vec<Business>,
    more: Option<String>,
    reasons: Vec<Why>,
}

/// Over how long, and where in the list of businesses.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    days: String,
    after: Option<String>,
}

impl Asked {
    /// Where the list of businesses goes on: how many prompts of the last one failed, and its id.
    fn place(&self) -> Result<Option<(i64, ProviderId)>, Trouble> {
        let Some(text) = &self.after else {
            return Ok(None);
        };
        let parts = text.split_once('.');
        let place = parts.and_then(|(failed, id)| Some((failed.parse().ok()?, id.parse().ok()?)));
        place.map(Some).ok_or(Trouble::Nothing)
    }
}

/// A share in words, and the colour it has against the target.
pub(super) fn told(share: Share, target: u64) -> (String, &'static str) {
    let kind = match share.reaches(target) {
        Some(true) => "good",
        Some(false) => "bad",
        None => "",
    };
    (share.percent().unwrap_or_else(|| "–".to_owned()), kind)
}

/// Shows it.
///
/// # Errors
/// When the database is away.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Query(asked): Query<Asked>,
) -> Result<Response, Trouble> {
    let w = frame.words();
    let days = match asked.days.as_str() {
        "7" => 7,
        "30" => 30,
        _ => 1,
    };
    let from = days_before(app.clock.now(), days);
    let after = asked.place()?;
    let mut tx = app.db.platform(Reason::Admin).await?;
    let (all, amount) = store::all(&mut tx, from).await?;
    let businesses = store::by_provider(&mut tx, from, after, MOST).await?;
    let reasons = store::by_result(&mut tx, from, MOST).await?;
    drop(tx);
    let (share, kind) = told(all.paid(), PAID);
    let last = businesses.get(usize::from(MOST) - 1);
    let page = PaymentsPage {
        frame: &frame,
        w,
        stretches: [
            (1, w.platform.a_day, days == 1),
            (7, w.platform.a_week, days == 7),
            (30, w.platform.a_month, days == 30),
        ],
        days,
        is_none: all == Ends::default() && amount == Money::ZERO,
        share,
        kind,
        willing: told(all.paid_of_willing(), PAID).0,
        amount: show::money(amount),
        more: last.map(|(id, _, ends)| format!("{}.{id}", ends.failed)),
        businesses: businesses
            .into_iter()
            .map(|(id, name, ends)| {
                let (share, kind) = told(ends.paid(), PAID);
                Business {
                    id,
                    name,
                    share,
                    kind,
                    willing: told(ends.paid_of_willing(), PAID).0,
                    ends,
                }
            })
            .collect(),
        reasons: reasons
            .into_iter()
            .map(|why| Why {
                meaning: match (&why.code, &why.failure) {
                    (Some(code), _) => w.results.code(code),
                    (None, failure) => w.results.failure(failure.as_deref().unwrap_or("")),
                },
                share: told(Share::of(why.count, all.failed), 0).0,
                count: why.count,
                code: why.code,
            })
            .collect(),
        all,
    };
    Ok(html(StatusCode::OK, &page))
}
