//! All SQL of commands to sites.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, CommandId, ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::link::column;
use crate::db::{At, RowId};
use crate::fleet::dispatch::Sender;

/// A command for a site's agent.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: CommandId,
    /// Where.
    pub site: SiteId,
    /// Who is told.
    pub agent: AgentId,
    /// What to do, as the wire has it.
    pub kind: u16,
    /// The same.
    pub body: Vec<u8>,
    /// From then on it is not done any more.
    pub expires: Timestamp,
}

/// What came of a command so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// When it was given.
    pub given: Timestamp,
    /// When it first went out.
    pub sent: Option<Timestamp>,
    /// The report's kind and body, as the wire has them.
    pub report: Option<(u16, Vec<u8>)>,
}

/// The agent a site has now.
///
/// # Errors
/// When the database is away.
pub async fn present_agent(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<Option<AgentId>> {
    let id = sqlx::query_scalar!(
        "select id from agents where provider_id = $1 and site_id = $2 and revoked_at is null order by created_at desc, id limit 1",
        provider.uuid(),
        site.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(AgentId::from_uuid))
}

/// Adds a command.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    order: &Order,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into commands (id, provider_id, site_id, agent_id, kind, body, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        order.id.uuid(),
        provider.uuid(),
        order.site.uuid(),
        order.agent.uuid(),
        i32::from(order.kind),
        order.body,
        At(order.expires),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets a site's commands made before a time.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    before: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "delete from commands where provider_id = $1 and site_id = $2 and created_at < $3",
        provider.uuid(),
        site.uuid(),
        At(before),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes the commands that a link has yet to send, the oldest first, and notes that it does.
///
/// # Errors
/// When the database refuses, or a kind is out of range.
pub async fn take(
    conn: &mut PgConnection,
    by: &Sender,
    now: Timestamp,
    most: u16,
) -> sqlx::Result<Vec<(u16, Vec<u8>)>> {
    let rows = sqlx::query!(
        "with due as (
             select id from commands
             where provider_id = $1 and agent_id = $2 and reported_at is null and expires_at > $4
               and sent_by is distinct from $3
             order by created_at, id limit $5 for update
         ), sent as (
             update commands set sent_by = $3, sent_at = coalesce(sent_at, $4) where id in (select id from due)
             returning kind, body, created_at, id
         )
         select kind, body from sent order by created_at, id",
        by.provider.uuid(),
        by.agent.uuid(),
        column(by.epoch),
        At(now),
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((kind(row.kind, "commands.kind")?, row.body)))
        .collect()
}

/// What a site was asked to do.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where.
    pub site: SiteId,
    /// What, as the wire has it.
    pub kind: u16,
    /// The same.
    pub body: Vec<u8>,
}

/// Takes a command back that no link has sent; says which, if it did.
///
/// # Errors
/// When the database refuses, or a kind is out of range.
pub async fn withdraw(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: CommandId,
) -> sqlx::Result<Option<Asked>> {
    sqlx::query!(
        "delete from commands where provider_id = $1 and id = $2 and sent_at is null returning site_id, kind, body",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(|row| asked(row.site_id, row.kind, row.body))
    .transpose()
}

/// Takes back a site's commands that no link has sent in time; says which.
///
/// # Errors
/// When the database refuses, or a kind is out of range.
pub async fn withdraw_late(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    now: Timestamp,
) -> sqlx::Result<Vec<Asked>> {
    sqlx::query!(
        "delete from commands where provider_id = $1 and site_id = $2 and sent_at is null and expires_at <= $3
         returning site_id, kind, body",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(|row| asked(row.site_id, row.kind, row.body))
    .collect()
}

/// Keeps what an agent reports of a command it was sent, and says which that was. The first report stays: of another it says nothing.
///
/// # Errors
/// When the database refuses, or a kind is out of range.
pub async fn keep_report(
    conn: &mut PgConnection,
    from: &Sender,
    id: CommandId,
    report: (u16, &[u8]),
    now: Timestamp,
) -> sqlx::Result<Option<Asked>> {
    sqlx::query!(
        "update commands set report_kind = $4, report = $5, reported_at = $6
         where provider_id = $1 and agent_id = $2 and id = $3 and sent_at is not null and reported_at is null
         returning site_id, kind, body",
        from.provider.uuid(),
        from.agent.uuid(),
        id.uuid(),
        i32::from(report.0),
        report.1,
        At(now),
    )
    .fetch_optional(conn)
    .await?
    .map(|row| asked(row.site_id, row.kind, row.body))
    .transpose()
}

/// A command that was given, and what its site reported.
#[derive(Clone, Debug)]
pub struct Given {
    /// The command.
    pub id: CommandId,
    /// Where.
    pub site: SiteId,
    /// The report's kind and body, as the wire has them.
    pub report: Option<(u16, Vec<u8>)>,
}

/// Of some commands those that a link has sent, or may still send.
///
/// # Errors
/// When the database is away, or a kind is out of range.
pub async fn given(
    conn: &mut PgConnection,
    provider: ProviderId,
    ids: &[CommandId],
    now: Timestamp,
) -> sqlx::Result<Vec<Given>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "select id, site_id, report_kind, report from commands
         where provider_id = $1 and id = any($2) and (sent_at is not null or expires_at > $3) order by id",
        provider.uuid(),
        &ids,
        At(now),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let report = match row.report_kind.zip(row.report) {
                Some((number, body)) => Some((kind(number, "commands.report_kind")?, body)),
                None => None,
            };
            Ok(Given {
                id: CommandId::from_uuid(row.id),
                site: SiteId::from_uuid(row.site_id),
                report,
            })
        })
        .collect()
}

/// Reads what came of a command; nothing when there is no such command.
///
/// # Errors
/// When the database is away, or a kind is out of range.
pub async fn progress(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: CommandId,
) -> sqlx::Result<Option<Progress>> {
    let row = sqlx::query!(
        "select created_at, sent_at, report_kind, report from commands where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let report = match row.report_kind.zip(row.report) {
            Some((number, body)) => Some((kind(number, "commands.report_kind")?, body)),
            None => None,
        };
        Ok(Progress {
            given: row.created_at.0,
            sent: row.sent_at.map(|at| at.0),
            report,
        })
    })
    .transpose()
}

fn asked(site: Uuid, number: i32, body: Vec<u8>) -> sqlx::Result<Asked> {
    Ok(Asked {
        site: SiteId::from_uuid(site),
        kind: kind(number, "commands.kind")?,
        body,
    })
}

fn kind(number: i32, column: &str) -> sqlx::Result<u16> {
    u16::try_from(number)
        .map_err(|_| sqlx::Error::Decode(format!("{column} is out of range").into()))
}
