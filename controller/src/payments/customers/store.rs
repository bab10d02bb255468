//! All SQL of customers and of what they were given.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, CustomerId, ProviderId, TicketId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Customer;
use crate::app::App;
use crate::audit::Actor;
use crate::db::{Amount, At, LAST, RowId as _};
use crate::rails::msisdn::Msisdn;

/// Notes a phone that wants to pay, if it was not known; says whether it is refused.
///
/// # Errors
/// When the database refuses.
pub async fn meet(
    conn: &mut PgConnection,
    app: &App,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<bool> {
    let known = sqlx::query_scalar!(
        r#"select blocked_at is not null as "blocked!" from customers where provider_id = $1 and msisdn = $2"#,
        provider.uuid(),
        phone.digits(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(is_blocked) = known {
        return Ok(is_blocked);
    }
    let now = app.clock.now();
    sqlx::query!(
        "insert into customers (id, provider_id, msisdn, created_at) values ($1, $2, $3, $4) on conflict (provider_id, msisdn) do nothing",
        CustomerId::new(now, app.entropy.bytes()).uuid(),
        provider.uuid(),
        phone.digits(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(false)
}

struct CustomerRow {
    id: Uuid,
    msisdn: String,
    credit: Amount,
    blocked_at: Option<At>,
    block_reason: Option<String>,
    created_at: At,
}

impl From<CustomerRow> for Customer {
    fn from(row: CustomerRow) -> Self {
        Self {
            id: CustomerId::from_uuid(row.id),
            phone: row.msisdn,
            credit: row.credit.0,
            blocked: row.blocked_at.map(|at| at.0).zip(row.block_reason),
            at: row.created_at.0,
        }
    }
}

/// Finds a customer.
///
/// # Errors
/// When the database is away.
pub async fn by_id(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: CustomerId,
) -> sqlx::Result<Option<Customer>> {
    let row = sqlx::query_as!(
        CustomerRow,
        "select id, msisdn, credit, blocked_at, block_reason, created_at from customers where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Customer::from))
}

/// Finds a customer by phone.
///
/// # Errors
/// When the database is away.
pub async fn by_phone(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<Option<Customer>> {
    let row = sqlx::query_as!(
        CustomerRow,
        "select id, msisdn, credit, blocked_at, block_reason, created_at from customers where provider_id = $1 and msisdn = $2",
        provider.uuid(),
        phone.digits(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Customer::from))
}

/// Customers, the newest first, from before one on.
///
/// # Errors
/// When the database is away.
pub async fn newest(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<(Timestamp, CustomerId)>,
    limit: u16,
) -> sqlx::Result<Vec<Customer>> {
    let rows = sqlx::query_as!(
        CustomerRow,
        "select id, msisdn, credit, blocked_at, block_reason, created_at from customers
         where provider_id = $1 and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4",
        provider.uuid(),
        At(before.map_or(LAST, |(at, _)| at)) as At,
        before.map_or(Uuid::max(), |(_, id)| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Customer::from).collect())
}

/// Customers who are refused, the last first, from before one on.
///
/// # Errors
/// When the database is away.
pub async fn blocked(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<(Timestamp, CustomerId)>,
    limit: u16,
) -> sqlx::Result<Vec<Customer>> {
    let rows = sqlx::query_as!(
        CustomerRow,
        "select id, msisdn, credit, blocked_at, block_reason, created_at from customers
         where provider_id = $1 and blocked_at is not null and (blocked_at, id) < ($2, $3)
         order by blocked_at desc, id desc limit $4",
        provider.uuid(),
        At(before.map_or(LAST, |(at, _)| at)) as At,
        before.map_or(Uuid::max(), |(_, id)| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Customer::from).collect())
}

/// Refuses a customer, or lets them pay again; says since when and why they were refused before, or nothing where there is no such customer.
///
/// # Errors
/// When the database refuses.
pub async fn set_block(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: CustomerId,
    block: Option<(Timestamp, &str)>,
) -> sqlx::Result<Option<Option<(Timestamp, String)>>> {
    let was = sqlx::query!(
        r#"update customers c set blocked_at = $3, block_reason = $4
           from (select id, blocked_at, block_reason from customers where provider_id = $1 and id = $2 for update) was
           where c.provider_id = $1 and c.id = was.id
           returning was.blocked_at as "at?: At", was.block_reason as "reason?""#,
        provider.uuid(),
        id.uuid(),
        block.map(|(at, _)| At(at)) as Option<At>,
        block.map(|(_, reason)| reason),
    )
    .fetch_optional(conn)
    .await?;
    Ok(was.map(|was| was.at.map(|at| at.0).zip(was.reason)))
}

/// Something that was given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The ticket.
    pub ticket: TicketId,
    /// To whom.
    pub customer: CustomerId,
    /// By whom.
    pub actor: Actor,
    /// Why.
    pub reason: &'a str,
    /// Which press of a person's button it was.
    pub attempt: Option<AttemptId>,
}

/// Marks a ticket as given.
///
/// # Errors
/// When the database refuses.
pub async fn insert_gift(
    conn: &mut PgConnection,
    provider: ProviderId,
    given: &Given<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (_, person, key) = given.actor.columns();
    sqlx::query!(
        "insert into gifts (ticket_id, provider_id, customer_id, person_id, key_id, reason, created_at, attempt_id) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        given.ticket.uuid(),
        provider.uuid(),
        given.customer.uuid(),
        person,
        key,
        given.reason,
        At(now),
        given.attempt.map(|attempt| attempt.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The voucher that a press of the button gave.
///
/// # Errors
/// When the database is away.
pub async fn by_attempt(
    conn: &mut PgConnection,
    provider: ProviderId,
    attempt: AttemptId,
) -> sqlx::Result<Option<TicketId>> {
    let given = sqlx::query_scalar!(
        "select ticket_id from gifts where provider_id = $1 and attempt_id = $2",
        provider.uuid(),
        attempt.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(given.map(TicketId::from_uuid))
}

/// Locks somebody's place in the business, or a program's key, until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn lock_giver(
    conn: &mut PgConnection,
    provider: ProviderId,
    giver: Actor,
) -> sqlx::Result<()> {
    let (_, person, key) = giver.columns();
    sqlx::query_scalar!(
        "select id from staff where provider_id = $1 and person_id = $2 and ended_at is null for update",
        provider.uuid(),
        person,
    )
    .fetch_optional(&mut *conn)
    .await?;
    sqlx::query_scalar!(
        "select id from api_keys where provider_id = $1 and id = $2 for update",
        provider.uuid(),
        key,
    )
    .fetch_optional(conn)
    .await
    .map(drop)
}

/// How many vouchers somebody, or a program, has given since.
///
/// # Errors
/// When the database is away.
pub async fn given_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    giver: Actor,
    since: Timestamp,
) -> sqlx::Result<i64> {
    let (_, person, key) = giver.columns();
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from gifts where provider_id = $1 and (person_id = $2 or key_id = $3) and created_at > $4"#,
        provider.uuid(),
        person,
        key,
        At(since),
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// A customer's ticket: its id, when it was made, and why it was given if it was.
#[derive(Clone, Debug)]
pub struct Had {
    /// The ticket.
    pub ticket: TicketId,
    /// When it was made.
    pub at: Timestamp,
    /// Why it was given, if it was not paid for.
    pub gift: Option<String>,
}

/// A customer's tickets, paid for and given, the newest first, from before one on.
///
/// # Errors
/// When the database is away.
pub async fn tickets(
    conn: &mut PgConnection,
    provider: ProviderId,
    customer: &Customer,
    before: Option<(Timestamp, TicketId)>,
    limit: u16,
) -> sqlx::Result<Vec<Had>> {
    let rows = sqlx::query!(
        r#"(select t.id as "id!", t.created_at as "created_at!", null::text as reason from payments p join tickets t on t.payment_id = p.id
            where p.provider_id = $1 and p.msisdn = $2 and (t.created_at, t.id) < ($5, $6) order by t.created_at desc, t.id desc limit $4)
           union all
           (select ticket_id, created_at, reason from gifts where provider_id = $1 and customer_id = $3 and (created_at, ticket_id) < ($5, $6)
            order by created_at desc, ticket_id desc limit $4)
           order by 2 desc, 1 desc limit $4"#,
        provider.uuid(),
        customer.phone,
        customer.id.uuid(),
        i64::from(limit),
        At(before.map_or(LAST, |(at, _)| at)) as At,
        before.map_or(Uuid::max(), |(_, id)| id.uuid()),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Had {
            ticket: TicketId::from_uuid(row.id),
            at: row.created_at.0,
            gift: row.reason,
        })
        .collect())
}
