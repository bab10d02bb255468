//! All SQL of what sites report: uses of tickets, grants, sessions, and the columns of a ticket that are computed from them.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::grant::Step;
use mnara_protocol::ids::{Mac, ProviderId, SiteId, TicketId};
use mnara_protocol::message::{GrantedFact, MeteredFact, Printed, Taken, TakenEnd};
use mnara_protocol::ticket::{Slot, Status, Usage};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;
use sqlx::types::{Json, Uuid};

use super::Use;
use crate::db::{At, RowId};
use crate::tickets::Reported;
use crate::tickets::store::{end_reason, end_word};

/// A slot as its JSON has it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct SlotJson {
    mac: String,
    seen: i64,
}

impl From<&Slot> for SlotJson {
    fn from(slot: &Slot) -> Self {
        Self {
            mac: slot.mac.to_string(),
            seen: slot.seen.as_millis(),
        }
    }
}

impl SlotJson {
    fn read(&self) -> Option<Slot> {
        Some(Slot {
            mac: self.mac.parse::<Mac>().ok()?,
            seen: Timestamp::from_millis(self.seen),
        })
    }
}

struct UseRow {
    ticket_id: Uuid,
    site_id: Uuid,
    redeemed_at: At,
    started_at: Option<At>,
    paused_at: Option<At>,
    ended_at: Option<At>,
    end_reason: Option<String>,
    online_used_secs: i64,
    bytes_up: i64,
    bytes_down: i64,
    slots: Json<Vec<SlotJson>>,
    cut_off: bool,
    settled: Option<String>,
}

impl TryFrom<UseRow> for Use {
    type Error = sqlx::Error;

    fn try_from(row: UseRow) -> sqlx::Result<Self> {
        let bad = |what: &str| {
            sqlx::Error::Decode(
                format!("redemptions.{what} of {} is out of range", row.ticket_id).into(),
            )
        };
        let ended = match (row.ended_at, row.end_reason.as_deref()) {
            (Some(at), Some(word)) => {
                Some((at.0, end_reason(word).ok_or_else(|| bad("end_reason"))?))
            }
            (None, None) => None,
            _ => return Err(bad("end_reason")),
        };
        Ok(Self {
            site: SiteId::from_uuid(row.site_id),
            redeemed_at: row.redeemed_at.0,
            started_at: row.started_at.map(|at| at.0),
            paused_at: row.paused_at.map(|at| at.0),
            ended,
            usage: Usage {
                online_secs: u32::try_from(row.online_used_secs)
                    .map_err(|_| bad("online_used_secs"))?,
                bytes_up: row.bytes_up.unsigned_abs(),
                bytes_down: row.bytes_down.unsigned_abs(),
            },
            slots: row
                .slots
                .iter()
                .map(SlotJson::read)
                .collect::<Option<_>>()
                .ok_or_else(|| bad("slots"))?,
            cut_off: row.cut_off,
            lost: row.settled.as_deref() == Some("lost"),
        })
    }
}

/// All uses of a ticket, oldest first.
///
/// # Errors
/// When the database is away.
pub async fn uses(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
) -> sqlx::Result<Vec<Use>> {
    sqlx::query_as!(
        UseRow,
        r#"select ticket_id, site_id, redeemed_at, started_at, paused_at, ended_at, end_reason, online_used_secs, bytes_up, bytes_down,
                  slots as "slots: Json<Vec<SlotJson>>", cut_off, settled
           from redemptions where provider_id = $1 and ticket_id = $2 order by redeemed_at, site_id"#,
        provider.uuid(),
        ticket.uuid(),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Use::try_from)
    .collect()
}

/// Writes one use.
///
/// # Errors
/// When the database refuses.
pub async fn save_use(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
    one: &Use,
    settled: Option<&str>,
) -> sqlx::Result<()> {
    let slots: Vec<SlotJson> = one.slots.iter().map(SlotJson::from).collect();
    sqlx::query!(
        "insert into redemptions as r (provider_id, ticket_id, site_id, redeemed_at, started_at, ended_at, end_reason, online_used_secs,
                                  bytes_up, bytes_down, slots, cut_off, settled, paused_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (ticket_id, site_id) do update
         set redeemed_at = excluded.redeemed_at, started_at = excluded.started_at, paused_at = excluded.paused_at, ended_at = excluded.ended_at,
             end_reason = excluded.end_reason, online_used_secs = excluded.online_used_secs, bytes_up = excluded.bytes_up,
             bytes_down = excluded.bytes_down, slots = excluded.slots, cut_off = excluded.cut_off,
             settled = coalesce(excluded.settled, r.settled)",
        provider.uuid(),
        ticket.uuid(),
        one.site.uuid(),
        At(one.redeemed_at),
        one.started_at.map(At),
        one.ended.map(|(at, _)| At(at)),
        one.ended.map(|(_, reason)| end_word(reason)),
        i64::from(one.usage.online_secs),
        i64::try_from(one.usage.bytes_up).unwrap_or(i64::MAX),
        i64::try_from(one.usage.bytes_down).unwrap_or(i64::MAX),
        Json(slots) as _,
        one.cut_off,
        settled,
        one.paused_at.map(At),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes what the uses of a ticket come to.
///
/// # Errors
/// When the database refuses.
pub async fn save_summary(
    conn: &mut PgConnection,
    provider: ProviderId,
    ticket: TicketId,
    summary: &Reported,
    first_site: SiteId,
    status: Status,
    expires: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update tickets set redeemed_at = $3, redeemed_site_id = $4, started_at = $5, ended_at = $6, end_reason = $7,
                online_used_secs = $8, bytes_up = $9, bytes_down = $10, status = $11, expires_at = $12,
                paused_at = $13
         where provider_id = $1 and id = $2",
        provider.uuid(),
        ticket.uuid(),
        summary.redeemed_at.map(At),
        first_site.uuid(),
        summary.started_at.map(At),
        summary.ended.map(|(at, _)| At(at)),
        summary.ended.map(|(_, reason)| end_word(reason)),
        i64::from(summary.usage.online_secs),
        i64::try_from(summary.usage.bytes_up).unwrap_or(i64::MAX),
        i64::try_from(summary.usage.bytes_down).unwrap_or(i64::MAX),
        status.as_str(),
        expires.map(At),
        summary.paused_at.map(At),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Moves a grant forward; a step behind the present one changes nothing.
///
/// # Errors
/// When the database refuses.
pub async fn advance_grant(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    fact: &GrantedFact,
) -> sqlx::Result<()> {
    let word = match fact.step {
        Step::Ordered => "ordered",
        Step::Delivered => "delivered",
        Step::Written => "written",
        Step::Confirmed => "confirmed",
        Step::Ended => "ended",
        // A later version's step has no place here; the journal keeps it.
        Step::Other(_) => return Ok(()),
    };
    sqlx::query!(
        "insert into grants as g (provider_id, ticket_id, mac, site_id, step, ordered_at, delivered_at, written_at, confirmed_at, ended_at)
         values ($1, $2, $3::text::macaddr, $4, $5, $6, $7, $8, $9, $10)
         on conflict (ticket_id, mac, site_id) do update
         set ordered_at = coalesce(g.ordered_at, excluded.ordered_at), delivered_at = coalesce(g.delivered_at, excluded.delivered_at),
             written_at = coalesce(g.written_at, excluded.written_at), confirmed_at = coalesce(g.confirmed_at, excluded.confirmed_at),
             ended_at = coalesce(g.ended_at, excluded.ended_at),
             step = case when array_position(array['ordered','delivered','written','confirmed','ended'], excluded.step)
                            > array_position(array['ordered','delivered','written','confirmed','ended'], g.step)
                         then excluded.step else g.step end",
        provider.uuid(),
        fact.ticket.uuid(),
        fact.mac.to_string(),
        site.uuid(),
        word,
        (fact.step == Step::Ordered).then_some(At(fact.at)),
        (fact.step == Step::Delivered).then_some(At(fact.at)),
        (fact.step == Step::Written).then_some(At(fact.at)),
        (fact.step == Step::Confirmed).then_some(At(fact.at)),
        (fact.step == Step::Ended).then_some(At(fact.at)),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes what a session used so far; sums only grow.
///
/// # Errors
/// When the database refuses.
pub async fn save_session(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    fact: &MeteredFact,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions as s (id, provider_id, site_id, ticket_id, mac, began_at, read_at, ended_at, online_secs, bytes_up, bytes_down, plan_id)
         values ($1, $2, $3, $4, $5::text::macaddr, $6, $7, $8, $9, $10, $11, (select plan_id from tickets where provider_id = $2 and id = $4))
         on conflict (id) do update
         set read_at = greatest(s.read_at, excluded.read_at), ended_at = coalesce(s.ended_at, excluded.ended_at),
             online_secs = greatest(s.online_secs, excluded.online_secs), bytes_up = greatest(s.bytes_up, excluded.bytes_up),
             bytes_down = greatest(s.bytes_down, excluded.bytes_down)
         where s.provider_id = excluded.provider_id",
        fact.session.uuid(),
        provider.uuid(),
        site.uuid(),
        fact.ticket.uuid(),
        fact.mac.to_string(),
        At(fact.began),
        At(fact.at),
        fact.over.then_some(At(fact.at)),
        i64::from(fact.usage.online_secs),
        i64::try_from(fact.usage.bytes_up).unwrap_or(i64::MAX),
        i64::try_from(fact.usage.bytes_down).unwrap_or(i64::MAX),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Tickets of which a site recorded something at or after a time.
///
/// # Errors
/// When the database is away.
pub async fn tickets_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    since: Timestamp,
) -> sqlx::Result<Vec<TicketId>> {
    let ids = sqlx::query_scalar!(
        "select ticket_id from redemptions
         where provider_id = $1 and site_id = $2
           and (greatest(redeemed_at, started_at, paused_at, ended_at) >= $3
                or exists (select from jsonb_array_elements(slots) as slot where (slot ->> 'seen')::bigint >= $4))
         order by ticket_id",
        provider.uuid(),
        site.uuid(),
        At(since),
        since.as_millis(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(TicketId::from_uuid).collect())
}

/// Moves the times of a site's grants and sessions that were recorded at or after a time; none lies behind `now` afterwards.
///
/// # Errors
/// When the database refuses.
pub async fn move_times(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    since: Timestamp,
    secs: i64,
    now: Timestamp,
) -> sqlx::Result<()> {
    let by = PgInterval {
        months: 0,
        days: 0,
        microseconds: secs.saturating_mul(1_000_000),
    };
    sqlx::query!(
        "update grants
         set ordered_at = case when ordered_at >= $3::timestamptz then least(ordered_at + $4::interval, $5::timestamptz) when ordered_at > $5::timestamptz then $5::timestamptz else ordered_at end,
             delivered_at = case when delivered_at >= $3::timestamptz then least(delivered_at + $4::interval, $5::timestamptz) when delivered_at > $5::timestamptz then $5::timestamptz else delivered_at end,
             written_at = case when written_at >= $3::timestamptz then least(written_at + $4::interval, $5::timestamptz) when written_at > $5::timestamptz then $5::timestamptz else written_at end,
             confirmed_at = case when confirmed_at >= $3::timestamptz then least(confirmed_at + $4::interval, $5::timestamptz) when confirmed_at > $5::timestamptz then $5::timestamptz else confirmed_at end,
             ended_at = case when ended_at >= $3::timestamptz then least(ended_at + $4::interval, $5::timestamptz) when ended_at > $5::timestamptz then $5::timestamptz else ended_at end
         where provider_id = $1 and site_id = $2
           and greatest(ordered_at, delivered_at, written_at, confirmed_at, ended_at) >= least($3::timestamptz, $5::timestamptz)",
        provider.uuid(),
        site.uuid(),
        At(since),
        by,
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update sessions
         set began_at = case when began_at >= $3::timestamptz then least(began_at + $4::interval, $5::timestamptz) when began_at > $5::timestamptz then $5::timestamptz else began_at end,
             read_at = case when read_at >= $3::timestamptz then least(read_at + $4::interval, $5::timestamptz) when read_at > $5::timestamptz then $5::timestamptz else read_at end,
             ended_at = case when ended_at >= $3::timestamptz then least(ended_at + $4::interval, $5::timestamptz) when ended_at > $5::timestamptz then $5::timestamptz else ended_at end
         where provider_id = $1 and site_id = $2 and greatest(began_at, read_at, ended_at) >= least($3::timestamptz, $5::timestamptz)",
        provider.uuid(),
        site.uuid(),
        At(since),
        by,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What a site had recorded, in ticket order after one: for an agent whose store is new.
///
/// # Errors
/// When the database is away.
pub async fn taken(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    after: Option<TicketId>,
    limit: u16,
) -> sqlx::Result<Vec<Taken>> {
    let rows = sqlx::query!(
        r#"select r.ticket_id, r.site_id, r.redeemed_at, r.started_at, r.paused_at, r.ended_at, r.end_reason, r.online_used_secs, r.bytes_up, r.bytes_down,
                  r.slots as "slots: Json<Vec<SlotJson>>", r.cut_off, r.settled, t.series_id, t.series_index
           from redemptions r join tickets t on t.provider_id = r.provider_id and t.id = r.ticket_id
           where r.provider_id = $1 and r.site_id = $2 and ($3::uuid is null or r.ticket_id > $3)
           order by r.ticket_id limit $4"#,
        provider.uuid(),
        site.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let printed = row
                .series_id
                .zip(row.series_index)
                .and_then(|(series, index)| {
                    Some(Printed {
                        series: mnara_protocol::ids::SeriesId::from_uuid(series),
                        index: u32::try_from(index).ok()?,
                    })
                });
            let ticket = TicketId::from_uuid(row.ticket_id);
            let one = Use::try_from(UseRow {
                ticket_id: row.ticket_id,
                site_id: row.site_id,
                redeemed_at: row.redeemed_at,
                started_at: row.started_at,
                paused_at: row.paused_at,
                ended_at: row.ended_at,
                end_reason: row.end_reason,
                online_used_secs: row.online_used_secs,
                bytes_up: row.bytes_up,
                bytes_down: row.bytes_down,
                slots: row.slots,
                cut_off: row.cut_off,
                settled: row.settled,
            })?;
            Ok(Taken {
                ticket,
                printed,
                redeemed_at: one.redeemed_at,
                since: one.started_at,
                slots: one.slots,
                usage: one.usage,
                ended: one.ended.map(|(at, reason)| TakenEnd { reason, at }),
                paused: one.paused_at,
                tried: None,
            })
        })
        .collect()
}

/// A ticket whose clock a site holds.
#[derive(Clone, Debug)]
pub struct Paused {
    /// Which.
    pub ticket: TicketId,
    /// What was sold.
    pub plan_name: String,
    /// Since when.
    pub since: Timestamp,
}

/// The tickets whose clock a site holds, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn paused(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    most: u16,
) -> sqlx::Result<Vec<Paused>> {
    let rows = sqlx::query!(
        r#"select r.ticket_id, t.plan_name, r.paused_at as "paused_at!" from redemptions r
           join tickets t on t.provider_id = r.provider_id and t.id = r.ticket_id
           where r.provider_id = $1 and r.site_id = $2 and r.paused_at is not null and r.ended_at is null
           order by r.paused_at desc, r.ticket_id limit $3"#,
        provider.uuid(),
        site.uuid(),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Paused {
            ticket: TicketId::from_uuid(row.ticket_id),
            plan_name: row.plan_name,
            since: row.paused_at.0,
        })
        .collect())
}
