//! All SQL of what was paid back by hand. Lines are added and never changed.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{NoteId, PaymentId, ProviderId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::audit::Actor;
use crate::db::{Amount, At, RowId as _};

/// Money that was paid back.
#[derive(Clone, Debug)]
pub struct Refund {
    /// How much.
    pub amount: Money,
    /// The receipt of it.
    pub receipt: String,
    /// Why.
    pub reason: String,
    /// Who wrote it down: a person by name, or a program by its key's name.
    pub person: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// Lets nobody else write down this receipt of money that went back until the transaction ends.
///
/// Lines of payments and money of the queue are in two tables, and one receipt must not come into both at once. Before either is looked for, and
/// after the rows that are its own.
///
/// # Errors
/// When the database is away.
pub async fn hold(conn: &mut PgConnection, receipt: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('back:' || $1::text, 0))",
        receipt,
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Adds a line; says whether nobody had this receipt in this business, for money of the queue either.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    (provider, payment): (ProviderId, PaymentId),
    (id, actor): (NoteId, Actor),
    refund: &Refund,
) -> sqlx::Result<bool> {
    let (_, person, key) = actor.columns();
    let done = sqlx::query!(
        "insert into refunds (id, provider_id, payment_id, amount, receipt, reason, person_id, key_id, created_at)
         select $1::uuid, $2::uuid, $3::uuid, $4::numeric, $5::text, $6::text, $7::uuid, $8::uuid, $9::timestamptz
         where not exists (select from unmatched u where u.provider_id = $2 and u.refund_receipt = $5)
         on conflict (provider_id, receipt) do nothing",
        id.uuid(),
        provider.uuid(),
        payment.uuid(),
        Amount(refund.amount) as Amount,
        refund.receipt,
        refund.reason,
        person,
        key,
        At(refund.at),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What was paid back of a payment, the first first.
///
/// # Errors
/// When the database is away.
pub async fn of_payment(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
    limit: u16,
) -> sqlx::Result<Vec<Refund>> {
    let rows = sqlx::query!(
        r#"select r.amount as "amount: Amount", r.receipt, r.reason, coalesce(p.name, k.name) as "person?", r.created_at
           from refunds r left join people p on p.id = r.person_id left join api_keys k on k.provider_id = r.provider_id and k.id = r.key_id
           where r.provider_id = $1 and r.payment_id = $2 order by r.created_at, r.id limit $3"#,
        provider.uuid(),
        payment.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Refund {
            amount: row.amount.0,
            receipt: row.receipt,
            reason: row.reason,
            person: row.person,
            at: row.created_at.0,
        })
        .collect())
}

/// Which of some receipts stand in the books as those by which money went back, of a payment or out of the queue.
///
/// # Errors
/// When the database is away.
pub async fn written(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipts: &[String],
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select receipt as "receipt!" from refunds where provider_id = $1 and receipt = any($2)
           union
           select refund_receipt from unmatched where provider_id = $1 and refund_receipt = any($2)"#,
        provider.uuid(),
        receipts,
    )
    .fetch_all(conn)
    .await
}
