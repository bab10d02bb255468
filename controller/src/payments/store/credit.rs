//! All SQL of credit: what a phone has free, and where it came from. What prompts hold of it stands in their own rows.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{CustomerId, PaymentId, ProviderId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use crate::audit::Actor;
use crate::db::{Amount, At, RowId as _};
use crate::rails::msisdn::Msisdn;

/// What a phone has free.
///
/// # Errors
/// When the database is away.
pub async fn free(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<Money> {
    let credit = sqlx::query_scalar!(
        r#"select credit as "credit: Amount" from customers where provider_id = $1 and msisdn = $2"#,
        provider.uuid(),
        phone.digits(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(credit.map_or(Money::from_cents(0), |credit| credit.0))
}

/// Takes some of what a phone has free; says whether there was as much.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
    amount: Money,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update customers set credit = credit - $3 where provider_id = $1 and msisdn = $2 and credit >= $3",
        provider.uuid(),
        phone.digits(),
        Amount(amount) as Amount,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a phone credit, or gives back what was held; says whose it is.
///
/// # Errors
/// When the database refuses, or the phone was never met.
pub async fn add(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
    amount: Money,
) -> sqlx::Result<CustomerId> {
    let id = sqlx::query_scalar!(
        "update customers set credit = credit + $3 where provider_id = $1 and msisdn = $2 returning id",
        provider.uuid(),
        phone.digits(),
        Amount(amount) as Amount,
    )
    .fetch_one(conn)
    .await?;
    Ok(CustomerId::from_uuid(id))
}

/// Closes money of the queue that became somebody's credit.
///
/// # Errors
/// When the database refuses.
pub async fn close(
    conn: &mut PgConnection,
    (provider, id): (ProviderId, UnmatchedId),
    (customer, amount): (CustomerId, Money),
    actor: Actor,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (_, person, key) = actor.columns();
    sqlx::query!(
        "update unmatched set outcome = 'credit', customer_id = $3, credited = $4, person_id = $5, key_id = $6, closed_at = $7
         where provider_id = $1 and id = $2 and closed_at is null",
        provider.uuid(),
        id.uuid(),
        customer.uuid(),
        Amount(amount) as Amount,
        person,
        key,
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes how much of a payment that came too late was made over to its phone.
///
/// # Errors
/// When the database refuses.
pub async fn note_credited(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
    amount: Money,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set credited = credited + $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        payment.uuid(),
        Amount(amount) as Amount,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Credit that somebody got.
#[derive(Clone, Debug)]
pub struct Got {
    /// How much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// The receipt of the money that it was.
    pub receipt: Option<String>,
    /// Who gave it; a program has no name here.
    pub person: Option<String>,
}

/// The credit a customer got lately, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn got(
    conn: &mut PgConnection,
    provider: ProviderId,
    customer: CustomerId,
    limit: u16,
) -> sqlx::Result<Vec<Got>> {
    let rows = sqlx::query!(
        r#"select u.credited as "credited!: Amount", u.closed_at as "closed_at!: At", coalesce(u.receipt, p.external_txn_id) as receipt, w.name as "person?"
           from unmatched u
           left join payments p on p.provider_id = u.provider_id and p.id = u.payment_id and u.reason = 'late'
           left join people w on w.id = u.person_id
           where u.provider_id = $1 and u.customer_id = $2
           order by u.closed_at desc, u.id desc limit $3"#,
        provider.uuid(),
        customer.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Got {
            amount: row.credited.0,
            at: row.closed_at.0,
            receipt: row.receipt,
            person: row.person,
        })
        .collect())
}

/// What a customer has: free, and held by prompts that are out.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    conn: &mut PgConnection,
    provider: ProviderId,
    customer: CustomerId,
) -> sqlx::Result<(Money, Money)> {
    let row = sqlx::query!(
        r#"select c.credit as "free: Amount",
                  (select coalesce(sum(p.credit), 0) from payments p
                   where p.provider_id = c.provider_id and p.msisdn = c.msisdn and p.status = 'pending' and p.credit > 0) as "held!: Amount"
           from customers c where c.provider_id = $1 and c.id = $2"#,
        provider.uuid(),
        customer.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let none = Money::from_cents(0);
    Ok(row.map_or((none, none), |row| (row.free.0, row.held.0)))
}
