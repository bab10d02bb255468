//! All SQL of tickets and series. What sites report is written by `access`, not here.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PaymentId, PlanId, ProviderId, SeriesId, SiteId, TicketId};
use mnara_protocol::message::Printed;
use mnara_protocol::money::Money;
use mnara_protocol::plan::Terms;
use mnara_protocol::ticket::code::TicketCode;
use mnara_protocol::ticket::{EndReason, Right, Ticket, Usage};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Kept, Reported, assemble};
use crate::db::{Amount, At, RowId};
use crate::plans::store::{TermsColumns, terms_from_row};

pub mod expiry;
pub mod list;
pub mod listed;
mod many;
mod series;

pub use many::{by_ids, exists};
pub use series::{
    KEY, SeriesRow, insert_series, insert_series_site, live_codes, revoke_series, series_keys,
    series_of_site, series_row, set_key, set_skipped, sites_of_series,
};

/// A ticket about to be written.
#[derive(Clone, Debug)]
pub struct NewTicket<'a> {
    /// Its id.
    pub id: TicketId,
    /// Its code.
    pub code: &'a TicketCode,
    /// The router's user name.
    pub username: &'a str,
    /// The router's password.
    pub password: &'a str,
    /// The plan it is made from; none for what is given away to try.
    pub plan: Option<PlanId>,
    /// The device that took it to try.
    pub tried_by: Option<Mac>,
    /// The plan's name today.
    pub plan_name: &'a str,
    /// What it costs.
    pub price: Money,
    /// What it gives.
    pub terms: &'a Terms,
    /// Unused after this, it is expired.
    pub sell_by: Option<Timestamp>,
    /// The payment it answers.
    pub payment: Option<PaymentId>,
    /// The site that sold it.
    pub site: Option<SiteId>,
}

/// Adds a ticket unless its code is taken, anywhere on the platform for a long one; says whether it was added.
///
/// # Errors
/// When the database refuses, also a second ticket for one payment.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: &NewTicket<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let terms = TermsColumns::from(ticket.terms);
    let done = sqlx::query!(
        "insert into tickets (id, provider_id, code, username, password, plan_type, duration_hours, data_limit_mb, price, status,
                              expires_at, created_at, plan_id, plan_name, duration_secs, online_secs, data_bytes, devices,
                              rate_down_bps, rate_up_bps, sell_by, extra_secs, payment_id, sold_at_site_id,
                              online_used_secs, bytes_up, bytes_down, burst, tried_by)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $10, 0, $20, $21, 0, 0, 0, $22, $23::text::macaddr
         where not exists (select from tickets where provider_id = $2 and code = $3)
         on conflict (code) where length(code) = 12 do nothing",
        ticket.id.uuid(),
        provider.uuid(),
        ticket.code.as_str(),
        ticket.username,
        ticket.password,
        ticket.terms.plan_type().as_str(),
        ticket.terms.duration_hours().and_then(|hours| i32::try_from(hours).ok()),
        ticket.terms.data_limit_mb().and_then(|mb| i64::try_from(mb).ok()),
        Amount(ticket.price),
        ticket.sell_by.map(At),
        At(now),
        ticket.plan.map(|id| id.uuid()),
        ticket.plan_name,
        terms.duration_secs,
        terms.online_secs,
        terms.data_bytes,
        terms.devices,
        terms.rate_down_bps,
        terms.rate_up_bps,
        ticket.payment.map(|id| id.uuid()),
        ticket.site.map(|id| id.uuid()),
        terms.burst.as_deref(),
        ticket.tried_by.map(|mac| mac.to_string()),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Adds printed tickets, passing over those whose code is taken; says which numbers were added.
///
/// # Errors
/// When the database refuses.
pub async fn insert_printed(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: &SeriesRow,
    printed: &[PrintedTicket],
    now: Timestamp,
) -> sqlx::Result<Vec<u32>> {
    let terms = TermsColumns::from(&series.terms);
    let ids: Vec<Uuid> = printed.iter().map(|one| one.id.uuid()).collect();
    let codes: Vec<String> = printed
        .iter()
        .map(|one| one.code.as_str().to_owned())
        .collect();
    let usernames: Vec<String> = printed.iter().map(|one| one.username.clone()).collect();
    let passwords: Vec<String> = printed.iter().map(|one| one.password.clone()).collect();
    let indices: Vec<i32> = printed
        .iter()
        .filter_map(|one| i32::try_from(one.index).ok())
        .collect();
    let added = sqlx::query_scalar!(
        r#"insert into tickets (id, provider_id, code, username, password, plan_type, duration_hours, data_limit_mb, price, status,
                              expires_at, created_at, plan_id, plan_name, duration_secs, online_secs, data_bytes, devices,
                              rate_down_bps, rate_up_bps, sell_by, extra_secs, series_id, series_index,
                              online_used_secs, bytes_up, bytes_down, burst)
         select id, $1, code, username, password, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $6, 0,
                $16, index, 0, 0, 0, $22
         from unnest($17::uuid[], $18::text[], $19::text[], $20::text[], $21::int[]) as one (id, code, username, password, index)
         on conflict do nothing
         returning series_index as "index!""#,
        provider.uuid(),
        series.terms.plan_type().as_str(),
        series.terms.duration_hours().and_then(|hours| i32::try_from(hours).ok()),
        series.terms.data_limit_mb().and_then(|mb| i64::try_from(mb).ok()),
        Amount(series.price),
        series.sell_by.map(At),
        At(now),
        series.plan.uuid(),
        series.plan_name,
        terms.duration_secs,
        terms.online_secs,
        terms.data_bytes,
        terms.devices,
        terms.rate_down_bps,
        terms.rate_up_bps,
        series.id.uuid(),
        &ids,
        &codes,
        &usernames,
        &passwords,
        &indices,
        terms.burst.as_deref(),
    )
    .fetch_all(conn)
    .await?;
    Ok(added
        .into_iter()
        .filter_map(|index| u32::try_from(index).ok())
        .collect())
}

/// One ticket of a batch.
#[derive(Clone, Debug)]
pub struct PrintedTicket {
    /// Its id, which both ends compute.
    pub id: TicketId,
    /// Its number in the series.
    pub index: u32,
    /// Its code.
    pub code: TicketCode,
    /// The router's user name.
    pub username: String,
    /// The router's password.
    pub password: String,
}

struct TicketRow {
    id: Uuid,
    code: String,
    username: String,
    password: String,
    price: Amount,
    plan_id: Option<Uuid>,
    tried_by: Option<String>,
    plan_name: String,
    duration_secs: Option<i64>,
    online_secs: Option<i64>,
    data_bytes: Option<i64>,
    devices: i32,
    rate_down_bps: Option<i64>,
    rate_up_bps: Option<i64>,
    burst: Option<Vec<i64>>,
    sell_by: Option<At>,
    revoked_at: Option<At>,
    extra_secs: i64,
    series_id: Option<Uuid>,
    series_index: Option<i32>,
    sold_at_site_id: Option<Uuid>,
    redeemed_at: Option<At>,
    redeemed_site_id: Option<Uuid>,
    redeemed_site_name: Option<String>,
    started_at: Option<At>,
    paused_at: Option<At>,
    ended_at: Option<At>,
    end_reason: Option<String>,
    online_used_secs: i64,
    bytes_up: i64,
    bytes_down: i64,
}

/// A ticket with where it came from and where it was used.
#[derive(Clone, Debug)]
pub struct Found {
    /// The ticket.
    pub kept: Kept,
    /// Where it was printed, if it was.
    pub printed: Option<Printed>,
    /// The site that sold it.
    pub sold_at: Option<SiteId>,
    /// The site where it was first used.
    pub redeemed_at: Option<SiteId>,
    /// That site's name.
    pub redeemed_at_name: Option<String>,
}

impl Found {
    fn read(row: TicketRow, now: Timestamp) -> sqlx::Result<Self> {
        let bad = |what: &str| {
            sqlx::Error::Decode(format!("tickets.{what} of {} is out of range", row.id).into())
        };
        let id = TicketId::from_uuid(row.id);
        let terms = terms_from_row(
            row.duration_secs,
            row.online_secs,
            row.data_bytes,
            row.devices,
            row.rate_down_bps.zip(row.rate_up_bps),
            row.burst.as_deref(),
        )
        .ok_or_else(|| bad("terms"))?;
        let right = Right {
            terms,
            sell_by: row.sell_by.map(|at| at.0),
            revoked: row.revoked_at.map(|at| at.0),
            extra_secs: u32::try_from(row.extra_secs).map_err(|_| bad("extra_secs"))?,
        };
        let ended = match (row.ended_at, row.end_reason.as_deref()) {
            (None, None) => None,
            (Some(at), Some(word)) => {
                Some((at.0, end_reason(word).ok_or_else(|| bad("end_reason"))?))
            }
            _ => return Err(bad("end_reason")),
        };
        let reported = Reported {
            redeemed_at: row.redeemed_at.map(|at| at.0),
            started_at: row.started_at.map(|at| at.0),
            paused_at: row.paused_at.map(|at| at.0),
            ended,
            usage: Usage {
                online_secs: u32::try_from(row.online_used_secs)
                    .map_err(|_| bad("online_used_secs"))?,
                bytes_up: row.bytes_up.unsigned_abs(),
                bytes_down: row.bytes_down.unsigned_abs(),
            },
        };
        let printed = match (row.series_id, row.series_index) {
            (None, _) => None,
            (Some(series), index) => Some(Printed {
                series: SeriesId::from_uuid(series),
                index: index
                    .and_then(|index| u32::try_from(index).ok())
                    .ok_or_else(|| bad("series_index"))?,
            }),
        };
        Ok(Self {
            kept: Kept {
                ticket: assemble(id, right, &reported, now),
                code: TicketCode::parse(&row.code).map_err(|_| bad("code"))?,
                username: row.username,
                password: row.password,
                plan: row.plan_id.map(PlanId::from_uuid),
                tried_by: row
                    .tried_by
                    .map(|mac| mac.parse())
                    .transpose()
                    .map_err(|_| bad("tried_by"))?,
                plan_name: row.plan_name,
                price: row.price.0,
            },
            printed,
            sold_at: row.sold_at_site_id.map(SiteId::from_uuid),
            redeemed_at: row.redeemed_site_id.map(SiteId::from_uuid),
            redeemed_at_name: row.redeemed_site_name,
        })
    }
}

/// The word a reason has in its column.
#[must_use]
pub const fn end_word(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Duration => "duration",
        EndReason::OnlineTime => "online-time",
        EndReason::Data => "data",
        EndReason::SellBy => "sell-by",
        EndReason::Revoked => "revoked",
        EndReason::UsedElsewhere => "used-elsewhere",
        // Its number is in the journal, which keeps every entry as it came.
        EndReason::Other(_) => "other",
    }
}

/// The reason a column's word stands for.
#[must_use]
pub fn end_reason(word: &str) -> Option<EndReason> {
    [
        EndReason::Duration,
        EndReason::OnlineTime,
        EndReason::Data,
        EndReason::SellBy,
        EndReason::Revoked,
        EndReason::UsedElsewhere,
        EndReason::Other(u32::MAX),
    ]
    .into_iter()
    .find(|reason| end_word(*reason) == word)
}

/// Finds a provider's ticket by its code.
///
/// # Errors
/// When the database is away.
pub async fn by_code(
    conn: &mut PgConnection,
    provider: ProviderId,
    code: &TicketCode,
    now: Timestamp,
) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        TicketRow,
        "select id, code, username, password, price, plan_id, tried_by::text as tried_by, plan_name, duration_secs, online_secs, data_bytes, devices,
                rate_down_bps, rate_up_bps, burst, sell_by, revoked_at, extra_secs, series_id, series_index, sold_at_site_id,
                redeemed_at, redeemed_site_id, (select name from sites where id = redeemed_site_id) as redeemed_site_name, started_at,
                paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down
         from tickets where provider_id = $1 and code = $2",
        provider.uuid(),
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?
    .map(|row| Found::read(row, now))
    .transpose()
}

/// Finds a provider's ticket by its id.
///
/// # Errors
/// When the database is away.
pub async fn by_id(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        TicketRow,
        "select id, code, username, password, price, plan_id, tried_by::text as tried_by, plan_name, duration_secs, online_secs, data_bytes, devices,
                rate_down_bps, rate_up_bps, burst, sell_by, revoked_at, extra_secs, series_id, series_index, sold_at_site_id,
                redeemed_at, redeemed_site_id, (select name from sites where id = redeemed_site_id) as redeemed_site_name, started_at,
                paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down
         from tickets where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(|row| Found::read(row, now))
    .transpose()
}

/// Finds a provider's ticket by its id, and locks it until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<Option<Found>> {
    sqlx::query_as!(
        TicketRow,
        "select id, code, username, password, price, plan_id, tried_by::text as tried_by, plan_name, duration_secs, online_secs, data_bytes, devices,
                rate_down_bps, rate_up_bps, burst, sell_by, revoked_at, extra_secs, series_id, series_index, sold_at_site_id,
                redeemed_at, redeemed_site_id, (select name from sites where id = redeemed_site_id) as redeemed_site_name, started_at,
                paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down
         from tickets where provider_id = $1 and id = $2 for update",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(|row| Found::read(row, now))
    .transpose()
}

/// Takes tickets back; says which were not taken back before.
///
/// # Errors
/// When the database refuses.
pub async fn revoke(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update tickets set revoked_at = $3, status = case when ended_at is null then 'revoked' else status end
         where provider_id = $1 and id = $2 and revoked_at is null",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a ticket's extra time, and the columns that follow from it.
///
/// # Errors
/// When the database refuses.
pub async fn set_extra(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: &Ticket,
    expires: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update tickets set extra_secs = $3, status = 'active', expires_at = $4 where provider_id = $1 and id = $2",
        provider.uuid(),
        ticket.id.uuid(),
        i64::from(ticket.right.extra_secs),
        expires.map(At),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Sites that hold a ticket's row in their feed or have used it.
///
/// # Errors
/// When the database is away.
pub async fn sites_of(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
) -> sqlx::Result<Vec<SiteId>> {
    let rows = sqlx::query_scalar!(
        r#"select site_id as "site_id!" from site_feed where provider_id = $1 and row_id = $2 and not deleted
         union select site_id from redemptions where provider_id = $1 and ticket_id = $2
         union select s.site_id from series_sites s join tickets t on t.series_id = s.series_id
               where t.provider_id = $1 and t.id = $2 and s.provider_id = $1"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(SiteId::from_uuid).collect())
}
