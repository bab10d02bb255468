//! All SQL of what is sold for cash.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, PersonId, ProviderId, SeriesId, TicketId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{Amount, At, RowId as _};

/// Locks a series until the transaction ends; says whether there is one.
///
/// # Errors
/// When the database is away.
pub async fn lock_series(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: SeriesId,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "select id from series where provider_id = $1 and id = $2 for update",
        provider.uuid(),
        series.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.is_some())
}

/// The voucher that an attempt sold.
///
/// # Errors
/// When the database is away.
pub async fn by_attempt(
    conn: &mut PgConnection,
    provider: ProviderId,
    attempt: AttemptId,
) -> sqlx::Result<Option<TicketId>> {
    let found = sqlx::query_scalar!(
        "select ticket_id from cash_sales where provider_id = $1 and attempt_id = $2",
        provider.uuid(),
        attempt.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(TicketId::from_uuid))
}

/// The next voucher of a series whose code nobody has seen, with its number and its price.
///
/// # Errors
/// When the database is away.
pub async fn next(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: SeriesId,
    now: Timestamp,
) -> sqlx::Result<Option<(TicketId, u32, Money)>> {
    let row = sqlx::query!(
        r#"select t.id, t.series_index as "index!", t.price as "price: Amount" from series s
           join tickets t on t.provider_id = s.provider_id and t.series_id = s.id and t.series_index >= s.shown_below
           where s.provider_id = $1 and s.id = $2 and s.revoked_at is null and t.redeemed_at is null and t.revoked_at is null
             and (t.sell_by is null or t.sell_by > $3)
             and not exists (select from cash_sales c where c.provider_id = $1 and c.ticket_id = t.id)
             and exists (select from series_sites w join sites x on x.id = w.site_id
                         where w.provider_id = $1 and w.series_id = s.id and x.provider_id = $1 and x.closed_at is null)
           order by t.series_index limit 1"#,
        provider.uuid(),
        series.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let id = TicketId::from_uuid(row.id);
        (id, row.index.unsigned_abs(), row.price.0)
    }))
}

/// Notes that all codes of a series below a number were shown to somebody.
///
/// # Errors
/// When the database refuses.
pub async fn shown(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: SeriesId,
    below: u32,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update series set shown_below = $3 where provider_id = $1 and id = $2 and shown_below < $3",
        provider.uuid(),
        series.uuid(),
        i32::try_from(below).unwrap_or(i32::MAX),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Something sold.
#[derive(Clone, Copy, Debug)]
pub struct NewSale {
    /// The voucher.
    pub ticket: TicketId,
    /// The form that sold it.
    pub attempt: AttemptId,
    /// Who sold it.
    pub person: PersonId,
    /// For how much.
    pub amount: Money,
}

/// Writes a sale down; says whether the voucher was not sold before.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    sale: &NewSale,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into cash_sales (ticket_id, provider_id, attempt_id, person_id, amount, sold_at) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing",
        sale.ticket.uuid(),
        provider.uuid(),
        sale.attempt.uuid(),
        sale.person.uuid(),
        Amount(sale.amount),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a sale down in the place of one that was undone; says whether there was one.
///
/// Only of one that was undone on its own day, where it is in no sum: what was handed over stays as it was.
///
/// # Errors
/// When the database refuses.
pub async fn insert_again(
    conn: &mut PgConnection,
    provider: ProviderId,
    sale: &NewSale,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update cash_sales set attempt_id = $3, person_id = $4, amount = $5, sold_at = $6, undone_at = null
         where provider_id = $1 and ticket_id = $2 and report_day(sold_at) = report_day(undone_at)",
        provider.uuid(),
        sale.ticket.uuid(),
        sale.attempt.uuid(),
        sale.person.uuid(),
        Amount(sale.amount),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A sale.
#[derive(Clone, Copy, Debug)]
pub struct Sale {
    /// Who sold it.
    pub person: PersonId,
    /// For how much.
    pub amount: Money,
    /// When.
    pub sold: Timestamp,
    /// When it was undone.
    pub undone: Option<Timestamp>,
}

/// The sale of a voucher.
///
/// # Errors
/// When the database is away.
pub async fn sale(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
) -> sqlx::Result<Option<Sale>> {
    let row = sqlx::query!(
        r#"select person_id, amount as "amount: Amount", sold_at as "sold_at: At", undone_at as "undone_at: At" from cash_sales
           where provider_id = $1 and ticket_id = $2"#,
        provider.uuid(),
        ticket.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Sale {
        person: PersonId::from_uuid(row.person_id),
        amount: row.amount.0,
        sold: row.sold_at.0,
        undone: row.undone_at.map(|at| at.0),
    }))
}

/// Marks a sale as undone; says whether it was not yet.
///
/// # Errors
/// When the database refuses.
pub async fn undo(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update cash_sales set undone_at = $3 where provider_id = $1 and ticket_id = $2 and undone_at is null",
        provider.uuid(),
        ticket.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A series that can be sold from the screen.
#[derive(Clone, Debug)]
pub struct Stock {
    /// The series.
    pub series: SeriesId,
    /// The plan it sells.
    pub plan_name: String,
    /// What one costs.
    pub price: Money,
    /// How many nobody has seen, up to a number.
    pub left: u32,
    /// The names of its sites.
    pub sites: Vec<String>,
}

/// The series that can be sold from the screen, the newest first, from before one on; more than `most` vouchers of one are not counted.
///
/// # Errors
/// When the database is away.
pub async fn stock(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
    before: Option<SeriesId>,
    (most, limit): (u16, u16),
) -> sqlx::Result<Vec<Stock>> {
    let rows = sqlx::query!(
        r#"select s.id, s.plan_name, s.price as "price: Amount", l.count as "left!",
                  array(select x.name from series_sites w join sites x on x.id = w.site_id
                        where w.provider_id = $1 and w.series_id = s.id and x.provider_id = $1 and x.closed_at is null order by x.name limit 20) as "sites!: Vec<String>"
           from series s cross join lateral (
               select count(*) from (
                   select from tickets t
                   where t.provider_id = $1 and t.series_id = s.id and t.series_index >= s.shown_below and t.redeemed_at is null
                     and t.revoked_at is null limit $3) t) l
           where s.provider_id = $1 and s.revoked_at is null and (s.sell_by is null or s.sell_by > $2)
             and s.shown_below < s.count + cardinality(s.skipped) and l.count > 0 and s.id < $5
             and exists (select from series_sites w join sites x on x.id = w.site_id
                         where w.provider_id = $1 and w.series_id = s.id and x.provider_id = $1 and x.closed_at is null)
           order by s.id desc limit $4"#,
        provider.uuid(),
        At(now),
        i64::from(most),
        i64::from(limit),
        before.map_or(Uuid::max(), |id| id.uuid()),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Stock {
            series: SeriesId::from_uuid(row.id),
            plan_name: row.plan_name,
            price: row.price.0,
            left: u32::try_from(row.left).unwrap_or(u32::MAX),
            sites: row.sites,
        })
        .collect())
}

/// A sale in a list.
#[derive(Clone, Debug)]
pub struct Sold {
    /// The voucher.
    pub ticket: TicketId,
    /// Its plan.
    pub plan_name: String,
    /// For how much.
    pub amount: Money,
    /// When.
    pub at: Timestamp,
    /// Who sold it.
    pub name: String,
    /// When it was undone.
    pub undone: Option<Timestamp>,
    /// When the voucher was used.
    pub used: Option<Timestamp>,
}

/// What was sold between two moments, by one person or by all, the last first, from before one on.
///
/// # Errors
/// When the database is away.
pub async fn sold(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: Option<PersonId>,
    (from, to): (Timestamp, Timestamp),
    before: Option<(Timestamp, TicketId)>,
    limit: u16,
) -> sqlx::Result<Vec<Sold>> {
    // Bounds that are always there, so that the index serves them.
    let (at, id) = before.unwrap_or((to, TicketId::from_bytes([0; 16])));
    let rows = sqlx::query!(
        r#"select c.ticket_id, t.plan_name, c.amount as "amount: Amount", c.sold_at as "sold_at: At", p.name,
                  c.undone_at as "undone_at: At", t.redeemed_at as "redeemed_at: At"
           from cash_sales c join tickets t on t.provider_id = $1 and t.id = c.ticket_id join people p on p.id = c.person_id
           where c.provider_id = $1 and ($2::uuid is null or c.person_id = $2) and c.sold_at >= $3 and c.sold_at < $4
             and (c.sold_at, c.ticket_id) < ($5, $6)
           order by c.sold_at desc, c.ticket_id desc limit $7"#,
        provider.uuid(),
        person.map(|id| id.uuid()),
        At(from),
        At(to),
        At(at),
        id.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Sold {
            ticket: TicketId::from_uuid(row.ticket_id),
            plan_name: row.plan_name,
            amount: row.amount.0,
            at: row.sold_at.0,
            name: row.name,
            undone: row.undone_at.map(|at| at.0),
            used: row.redeemed_at.map(|at| at.0),
        })
        .collect())
}

/// What was given back between two moments for sales from before them, of one person or of all, the last first.
///
/// # Errors
/// When the database is away.
pub async fn given_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: Option<PersonId>,
    (from, to): (Timestamp, Timestamp),
    limit: u16,
) -> sqlx::Result<Vec<Sold>> {
    let rows = sqlx::query!(
        r#"select c.ticket_id, t.plan_name, c.amount as "amount: Amount", c.sold_at as "sold_at: At", p.name,
                  c.undone_at as "undone_at: At", t.redeemed_at as "redeemed_at: At"
           from cash_sales c join tickets t on t.provider_id = $1 and t.id = c.ticket_id join people p on p.id = c.person_id
           where c.provider_id = $1 and ($2::uuid is null or c.person_id = $2) and c.undone_at >= $3 and c.undone_at < $4
             and c.sold_at < $3
           order by c.undone_at desc, c.ticket_id desc limit $5"#,
        provider.uuid(),
        person.map(|id| id.uuid()),
        At(from),
        At(to),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Sold {
            ticket: TicketId::from_uuid(row.ticket_id),
            plan_name: row.plan_name,
            amount: row.amount.0,
            at: row.sold_at.0,
            name: row.name,
            undone: row.undone_at.map(|at| at.0),
            used: row.redeemed_at.map(|at| at.0),
        })
        .collect())
}

/// What one person sold and gave back.
#[derive(Clone, Debug)]
pub struct Takings {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// How many vouchers, without those undone in the same time.
    pub count: u64,
    /// What is to be handed over: less than nothing when more went back than came in.
    pub amount: Money,
    /// What went back for sales from before, which is already taken off.
    pub back: Money,
}

/// What each has to hand over of what happened between two moments.
///
/// A sale counts when it was made and what goes back counts when it does, so that a sum that was handed over stays as it was.
///
/// # Errors
/// When the database is away.
pub async fn takings(
    conn: &mut PgConnection,
    provider: ProviderId,
    (from, to): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<Takings>> {
    let rows = sqlx::query!(
        r#"select x.person_id as "person_id!", p.name, count(x.sold) as "count!",
                  (coalesce(sum(x.sold), 0) * 100)::bigint as "sold!", (coalesce(sum(x.back), 0) * 100)::bigint as "back!"
           from (select person_id, amount as sold, null::numeric as back from cash_sales
                 where provider_id = $1 and sold_at >= $2 and sold_at < $3 and (undone_at is null or undone_at >= $3)
                 union all
                 select person_id, null::numeric, amount from cash_sales
                 where provider_id = $1 and undone_at >= $2 and undone_at < $3 and sold_at < $2) x
           join people p on p.id = x.person_id
           group by 1, 2 order by p.name, x.person_id limit 200"#,
        provider.uuid(),
        At(from),
        At(to),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Takings {
            person: PersonId::from_uuid(row.person_id),
            name: row.name,
            count: row.count.unsigned_abs(),
            amount: Money::from_cents(row.sold - row.back),
            back: Money::from_cents(row.back),
        })
        .collect())
}
