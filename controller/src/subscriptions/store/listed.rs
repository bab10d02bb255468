//! All SQL of what the platform's staff see: how businesses stand, what the platform earned, and orders somebody should look at.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{OrderId, PlatformPlanId, ProviderId};
use sqlx::PgConnection;

use super::strange;
use crate::db::{At, RowId as _};
use crate::rails::pesapal::price::{Currency, Price};
use crate::subscriptions::{Flag, Paid, Refund, Stage, State};

/// A business and how it stands.
#[derive(Clone, Debug)]
pub struct Subscriber {
    /// Which.
    pub provider: ProviderId,
    /// What customers know it by.
    pub business: String,
    /// How it stands.
    pub stage: Stage,
    /// Its last plan.
    pub plan: Option<String>,
    /// What that costs.
    pub price: Option<Price>,
    /// Until when it has paid.
    pub due: Option<Timestamp>,
    /// From when on it is restricted.
    pub restricted_from: Option<Timestamp>,
}

/// Businesses from the newest on, those that stand so, those before one.
///
/// # Errors
/// When the database is away.
pub async fn subscribers(
    conn: &mut PgConnection,
    stage: Option<Stage>,
    before: Option<ProviderId>,
    most: u16,
) -> sqlx::Result<Vec<Subscriber>> {
    let rows = sqlx::query!(
        r#"select p.id, p.business_name, coalesce(s.stage, 'none') as "stage!", l.name as "plan?", l.price_cents as "price_cents?",
                  l.currency as "currency?", s.paid_until as "paid_until?", r.restricted_from as "restricted_from?"
           from providers p left join subscriptions s on s.provider_id = p.id left join platform_plans l on l.id = s.plan_id
           left join provider_rights r on r.provider_id = p.id
           where ($1::text is null or coalesce(s.stage, 'none') = $1) and ($2::uuid is null or p.id < $2)
           order by p.id desc limit $3"#,
        stage.map(Stage::word),
        before.map(|id| id.uuid()),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = row.currency.map(|word| word.parse::<Currency>());
            let currency = currency
                .transpose()
                .map_err(|_| strange("platform_plans.currency"))?;
            Ok(Subscriber {
                provider: ProviderId::from_uuid(row.id),
                business: row.business_name,
                stage: row
                    .stage
                    .parse()
                    .map_err(|_| strange("subscriptions.stage"))?,
                plan: row.plan,
                price: row
                    .price_cents
                    .zip(currency)
                    .map(|(cents, currency)| Price::new(cents, currency)),
                due: row.paid_until.map(|at| at.0),
                restricted_from: row.restricted_from.map(|at| at.0),
            })
        })
        .collect()
}

/// How many businesses stand how, those that nobody has looked at yet among them as in the list.
///
/// # Errors
/// When the database is away.
pub async fn stages(conn: &mut PgConnection) -> sqlx::Result<Vec<(Stage, i64)>> {
    let rows = sqlx::query!(
        r#"select coalesce(s.stage, 'none') as "stage!", count(*) as "count!"
           from providers p left join subscriptions s on s.provider_id = p.id group by 1 order by 1"#
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let stage = row
                .stage
                .parse()
                .map_err(|_| strange("subscriptions.stage"))?;
            Ok((stage, row.count))
        })
        .collect()
}

/// What the platform earned in a month in one currency.
#[derive(Clone, Debug)]
pub struct Month {
    /// Which: `2026-11`.
    pub month: String,
    /// How many orders were paid.
    pub paid: i64,
    /// What came in, without what went back.
    pub amount: Price,
}

/// What businesses paid the platform as their invoices say, by the month in Nairobi, the newest first. What goes back counts in the month in which it does.
///
/// # Errors
/// When the database is away.
pub async fn earned(
    conn: &mut PgConnection,
    from: Timestamp,
    most: u16,
) -> sqlx::Result<Vec<Month>> {
    let rows = sqlx::query!(
        r#"select to_char(at at time zone 'Africa/Nairobi', 'YYYY-MM') as "month!", currency as "currency!",
                  count(*) filter (where what <> 'reversed') as "paid!", sum(case when what = 'reversed' then -cents else cents end)::bigint as "cents!"
           from (select e.at, e.what, coalesce(i.currency, o.currency) as currency, coalesce(i.amount_cents, o.amount_cents) as cents
                 from subscription_entries e join platform_orders o on o.provider_id = e.provider_id and o.id = e.order_id
                 left join platform_invoices i on i.order_id = e.order_id where e.at >= $1) lines
           group by 1, 2 order by 1 desc, 2 limit $2"#,
        At(from),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = row
                .currency
                .parse()
                .map_err(|_| strange("platform_orders.currency"))?;
            Ok(Month {
                month: row.month,
                paid: row.paid,
                amount: Price::new(row.cents, currency),
            })
        })
        .collect()
}

/// An order that somebody should look at.
#[derive(Clone, Debug)]
pub struct Flagged {
    /// Which.
    pub order: OrderId,
    /// What its business is called.
    pub business: String,
    /// The plan it is for.
    pub plan: String,
    /// What was asked.
    pub price: Price,
    /// What was paid, where that is something else.
    pub paid: Option<Paid>,
    /// Why.
    pub flag: Flag,
    /// Where it is.
    pub state: State,
    /// The receipt.
    pub receipt: Option<String>,
    /// Where its money is, if that should go back.
    pub refund: Option<Refund>,
    /// Whether the rail has a name for it, by which it is asked.
    pub has_tracking: bool,
    /// When it was made.
    pub at: Timestamp,
}

/// Orders that somebody should look at, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn flagged(conn: &mut PgConnection, most: u16) -> sqlx::Result<Vec<Flagged>> {
    let rows = sqlx::query!(
        r#"select o.id, p.business_name, l.name as plan, o.amount_cents, o.currency, o.paid_cents, o.paid_currency, o.flag as "flag!", o.state,
                  o.confirmation_code, o.refund, o.tracking_id is not null as "has_tracking!", o.created_at
           from platform_orders o join providers p on p.id = o.provider_id join platform_plans l on l.id = o.plan_id
           where o.flag is not null and o.resolved_at is null order by o.created_at, o.id limit $1"#,
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = row
                .currency
                .parse()
                .map_err(|_| strange("platform_orders.currency"))?;
            let refund = row.refund.map(|word| word.parse());
            Ok(Flagged {
                order: OrderId::from_uuid(row.id),
                business: row.business_name,
                plan: row.plan,
                price: Price::new(row.amount_cents, currency),
                paid: row
                    .paid_cents
                    .zip(row.paid_currency)
                    .map(|(cents, currency)| Paid { cents, currency }),
                flag: row
                    .flag
                    .parse()
                    .map_err(|_| strange("platform_orders.flag"))?,
                state: row
                    .state
                    .parse()
                    .map_err(|_| strange("platform_orders.state"))?,
                receipt: row.confirmation_code,
                refund: refund
                    .transpose()
                    .map_err(|_| strange("platform_orders.refund"))?,
                has_tracking: row.has_tracking,
                at: row.created_at.0,
            })
        })
        .collect()
}

/// Whose an order is.
///
/// # Errors
/// When the database is away.
pub async fn owner(conn: &mut PgConnection, order: OrderId) -> sqlx::Result<Option<ProviderId>> {
    let id = sqlx::query_scalar!(
        "select provider_id from platform_orders where id = $1",
        order.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ProviderId::from_uuid))
}

/// How many businesses are on each plan.
///
/// # Errors
/// When the database is away.
pub async fn subscribed(conn: &mut PgConnection) -> sqlx::Result<Vec<(PlatformPlanId, i64)>> {
    let rows = sqlx::query!(
        r#"select plan_id as "plan!", count(*) as "count!" from subscriptions where plan_id is not null group by plan_id"#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PlatformPlanId::from_uuid(row.plan), row.count))
        .collect())
}
