//! All SQL of what businesses have paid for: the lines of the book, and the row that says what they come to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{EntryId, OrderId, PlatformPlanId, ProviderId};
use sqlx::PgConnection;

use super::strange;
use crate::app::App;
use crate::db::{At, RowId as _};
use crate::rails::pesapal::price::Price;
use crate::subscriptions::terms::{Entry, Rate, What};

/// Lines read at most: a month each for more than a century.
const MOST: i64 = 2_000;

/// Holds the subscription of a business, so that its book is written by one at a time; makes the row if there is none.
///
/// # Errors
/// When the database refuses.
pub async fn hold(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into subscriptions (provider_id, created_at, changed_at) values ($1, $2, $2) on conflict (provider_id) do nothing",
        provider.uuid(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        "select provider_id from subscriptions where provider_id = $1 for update",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// The lines of a book, the first first.
///
/// # Errors
/// When the database is away.
pub async fn lines(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Vec<Entry>> {
    let rows = sqlx::query!(
        "select e.what, e.plan_id, e.period, e.days, e.order_id, e.upgrade_until, e.added_cents, e.at, p.period as plan_period, p.price_cents, p.currency
         from subscription_entries e join platform_plans p on p.id = e.plan_id where e.provider_id = $1 order by e.number limit $2",
        provider.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let order = row.order_id.map(OrderId::from_uuid);
            let strange = || strange("a line of subscription_entries");
            let period = row.period.as_deref().unwrap_or(&row.plan_period);
            let rate = Rate {
                price: Price::new(
                    row.price_cents,
                    row.currency.parse().map_err(|_| strange())?,
                ),
                period: period.parse().map_err(|_| strange())?,
            };
            let days = row.days.and_then(|days| u16::try_from(days).ok());
            let what = match (row.what.as_str(), order, days, row.added_cents) {
                ("trial", None, Some(days), None) => What::Trial { days },
                ("paid", Some(order), None, None) => What::Paid { order },
                ("upgraded", Some(order), None, None) => What::Upgraded {
                    order,
                    until: row.upgrade_until.map(Into::into),
                },
                ("changed", order, None, Some(added)) => What::Changed { order, added },
                ("reversed", Some(order), None, None) => What::Reversed { order },
                _ => return Err(strange()),
            };
            Ok(Entry {
                at: row.at.0,
                plan: PlatformPlanId::from_uuid(row.plan_id),
                rate,
                what,
            })
        })
        .collect()
}

/// What a line changes: until when was paid for before it, and after it.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Before.
    pub from: Option<Timestamp>,
    /// After.
    pub until: Option<Timestamp>,
    /// The plan of the last term, after it.
    pub plan: Option<PlatformPlanId>,
}

/// Writes a line and what the book comes to with it.
///
/// # Errors
/// When the database refuses, also a second line for one order.
pub async fn write(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    entry: &Entry,
    change: Change,
) -> sqlx::Result<()> {
    let upgrade_until = match entry.what {
        What::Upgraded { until, .. } => until,
        What::Trial { .. } | What::Paid { .. } | What::Changed { .. } | What::Reversed { .. } => {
            None
        }
    };
    let added = match entry.what {
        What::Changed { added, .. } => Some(added),
        What::Trial { .. } | What::Paid { .. } | What::Upgraded { .. } | What::Reversed { .. } => {
            None
        }
    };
    let (what, period, days, order) = match entry.what {
        What::Trial { days } => ("trial", None, Some(i32::from(days)), None),
        What::Paid { order } => {
            let period = entry.rate.period.word();
            ("paid", Some(period), None, Some(order.uuid()))
        }
        What::Upgraded { order, .. } => ("upgraded", None, None, Some(order.uuid())),
        What::Changed { order, .. } => ("changed", None, None, order.map(|order| order.uuid())),
        What::Reversed { order } => ("reversed", None, None, Some(order.uuid())),
    };
    sqlx::query!(
        "insert into subscription_entries (id, provider_id, number, what, plan_id, period, days, order_id, at, from_at, until_at, upgrade_until,
                                           added_cents)
         values ($1, $2, 1 + coalesce((select max(number) from subscription_entries where provider_id = $2), 0), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        EntryId::new(entry.at, app.entropy.bytes()).uuid(),
        provider.uuid(),
        what,
        entry.plan.uuid(),
        period,
        days,
        order,
        At(entry.at),
        change.from.map(At) as Option<At>,
        change.until.map(At) as Option<At>,
        upgrade_until.map(At) as Option<At>,
        added,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update subscriptions set plan_id = $2, paid_until = $3, changed_at = $4 where provider_id = $1",
        provider.uuid(),
        change.plan.map(|plan| plan.uuid()),
        change.until.map(At) as Option<At>,
        At(entry.at),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Until when a business has paid; none for one that never did.
///
/// # Errors
/// When the database is away.
pub async fn paid_until(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Timestamp>> {
    let row = sqlx::query!(
        "select paid_until from subscriptions where provider_id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| row.paid_until).map(Into::into))
}
