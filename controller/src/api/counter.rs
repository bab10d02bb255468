//! `/api/v1/counter`: what was sold for cash. No call sells: each sale is one person's, who answers for the cash.

use axum::extract::State;
use futures_util::FutureExt as _;
use mnara_protocol::clock::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::cursor::{Asked, List, listed};
use super::gate::Key;
use super::operation::Operation;
use super::types::time;
use crate::app::App;
use crate::db::LAST;
use crate::tickets::counter::store::{Sold, sold};
use crate::web::{Answer, Json, show};

/// A voucher that was sold for cash.
#[derive(Debug, Serialize, ToSchema)]
pub struct CashSale {
    /// The voucher.
    ticket_id: String,
    /// Its plan, as it was called.
    plan_name: String,
    /// For how much.
    amount: String,
    /// In which currency.
    currency: &'static str,
    /// Who sold it, and has the cash.
    sold_by: String,
    /// When.
    sold_at: String,
    /// When the money went back and the voucher with it; null for a sale that stands.
    undone_at: Option<String>,
    /// When the voucher was first used.
    used_at: Option<String>,
}

impl From<Sold> for CashSale {
    fn from(sale: Sold) -> Self {
        Self {
            ticket_id: sale.ticket.to_string(),
            plan_name: sale.plan_name,
            amount: sale.amount.to_decimal(),
            currency: sale.amount.currency().code(),
            sold_by: sale.name,
            sold_at: show::utc(sale.at),
            undone_at: sale.undone.map(show::utc),
            used_at: sale.used.map(show::utc),
        }
    }
}

/// Which sales.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Rows at most, 50 if nothing is said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// The `next` of the part before.
    #[schema(pattern = "^[A-Za-z0-9_-]{32}$")]
    cursor: Option<String>,
    /// At this time or after, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    from: Option<String>,
    /// Before this time, of the years 1970 to 9999.
    #[schema(format = "date-time")]
    to: Option<String>,
}

pub(super) fn listing() -> Operation {
    Operation::new(
        "listCashSales",
        "List vouchers sold for cash",
        "The last comes first.",
    )
    .query::<Listing>()
    .lists::<CashSale>()
}

/// Lists what was sold for cash.
///
/// # Errors
/// A problem document.
pub async fn list(
    State(app): State<App>,
    key: Key,
    Asked(asked): Asked<Listing>,
) -> Answer<Json<List<CashSale>>> {
    let provider = key.provider();
    let from = time("from", asked.from.as_deref())?.unwrap_or(Timestamp::from_secs(0));
    let to = time("to", asked.to.as_deref())?.unwrap_or(LAST);
    listed(
        &app,
        &key,
        (asked.limit, asked.cursor.as_deref()),
        move |conn, before, limit| sold(conn, provider, None, (from, to), before, limit).boxed(),
        |sale: &Sold| (sale.at, sale.ticket),
        CashSale::from,
    )
    .await
}
