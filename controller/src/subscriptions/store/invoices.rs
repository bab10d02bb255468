//! All SQL of invoices and of their numbers.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::strange;
use crate::db::{At, RowId as _};
use crate::rails::pesapal::price::Price;

/// An invoice, as it was on the day it was paid.
#[derive(Clone, Debug)]
pub struct Invoice {
    /// Its number.
    pub number: i64,
    /// Whose.
    pub provider: ProviderId,
    /// The order it is of.
    pub order: OrderId,
    /// When.
    pub issued: Timestamp,
    /// What the business was called.
    pub business: String,
    /// How it was written to.
    pub contact: Option<String>,
    /// What the plan was called.
    pub plan: String,
    /// Whether it is for a better plan, and for no time.
    pub is_upgrade: bool,
    /// How much.
    pub price: Price,
    /// From when it pays for.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// The rail's receipt.
    pub receipt: Option<String>,
    /// By what it was paid.
    pub method: Option<String>,
    /// Whether the money went back since.
    pub is_back: bool,
    /// Who issued it, as far as that was kept.
    pub issuer: Option<String>,
}

/// An invoice as its row and that of its order have it.
struct InvoiceRow {
    number: i64,
    order_id: Uuid,
    issued_at: At,
    business: String,
    contact: Option<String>,
    plan: String,
    is_upgrade: bool,
    amount_cents: i64,
    currency: String,
    from_at: At,
    until_at: At,
    state: String,
    confirmation_code: Option<String>,
    payment_method: Option<String>,
    issuer: Option<String>,
}

impl InvoiceRow {
    fn invoice(self, provider: ProviderId) -> sqlx::Result<Invoice> {
        let currency = self
            .currency
            .parse()
            .map_err(|_| strange("platform_invoices.currency"))?;
        Ok(Invoice {
            number: self.number,
            provider,
            order: OrderId::from_uuid(self.order_id),
            issued: self.issued_at.0,
            business: self.business,
            contact: self.contact,
            plan: self.plan,
            is_upgrade: self.is_upgrade,
            price: Price::new(self.amount_cents, currency),
            from: self.from_at.0,
            until: self.until_at.0,
            receipt: self.confirmation_code,
            method: self.payment_method,
            is_back: self.state == "reversed",
            issuer: self.issuer,
        })
    }
}

/// Takes the next number; it goes back if the transaction does.
///
/// # Errors
/// When the database refuses.
pub async fn next(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "insert into platform_numbers (name, last) values ('invoice', 1)
         on conflict (name) do update set last = platform_numbers.last + 1 returning last"
    )
    .fetch_one(conn)
    .await
}

/// Adds an invoice.
///
/// # Errors
/// When the database refuses, also a second one of an order.
pub async fn insert(conn: &mut PgConnection, invoice: &Invoice) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into platform_invoices (number, provider_id, order_id, issued_at, business, contact, plan, is_upgrade, amount_cents, currency,
                                        from_at, until_at, issuer)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        invoice.number,
        invoice.provider.uuid(),
        invoice.order.uuid(),
        At(invoice.issued),
        invoice.business,
        invoice.contact,
        invoice.plan,
        invoice.is_upgrade,
        invoice.price.cents,
        invoice.price.currency.code(),
        At(invoice.from),
        At(invoice.until),
        invoice.issuer,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// One invoice of a business, as its order is now.
///
/// # Errors
/// When the database is away.
pub async fn one(
    conn: &mut PgConnection,
    provider: ProviderId,
    number: i64,
) -> sqlx::Result<Option<Invoice>> {
    let row = sqlx::query_as!(
        InvoiceRow,
        "select i.number, i.order_id, i.issued_at, i.business, i.contact, i.plan, i.is_upgrade, i.amount_cents, i.currency, i.from_at, i.until_at,
                i.issuer, o.state, o.confirmation_code, o.payment_method
         from platform_invoices i join platform_orders o on o.provider_id = i.provider_id and o.id = i.order_id
         where i.provider_id = $1 and i.number = $2",
        provider.uuid(),
        number,
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| row.invoice(provider)).transpose()
}

/// The invoices of a business, the newest first, from before one on.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<(Timestamp, OrderId)>,
    limit: u16,
) -> sqlx::Result<Vec<Invoice>> {
    let rows = sqlx::query_as!(
        InvoiceRow,
        "select i.number, i.order_id, i.issued_at, i.business, i.contact, i.plan, i.is_upgrade, i.amount_cents, i.currency, i.from_at, i.until_at,
                i.issuer, o.state, o.confirmation_code, o.payment_method
         from platform_invoices i join platform_orders o on o.provider_id = i.provider_id and o.id = i.order_id
         where i.provider_id = $1 and ($2::timestamptz is null or (i.issued_at, i.order_id) < ($2, $3))
         order by i.issued_at desc, i.order_id desc limit $4",
        provider.uuid(),
        before.map(|(at, _)| At(at)) as Option<At>,
        before.map(|(_, id)| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.invoice(provider)).collect()
}

/// The numbers of the invoices of some orders of a business.
///
/// # Errors
/// When the database is away.
pub async fn of_orders(
    conn: &mut PgConnection,
    provider: ProviderId,
    orders: &[OrderId],
) -> sqlx::Result<Vec<(OrderId, i64)>> {
    let ids: Vec<_> = orders.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "select order_id, number from platform_invoices where provider_id = $1 and order_id = any($2)",
        provider.uuid(),
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (OrderId::from_uuid(row.order_id), row.number))
        .collect())
}

/// What stands above invoices that are issued now: who issues them.
///
/// # Errors
/// When the database is away.
pub async fn issuer(conn: &mut PgConnection) -> sqlx::Result<String> {
    let value = sqlx::query_scalar!("select value from platform_settings where name = 'issuer'")
        .fetch_optional(conn)
        .await?;
    let text = value.and_then(|value| value.as_str().map(str::to_owned));
    Ok(text.unwrap_or_default())
}

/// Says who issues invoices.
///
/// # Errors
/// When the database refuses.
pub async fn set_issuer(conn: &mut PgConnection, text: &str, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into platform_settings (name, value, changed_at) values ('issuer', $1, $2)
         on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at",
        serde_json::Value::from(text),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
