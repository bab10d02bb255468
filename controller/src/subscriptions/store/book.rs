//! All SQL of what businesses have paid for: the lines of the book, and the row that says what they come to.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{EntryId, OrderId, PlatformPlanId, ProviderId};
use sqlx::PgConnection;

use super::strange;
use crate::app::App;
use crate::db::{At, RowId as _};
use crate::subscriptions::terms::{Entry, What};

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
        "select what, plan_id, period, days, order_id, upgrade_until, at from subscription_entries where provider_id = $1 order by number limit $2",
        provider.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let order = row.order_id.map(OrderId::from_uuid);
            let period = row.period.and_then(|word| word.parse().ok());
            let days = row.days.and_then(|days| u16::try_from(days).ok());
            let what = match (row.what.as_str(), order, period, days) {
                ("trial", None, None, Some(days)) => What::Trial { days },
                ("paid", Some(order), Some(period), None) => What::Paid { order, period },
                ("upgraded", Some(order), None, None) => What::Upgraded {
                    order,
                    until: row.upgrade_until.map(Into::into),
                },
                ("reversed", Some(order), None, None) => What::Reversed { order },
                _ => return Err(strange("a line of subscription_entries")),
            };
            Ok(Entry {
                at: row.at.0,
                plan: PlatformPlanId::from_uuid(row.plan_id),
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
        What::Trial { .. } | What::Paid { .. } | What::Reversed { .. } => None,
    };
    let (what, period, days, order) = match entry.what {
        What::Trial { days } => ("trial", None, Some(i32::from(days)), None),
        What::Paid { order, period } => ("paid", Some(period.word()), None, Some(order.uuid())),
        What::Upgraded { order, .. } => ("upgraded", None, None, Some(order.uuid())),
        What::Reversed { order } => ("reversed", None, None, Some(order.uuid())),
    };
    sqlx::query!(
        "insert into subscription_entries (id, provider_id, number, what, plan_id, period, days, order_id, at, from_at, until_at, upgrade_until)
         values ($1, $2, 1 + coalesce((select max(number) from subscription_entries where provider_id = $2), 0), $3, $4, $5, $6, $7, $8, $9, $10, $11)",
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
