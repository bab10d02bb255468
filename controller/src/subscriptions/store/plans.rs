//! All SQL of what the platform sells.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlatformPlanId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::strange;
use crate::db::{At, RowId as _};
use crate::providers::rights::store::known;
use crate::rails::pesapal::price::Price;
use crate::subscriptions::PlatformPlan;

/// Plans listed at most; nobody chooses among more.
const MOST: i64 = 100;

struct Row {
    id: Uuid,
    name: String,
    period: String,
    price_cents: i64,
    currency: String,
    most_sites: Option<i32>,
    features: Vec<String>,
    trial_days: i32,
    is_offered: bool,
}

impl TryFrom<Row> for PlatformPlan {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let currency = row
            .currency
            .parse()
            .map_err(|_| strange("platform_plans.currency"))?;
        Ok(Self {
            id: PlatformPlanId::from_uuid(row.id),
            name: row.name,
            period: row
                .period
                .parse()
                .map_err(|_| strange("platform_plans.period"))?,
            price: Price::new(row.price_cents, currency),
            most_sites: row.most_sites.map(i32::unsigned_abs),
            features: known(&row.features),
            trial_days: u16::try_from(row.trial_days)
                .map_err(|_| strange("platform_plans.trial_days"))?,
            is_offered: row.is_offered,
        })
    }
}

/// Adds a plan.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    plan: &PlatformPlan,
    replaces: Option<PlatformPlanId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let features: Vec<String> = plan
        .features
        .iter()
        .map(|feature| feature.word().to_owned())
        .collect();
    sqlx::query!(
        "insert into platform_plans (id, name, period, price_cents, currency, most_sites, features, trial_days, is_offered, created_at, changed_at,
                                     replaces)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)",
        plan.id.uuid(),
        plan.name,
        plan.period.word(),
        plan.price.cents,
        plan.price.currency.code(),
        plan.most_sites.and_then(|most| i32::try_from(most).ok()),
        &features,
        i32::from(plan.trial_days),
        plan.is_offered,
        At(now),
        replaces.map(|old| old.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Offers a plan or not; says whether it was offered before, or nothing where there is none.
///
/// # Errors
/// When the database refuses.
pub async fn offer(
    conn: &mut PgConnection,
    plan: PlatformPlanId,
    is_offered: bool,
    now: Timestamp,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"update platform_plans p set is_offered = $2, changed_at = $3
           from (select id, is_offered from platform_plans where id = $1 for update) was
           where p.id = was.id
           returning was.is_offered as "was_offered!""#,
        plan.uuid(),
        is_offered,
        At(now),
    )
    .fetch_optional(conn)
    .await
}

/// Takes a plan off sale that is offered; says whether it was.
///
/// # Errors
/// When the database refuses.
pub async fn retire(
    conn: &mut PgConnection,
    plan: PlatformPlanId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update platform_plans set is_offered = false, changed_at = $2 where id = $1 and is_offered",
        plan.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The plans there are, those on offer first, and of each the newest first.
///
/// # Errors
/// When the database is away.
pub async fn all(conn: &mut PgConnection) -> sqlx::Result<Vec<PlatformPlan>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, period, price_cents, currency, most_sites, features, trial_days, is_offered from platform_plans
         order by is_offered desc, created_at desc, id limit $1",
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PlatformPlan::try_from).collect()
}

/// One plan.
///
/// # Errors
/// When the database is away.
pub async fn one(
    conn: &mut PgConnection,
    plan: PlatformPlanId,
) -> sqlx::Result<Option<PlatformPlan>> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, period, price_cents, currency, most_sites, features, trial_days, is_offered from platform_plans where id = $1",
        plan.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(PlatformPlan::try_from).transpose()
}

/// The plans that can be chosen, the oldest first.
///
/// # Errors
/// When the database is away.
pub async fn offered(conn: &mut PgConnection) -> sqlx::Result<Vec<PlatformPlan>> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, period, price_cents, currency, most_sites, features, trial_days, is_offered from platform_plans
         where is_offered order by created_at, id limit $1",
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(PlatformPlan::try_from).collect()
}

/// A plan and those that took its place one after another.
///
/// # Errors
/// When the database is away.
pub async fn with_successors(
    conn: &mut PgConnection,
    plan: PlatformPlanId,
) -> sqlx::Result<Vec<PlatformPlanId>> {
    let ids = sqlx::query_scalar!(
        r#"with recursive own as (select $1::uuid as id union select p.id from platform_plans p join own on p.replaces = own.id)
           select id as "id!" from own"#,
        plan.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PlatformPlanId::from_uuid).collect())
}

/// How many sites a business has that are not closed.
///
/// # Errors
/// When the database is away.
pub async fn sites(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<u32> {
    let sites = sqlx::query_scalar!(
        r#"select count(*) as "count!" from sites where provider_id = $1 and closed_at is null"#,
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(u32::try_from(sites).unwrap_or(u32::MAX))
}
