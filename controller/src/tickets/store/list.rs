//! Tickets in lists, the newest first, with when they were made and the payment that bought them.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PlanId, ProviderId, SeriesId, TicketId};
use mnara_protocol::ticket::code::TicketCode;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Found, by_ids};
use crate::db::{At, LAST, RowId as _};

/// A ticket in a list.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The ticket.
    pub found: Found,
    /// When it was made.
    pub made: Timestamp,
    /// The payment that bought it.
    pub payment: Option<PaymentId>,
    /// Whether it is a printed one whose code nobody has seen, so that the counter may sell it.
    pub is_unseen: bool,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// With this code.
    pub code: Option<TicketCode>,
    /// Of one series.
    pub series: Option<SeriesId>,
    /// Of one plan.
    pub plan: Option<PlanId>,
    /// Whose code was used, or was not.
    pub is_redeemed: Option<bool>,
}

struct Place {
    id: Uuid,
    created_at: At,
    payment_id: Option<Uuid>,
    is_unseen: bool,
}

/// The list with what else is asked, in so many words: a list is read along an index from its newest line on, and with conditions that may be
/// none PostgreSQL would think that hardly a line is meant, read all of a business and sort them.
macro_rules! along {
    ($conn:ident, $provider:ident, $before:ident, $limit:ident, $wanted:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Place,
            r#"select id, created_at, payment_id, exists (select from series s
                      where s.provider_id = t.provider_id and s.id = t.series_id and t.series_index >= s.shown_below and s.revoked_at is null
                        and t.redeemed_at is null and t.revoked_at is null
                        and not exists (select from cash_sales c where c.provider_id = t.provider_id and c.ticket_id = t.id)) as "is_unseen!"
               from tickets t where provider_id = $1 and (created_at, id) < ($2, $3) "#
                + $wanted
                + " order by created_at desc, id desc limit $4",
            $provider.uuid(),
            At($before.map_or(LAST, |(at, _)| at)) as At,
            $before.map_or(Uuid::max(), |(_, id)| id.uuid()),
            i64::from($limit)
            $(, $value)*
        )
        .fetch_all(&mut *$conn)
        .await?
    };
}

/// Lists tickets before one, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn tickets(
    conn: &mut PgConnection,
    provider: ProviderId,
    filter: &Filter,
    before: Option<(Timestamp, TicketId)>,
    limit: u16,
    now: Timestamp,
) -> sqlx::Result<Vec<Kept>> {
    let code = filter.code.as_ref().map(TicketCode::as_str);
    let series = filter.series.map(|id| id.uuid());
    let plan = filter.plan.map(|id| id.uuid());
    let is_redeemed = filter.is_redeemed;
    let places = match (code, series, plan, is_redeemed) {
        // One at most, and as many as a series has at most.
        (Some(code), ..) => along!(
            conn,
            provider,
            before,
            limit,
            "and code = $5 and ($6::uuid is null or series_id = $6) and ($7::uuid is null or plan_id = $7)
             and ($8::boolean is null or (redeemed_at is not null) = $8)",
            code,
            series,
            plan,
            is_redeemed
        ),
        (None, Some(series), ..) => along!(
            conn,
            provider,
            before,
            limit,
            "and series_id = $5 and ($6::uuid is null or plan_id = $6) and ($7::boolean is null or (redeemed_at is not null) = $7)",
            series,
            plan,
            is_redeemed
        ),
        (None, None, None, None) => along!(conn, provider, before, limit, ""),
        (None, None, None, Some(true)) => {
            along!(conn, provider, before, limit, "and redeemed_at is not null")
        }
        (None, None, None, Some(false)) => {
            along!(conn, provider, before, limit, "and redeemed_at is null")
        }
        (None, None, Some(plan), None) => {
            along!(conn, provider, before, limit, "and plan_id = $5", plan)
        }
        (None, None, Some(plan), Some(true)) => along!(
            conn,
            provider,
            before,
            limit,
            "and plan_id = $5 and redeemed_at is not null",
            plan
        ),
        (None, None, Some(plan), Some(false)) => along!(
            conn,
            provider,
            before,
            limit,
            "and plan_id = $5 and redeemed_at is null",
            plan
        ),
    };
    fill(conn, provider, places, now).await
}

/// Finds one.
///
/// # Errors
/// When the database is away.
pub async fn ticket(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: TicketId,
    now: Timestamp,
) -> sqlx::Result<Option<Kept>> {
    let places = sqlx::query_as!(
        Place,
        r#"select id, created_at, payment_id, exists (select from series s
                  where s.provider_id = t.provider_id and s.id = t.series_id and t.series_index >= s.shown_below and s.revoked_at is null
                    and t.redeemed_at is null and t.revoked_at is null
                    and not exists (select from cash_sales c where c.provider_id = t.provider_id and c.ticket_id = t.id)) as "is_unseen!"
         from tickets t where provider_id = $1 and id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(fill(conn, provider, places, now).await?.pop())
}

async fn fill(
    conn: &mut PgConnection,
    provider: ProviderId,
    places: Vec<Place>,
    now: Timestamp,
) -> sqlx::Result<Vec<Kept>> {
    let ids: Vec<TicketId> = places
        .iter()
        .map(|place| TicketId::from_uuid(place.id))
        .collect();
    let mut found: BTreeMap<TicketId, Found> = by_ids(conn, provider, &ids, now)
        .await?
        .into_iter()
        .map(|found| (found.kept.ticket.id, found))
        .collect();
    Ok(places
        .into_iter()
        .filter_map(|place| {
            Some(Kept {
                found: found.remove(&TicketId::from_uuid(place.id))?,
                made: place.created_at.0,
                payment: place.payment_id.map(PaymentId::from_uuid),
                is_unseen: place.is_unseen,
            })
        })
        .collect())
}
