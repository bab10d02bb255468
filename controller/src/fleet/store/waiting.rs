//! All SQL of journal entries that wait for a version that knows their kind. Needs the platform's door.

use mnara_protocol::ids::{AgentId, JournalId, ProviderId, SiteId};
use mnara_protocol::session::{Entry, EntryNo};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::link::{column, number};
use crate::db::RowId;
use crate::fleet::dispatch::Sender;

/// Where among the entries that wait for an upgrade somebody stands: agent, journal, number.
pub type Place = (Uuid, Uuid, i64);

/// Where an entry stands among them.
#[must_use]
pub fn place(from: &Sender, entry: &Entry) -> Place {
    (
        from.agent.uuid(),
        from.journal.uuid(),
        column(entry.number.0),
    )
}

/// Reads entries that were kept and not applied, after a place and in order, with who sent them. Their chain is not needed any more and
/// not read.
///
/// # Errors
/// When the database is away.
pub async fn unapplied(
    conn: &mut PgConnection,
    after: Place,
    most: i64,
) -> sqlx::Result<Vec<(Sender, Entry)>> {
    let rows = sqlx::query!(
        "select provider_id, site_id, agent_id, journal_id, number, at, kind, body from journal_entries
         where not applied and (agent_id, journal_id, number) > ($1, $2, $3)
         order by agent_id, journal_id, number limit $4 for update",
        after.0,
        after.1,
        after.2,
        most,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let from = Sender {
                provider: ProviderId::from_uuid(row.provider_id),
                site: SiteId::from_uuid(row.site_id),
                agent: AgentId::from_uuid(row.agent_id),
                journal: JournalId::from_uuid(row.journal_id),
                epoch: 0,
            };
            let entry = Entry {
                number: EntryNo(number(row.number)),
                previous: [0; 32],
                at: row.at.0,
                kind: u16::try_from(row.kind).map_err(|_| {
                    sqlx::Error::Decode("journal_entries.kind is out of range".into())
                })?,
                body: row.body,
            };
            Ok((from, entry))
        })
        .collect()
}

/// Notes that an entry was applied.
///
/// # Errors
/// When the database refuses.
pub async fn set_applied(
    conn: &mut PgConnection,
    from: &Sender,
    entry: &Entry,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update journal_entries set applied = true where agent_id = $1 and journal_id = $2 and number = $3",
        from.agent.uuid(),
        from.journal.uuid(),
        column(entry.number.0),
    )
    .execute(conn)
    .await
    .map(drop)
}
