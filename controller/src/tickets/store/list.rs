//! Tickets in lists, the newest first, with when they were made and the payment that bought them.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PlanId, ProviderId, SeriesId, TicketId};
use mnara_protocol::ticket::code::TicketCode;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Found, by_ids};
use crate::db::{At, RowId as _};

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
    let (at, id) = before.unzip();
    let places = sqlx::query_as!(
        Place,
        r#"select id, created_at, payment_id, exists (select from series s
                  where s.provider_id = t.provider_id and s.id = t.series_id and t.series_index >= s.shown_below and s.revoked_at is null
                    and t.redeemed_at is null and t.revoked_at is null
                    and not exists (select from cash_sales c where c.provider_id = t.provider_id and c.ticket_id = t.id)) as "is_unseen!"
         from tickets t
         where provider_id = $1 and ($2::text is null or code = $2) and ($3::uuid is null or series_id = $3)
           and ($4::uuid is null or plan_id = $4) and ($5::boolean is null or (redeemed_at is not null) = $5)
           and ($6::timestamptz is null or (created_at, id) < ($6, $7::uuid))
         order by created_at desc, id desc limit $8"#,
        provider.uuid(),
        filter.code.as_ref().map(TicketCode::as_str),
        filter.series.map(|id| id.uuid()),
        filter.plan.map(|id| id.uuid()),
        filter.is_redeemed,
        at.map(At) as _,
        id.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(&mut *conn)
    .await?;
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
