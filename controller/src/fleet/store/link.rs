//! All SQL of links: hello, journals, feed pages, alarms.

use ed25519_dalek::VerifyingKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, JournalId, ProviderId, SiteId};
use mnara_protocol::session::{Entry, EntryNo, FeedCursor, FeedRow, Mark, Page, Revision};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId};
use crate::fleet::dispatch::Sender;

/// Rows of one feed page.
const PAGE_ROWS: i64 = 512;

/// An agent as its row has it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Whose.
    pub provider: ProviderId,
    /// Where.
    pub site: SiteId,
    /// Its key.
    pub key: VerifyingKey,
    /// Whether it was let go.
    pub is_revoked: bool,
    /// The number of its latest link.
    pub epoch: u64,
    /// From this link on all are of one device.
    pub device_since: u64,
    /// When it was last heard of.
    pub seen: Option<Timestamp>,
}

pub(super) fn number(value: i64) -> u64 {
    value.unsigned_abs()
}

pub(super) fn column(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn bytes32(bytes: &[u8], what: &str) -> sqlx::Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode(format!("{what} is not 32 bytes").into()))
}

/// Finds an agent and locks its row until the transaction ends. Needs the platform's door: a hello is not anybody's yet.
///
/// # Errors
/// When the database is away, or a stored key is not one.
pub async fn lock_agent(conn: &mut PgConnection, agent: AgentId) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query!(
        "select provider_id, site_id, public_key, link_epoch, device_since, last_seen_at, revoked_at from agents where id = $1 for update",
        agent.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let key = VerifyingKey::from_bytes(&bytes32(&row.public_key, "agents.public_key")?);
        Ok(Known {
            provider: ProviderId::from_uuid(row.provider_id),
            site: SiteId::from_uuid(row.site_id),
            key: key.map_err(|_| {
                sqlx::Error::Decode(
                    format!("agents.public_key of {agent} is no Ed25519 key").into(),
                )
            })?,
            is_revoked: row.revoked_at.is_some(),
            epoch: number(row.link_epoch),
            device_since: number(row.device_since),
            seen: row.last_seen_at.map(|at| at.0),
        })
    })
    .transpose()
}

/// Notes since when an agent has been heard of without a pause.
///
/// # Errors
/// When the database refuses.
pub async fn set_up_since(
    conn: &mut PgConnection,
    agent: AgentId,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agents set up_since = $2 where id = $1",
        agent.uuid(),
        At(at)
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a link is still the agent's latest and the agent is not let go. Locks the row against a newer hello until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn holds_link(conn: &mut PgConnection, agent: AgentId, epoch: u64) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar!(
        r#"select true as "held!" from agents where id = $1 and link_epoch = $2 and revoked_at is null for no key update"#,
        agent.uuid(),
        column(epoch),
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// Notes that an agent was heard of.
///
/// # Errors
/// When the database refuses.
pub async fn seen(conn: &mut PgConnection, from: &Sender, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update agents set last_seen_at = $3 where id = $1 and link_epoch = $2",
        from.agent.uuid(),
        column(from.epoch),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that agents are still heard of by these links, in the order of the agents.
///
/// # Errors
/// When the database refuses.
pub async fn seen_all(
    conn: &mut PgConnection,
    links: &[(AgentId, u64)],
    now: Timestamp,
) -> sqlx::Result<()> {
    let agents: Vec<_> = links.iter().map(|(agent, _)| agent.uuid()).collect();
    let epochs: Vec<i64> = links.iter().map(|(_, epoch)| column(*epoch)).collect();
    sqlx::query!(
        "update agents a set last_seen_at = $3 from unnest($1::uuid[], $2::bigint[]) as held (id, epoch)
         where a.id = held.id and a.link_epoch = held.epoch",
        &agents,
        &epochs,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// From when on the times an agent's site recorded hang together with the present setting of its clock.
///
/// # Errors
/// When the database is away.
pub async fn unproven_since(
    conn: &mut PgConnection,
    agent: AgentId,
) -> sqlx::Result<Option<Timestamp>> {
    let since = sqlx::query_scalar!(
        "select unproven_since from agents where id = $1",
        agent.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.flatten().map(|at| at.0))
}

/// Notes from when on they do.
///
/// # Errors
/// When the database refuses.
pub async fn set_unproven(
    conn: &mut PgConnection,
    agent: AgentId,
    since: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update agents set unproven_since = $2 where id = $1",
        agent.uuid(),
        At(since)
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What is stored of an agent's journal; `None` for one never met.
///
/// # Errors
/// When the database is away.
pub async fn mark(conn: &mut PgConnection, from: &Sender) -> sqlx::Result<Option<Mark>> {
    let row = sqlx::query!(
        "select mark_number, mark_chain from journals where provider_id = $1 and agent_id = $2 and journal_id = $3",
        from.provider.uuid(),
        from.agent.uuid(),
        from.journal.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Mark {
            number: EntryNo(number(row.mark_number)),
            chain: bytes32(&row.mark_chain, "journals.mark_chain")?,
        })
    })
    .transpose()
}

/// Makes room for a journal that was never met.
///
/// # Errors
/// When the database refuses.
pub async fn insert_journal(
    conn: &mut PgConnection,
    from: &Sender,
    now: Timestamp,
) -> sqlx::Result<()> {
    let start = Mark::start(from.journal);
    sqlx::query!(
        "insert into journals (journal_id, agent_id, provider_id, site_id, mark_number, mark_chain, created_at)
         values ($1, $2, $3, $4, 0, $5, $6) on conflict do nothing",
        from.journal.uuid(),
        from.agent.uuid(),
        from.provider.uuid(),
        from.site.uuid(),
        start.chain.as_slice(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What is stored of a journal, locked until the transaction ends.
///
/// # Errors
/// When the database is away or the journal was never met.
pub async fn lock_mark(
    conn: &mut PgConnection,
    agent: AgentId,
    journal: JournalId,
) -> sqlx::Result<Mark> {
    let row = sqlx::query!(
        "select mark_number, mark_chain from journals where agent_id = $1 and journal_id = $2 for update",
        agent.uuid(),
        journal.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(Mark {
        number: EntryNo(number(row.mark_number)),
        chain: bytes32(&row.mark_chain, "journals.mark_chain")?,
    })
}

/// Moves a journal's mark.
///
/// # Errors
/// When the database refuses.
pub async fn set_mark(conn: &mut PgConnection, from: &Sender, mark: &Mark) -> sqlx::Result<()> {
    sqlx::query!(
        "update journals set mark_number = $3, mark_chain = $4 where agent_id = $1 and journal_id = $2",
        from.agent.uuid(),
        from.journal.uuid(),
        column(mark.number.0),
        mark.chain.as_slice(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a journal and what we stored of it are not one history.
///
/// # Errors
/// When the database refuses.
pub async fn mark_forked(
    conn: &mut PgConnection,
    from: &Sender,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update journals set forked_at = coalesce(forked_at, $4) where provider_id = $1 and agent_id = $2 and journal_id = $3",
        from.provider.uuid(),
        from.agent.uuid(),
        from.journal.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that the journal before this one had forked, as its agent found out by itself.
///
/// # Errors
/// When the database refuses.
pub async fn mark_forked_before(
    conn: &mut PgConnection,
    from: &Sender,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update journals set forked_at = $3
         where agent_id = $1 and forked_at is null
           and journal_id = (select journal_id from journals where agent_id = $1 and journal_id <> $2
                             order by created_at desc, journal_id limit 1)",
        from.agent.uuid(),
        from.journal.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Keeps one entry as it came.
///
/// # Errors
/// When the database refuses, also the same entry twice.
pub async fn insert_entry(
    conn: &mut PgConnection,
    from: &Sender,
    entry: &Entry,
    applied: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into journal_entries (provider_id, site_id, agent_id, journal_id, number, at, kind, body, applied, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        from.provider.uuid(),
        from.site.uuid(),
        from.agent.uuid(),
        from.journal.uuid(),
        column(entry.number.0),
        At(entry.at),
        i32::from(entry.kind),
        entry.body,
        applied,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How far a site's feed goes, and below what it begins anew.
///
/// # Errors
/// When the database is away.
pub async fn feed_span(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<(Revision, Revision)> {
    let row = sqlx::query!(
        "select feed_revision, feed_floor from sites where provider_id = $1 and id = $2",
        provider.uuid(),
        site.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok((
        Revision(number(row.feed_revision)),
        Revision(number(row.feed_floor)),
    ))
}

/// Reads the rows of a site's feed after a place, in order.
///
/// # Errors
/// When the database is away.
pub async fn page(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    after: FeedCursor,
) -> sqlx::Result<Page> {
    let rows = sqlx::query!(
        "select kind, row_id, revision, body, deleted from site_feed
         where provider_id = $1 and site_id = $2 and (revision, kind, row_id) > ($3, $4, $5)
         order by revision, kind, row_id limit $6",
        provider.uuid(),
        site.uuid(),
        column(after.revision.0),
        i32::from(after.kind),
        Uuid::from_bytes(after.id),
        PAGE_ROWS,
    )
    .fetch_all(conn)
    .await?;
    let rows: Vec<FeedRow> = rows
        .into_iter()
        .map(|row| {
            Ok(FeedRow {
                kind: u16::try_from(row.kind)
                    .map_err(|_| sqlx::Error::Decode("site_feed.kind is out of range".into()))?,
                id: *row.row_id.as_bytes(),
                revision: Revision(number(row.revision)),
                deleted: row.deleted,
                body: row.body,
            })
        })
        .collect::<sqlx::Result<_>>()?;
    let cursor = rows.last().map_or(after, FeedRow::cursor);
    let more = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE_ROWS);
    Ok(Page { rows, cursor, more })
}

/// Writes down something a person should know about a site.
///
/// # Errors
/// When the database refuses.
pub async fn insert_event(
    conn: &mut PgConnection,
    id: Uuid,
    from: (ProviderId, SiteId),
    kind: &str,
    value: Option<i64>,
    times: (Timestamp, Timestamp),
) -> sqlx::Result<()> {
    let (provider, site) = from;
    let (at, received) = times;
    sqlx::query!(
        "insert into site_events (id, provider_id, site_id, kind, value, at, received_at) values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        provider.uuid(),
        site.uuid(),
        kind,
        value,
        At(at),
        At(received),
    )
    .execute(conn)
    .await
    .map(drop)
}
