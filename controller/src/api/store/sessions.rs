//! Sessions, the latest first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId, SessionId, SiteId, TicketId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};

/// One stretch of a device being online.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Where.
    pub site: SiteId,
    /// With which ticket.
    pub ticket: TicketId,
    /// Which device.
    pub mac: Mac,
    /// From when.
    pub began: Timestamp,
    /// When it was last read off the router.
    pub read: Timestamp,
    /// Until when.
    pub ended: Option<Timestamp>,
    /// Seconds online.
    pub online_secs: i64,
    /// Bytes sent.
    pub bytes_up: i64,
    /// Bytes received.
    pub bytes_down: i64,
}

/// What is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filter {
    /// At one site.
    pub site: Option<SiteId>,
    /// With one ticket.
    pub ticket: Option<TicketId>,
}

/// Lists sessions before one, the latest first.
///
/// # Errors
/// When the database is away.
pub async fn sessions(
    conn: &mut PgConnection,
    provider: ProviderId,
    filter: Filter,
    before: Option<(Timestamp, SessionId)>,
    limit: u16,
) -> sqlx::Result<Vec<Session>> {
    let (at, id) = before.unzip();
    let rows = sqlx::query!(
        "select id, site_id, ticket_id, mac, began_at, read_at, ended_at, online_secs, bytes_up, bytes_down from sessions
         where provider_id = $1 and ($2::uuid is null or site_id = $2) and ($3::uuid is null or ticket_id = $3)
           and ($4::timestamptz is null or (began_at, id) < ($4, $5::uuid))
         order by began_at desc, id desc limit $6",
        provider.uuid(),
        filter.site.map(|id| id.uuid()),
        filter.ticket.map(|id| id.uuid()),
        at.map(At) as _,
        id.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Session {
            id: SessionId::from_uuid(row.id),
            site: SiteId::from_uuid(row.site_id),
            ticket: TicketId::from_uuid(row.ticket_id),
            mac: row.mac.0,
            began: row.began_at.0,
            read: row.read_at.0,
            ended: row.ended_at.map(|at| at.0),
            online_secs: row.online_secs,
            bytes_up: row.bytes_up,
            bytes_down: row.bytes_down,
        })
        .collect())
}
