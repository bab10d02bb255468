//! What the platform's staff see of payments: how many prompts came to money, by business and by what Safaricom said.
//!
//! Payments by hand were never asked for, so they are in sums of money and in no share.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::db::{Amount, At, RowId as _};

/// The result code of a customer who said no.
const CANCELLED: &str = "1032";

/// How prompts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ends {
    /// Paid.
    pub success: i64,
    /// Not paid.
    pub failed: i64,
    /// Those of them whose customer said no.
    pub cancelled: i64,
    /// Not known yet.
    pub pending: i64,
}

/// How all prompts ended that were made from a moment on, and what was sold since, by hand too.
///
/// The money is added up as owners see it: what vouchers cost, when it came. It is read business by business, for which there is an index.
///
/// # Errors
/// When the database is away.
pub async fn all(conn: &mut PgConnection, from: Timestamp) -> sqlx::Result<(Ends, Money)> {
    let row = sqlx::query!(
        r#"select count(*) filter (where push <> 'hand' and status = 'success') as "success!",
                  count(*) filter (where push <> 'hand' and status = 'failed') as "failed!",
                  count(*) filter (where push <> 'hand' and status = 'failed' and result_code = $2) as "cancelled!",
                  count(*) filter (where push <> 'hand' and status = 'pending') as "pending!",
                  (select coalesce(sum(x.sold), 0) from providers p cross join lateral
                     (select sum(y.amount + y.credit - y.credited) as sold from payments y where y.provider_id = p.id and y.settled_at >= $1
                        and y.status = 'success' and y.type = 'mpesa_customer_payment') x) as "amount!: Amount"
           from payments where created_at >= $1 and type = 'mpesa_customer_payment'"#,
        At(from),
        CANCELLED,
    )
    .fetch_one(conn)
    .await?;
    let ends = Ends {
        success: row.success,
        failed: row.failed,
        cancelled: row.cancelled,
        pending: row.pending,
    };
    Ok((ends, row.amount.0))
}

/// How the prompts of each business ended, those with the most failures first, from after one with so many on.
///
/// # Errors
/// When the database is away.
pub async fn by_provider(
    conn: &mut PgConnection,
    from: Timestamp,
    after: Option<(i64, ProviderId)>,
    limit: u16,
) -> sqlx::Result<Vec<(ProviderId, String, Ends)>> {
    let (failed, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select y.provider_id, p.business_name, y.success as "success!", y.failed as "failed!", y.cancelled as "cancelled!", y.pending as "pending!"
           from (select provider_id, count(*) filter (where status = 'success') as success, count(*) filter (where status = 'failed') as failed,
                        count(*) filter (where status = 'failed' and result_code = $2) as cancelled, count(*) filter (where status = 'pending') as pending
                 from payments where created_at >= $1 and type = 'mpesa_customer_payment' and push <> 'hand' group by provider_id) y
           join providers p on p.id = y.provider_id
           where $3::bigint is null or y.failed < $3 or (y.failed = $3 and y.provider_id > $4)
           order by y.failed desc, y.provider_id limit $5"#,
        At(from),
        CANCELLED,
        failed,
        id.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let ends = Ends {
                success: row.success,
                failed: row.failed,
                cancelled: row.cancelled,
                pending: row.pending,
            };
            (
                ProviderId::from_uuid(row.provider_id),
                row.business_name,
                ends,
            )
        })
        .collect())
}

/// How the prompts of one business ended that were made from a moment on.
///
/// # Errors
/// When the database is away.
pub async fn of_provider(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Timestamp,
) -> sqlx::Result<Ends> {
    let row = sqlx::query!(
        r#"select count(*) filter (where status = 'success') as "success!", count(*) filter (where status = 'failed') as "failed!",
                  count(*) filter (where status = 'failed' and result_code = $3) as "cancelled!", count(*) filter (where status = 'pending') as "pending!"
           from payments where provider_id = $1 and created_at >= $2 and type = 'mpesa_customer_payment' and push <> 'hand'"#,
        provider.uuid(),
        At(from),
        CANCELLED,
    )
    .fetch_one(conn)
    .await?;
    Ok(Ends {
        success: row.success,
        failed: row.failed,
        cancelled: row.cancelled,
        pending: row.pending,
    })
}

/// Why prompts failed.
#[derive(Clone, Debug)]
pub struct Why {
    /// Safaricom's result code, where a prompt got as far as having one.
    pub code: Option<String>,
    /// Our word for a failure without one.
    pub failure: Option<String>,
    /// How many.
    pub count: i64,
}

/// Why prompts failed that were made from a moment on, the most frequent first.
///
/// # Errors
/// When the database is away.
pub async fn by_result(
    conn: &mut PgConnection,
    from: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Why>> {
    let rows = sqlx::query!(
        r#"select result_code, case when result_code is null then failure end as failure, count(*) as "count!"
           from payments where created_at >= $1 and type = 'mpesa_customer_payment' and push <> 'hand' and status = 'failed'
           group by 1, 2 order by 3 desc, 1, 2 limit $2"#,
        At(from),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Why {
            code: row.result_code,
            failure: row.failure,
            count: row.count,
        })
        .collect())
}
