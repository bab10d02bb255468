//! Sessions, the latest first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, ProviderId, SessionId, SiteId, TicketId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, LAST, MacAddr, RowId as _};

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

struct Row {
    id: Uuid,
    site_id: Uuid,
    ticket_id: Uuid,
    mac: MacAddr,
    began_at: At,
    read_at: At,
    ended_at: Option<At>,
    online_secs: i64,
    bytes_up: i64,
    bytes_down: i64,
}

/// The list with what else is asked, in so many words: with conditions that may be none PostgreSQL reads all of a business and sorts them.
macro_rules! along {
    ($conn:ident, $provider:ident, $before:ident, $limit:ident, $wanted:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            "select id, site_id, ticket_id, mac, began_at, read_at, ended_at, online_secs, bytes_up, bytes_down from sessions
             where provider_id = $1 and (began_at, id) < ($2, $3) "
                + $wanted
                + " order by began_at desc, id desc limit $4",
            $provider.uuid(),
            At($before.map_or(LAST, |(at, _)| at)) as At,
            $before.map_or(Uuid::max(), |(_, id)| id.uuid()),
            i64::from($limit)
            $(, $value)*
        )
        .fetch_all($conn)
        .await?
    };
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
    let site = filter.site.map(|id| id.uuid());
    let rows = match (filter.ticket, site) {
        (Some(ticket), site) => along!(
            conn,
            provider,
            before,
            limit,
            "and ticket_id = $5 and ($6::uuid is null or site_id = $6)",
            ticket.uuid(),
            site
        ),
        (None, Some(site)) => along!(conn, provider, before, limit, "and site_id = $5", site),
        (None, None) => along!(conn, provider, before, limit, ""),
    };
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
