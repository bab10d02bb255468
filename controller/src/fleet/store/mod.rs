//! All SQL of sites and agents. Which of it belongs into one transaction is decided by the callers.

use ed25519_dalek::VerifyingKey;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AgentId, ProviderId, SiteId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Site;
use crate::db::{At, RowId};

pub mod closing;
pub mod commands;
pub mod digest;
pub mod events;
pub mod identity;
pub mod link;
pub mod losses;
pub mod news;
pub mod restored;
pub mod samples;
pub mod standing;
pub mod take_over;
pub mod waiting;

/// Adds a site; says whether there was none of its id.
///
/// # Errors
/// When the database refuses.
pub async fn insert_site(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SiteId,
    name: &str,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into sites (id, provider_id, name, feed_revision, feed_floor, created_at) values ($1, $2, $3, 0, 0, $4)
         on conflict (id) do nothing",
        id.uuid(),
        provider.uuid(),
        name,
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Finds one site of a provider, also one that is closed.
///
/// # Errors
/// When the database is away.
pub async fn site(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SiteId,
) -> sqlx::Result<Option<Site>> {
    let row = sqlx::query!(
        "select name, closed_at from sites where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Site {
        id,
        provider,
        name: row.name,
        closed: row.closed_at.map(|at| at.0),
    }))
}

/// Finds one site of a provider that is not closed.
///
/// # Errors
/// When the database is away.
pub async fn open_site(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SiteId,
) -> sqlx::Result<Option<Site>> {
    let found = site(conn, provider, id).await?;
    Ok(found.filter(|site| site.closed.is_none()))
}

/// Gives a site another name.
///
/// # Errors
/// When the database refuses.
pub async fn rename(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SiteId,
    name: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update sites set name = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        name
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lists a provider's sites that are not closed after one, in id order.
///
/// # Errors
/// When the database is away.
pub async fn sites(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<SiteId>,
    limit: u16,
) -> sqlx::Result<Vec<Site>> {
    let rows = sqlx::query!(
        "select id, name from sites where provider_id = $1 and closed_at is null and ($2::uuid is null or id > $2) order by id limit $3",
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Site {
            id: SiteId::from_uuid(row.id),
            provider,
            name: row.name,
            closed: None,
        })
        .collect())
}

/// The sites a business has or had, by name: what was sold at one that is closed is told by its name as before.
///
/// # Errors
/// When the database is away.
pub async fn sites_ever(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Site>> {
    let rows = sqlx::query!(
        "select id, name, closed_at from sites where provider_id = $1 order by name, id limit $2",
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Site {
            id: SiteId::from_uuid(row.id),
            provider,
            name: row.name,
            closed: row.closed_at.map(|at| at.0),
        })
        .collect())
}

/// One site and when its agent was last heard from.
#[derive(Clone, Debug)]
pub struct SiteSeen {
    /// The site.
    pub site: SiteId,
    /// Its name.
    pub name: String,
    /// When, if ever.
    pub seen: Option<Timestamp>,
}

/// More sites than any business has.
pub const ALL: u16 = 5_000;

/// The sites of a business that are not closed by name, from after one on, and when each was last heard from.
///
/// # Errors
/// When the database is away.
pub async fn sites_seen(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<SiteId>,
    limit: u16,
) -> sqlx::Result<Vec<SiteSeen>> {
    let rows = sqlx::query!(
        "select s.id, s.name, (select max(a.last_seen_at) from agents a where a.site_id = s.id and a.provider_id = s.provider_id and a.revoked_at is null) as seen
         from sites s where s.provider_id = $1 and s.closed_at is null
           and ($2::uuid is null or (s.name, s.id) > (select b.name, b.id from sites b where b.provider_id = $1 and b.id = $2))
         order by s.name, s.id limit $3",
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| SiteSeen {
            site: SiteId::from_uuid(row.id),
            name: row.name,
            seen: row.seen.map(|at| at.0),
        })
        .collect())
}

/// The key of the site's present agent, to which secrets for the site are sealed.
///
/// # Errors
/// When the database is away, or a stored key is not one.
pub async fn agent_key(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
) -> sqlx::Result<Option<VerifyingKey>> {
    let row = sqlx::query_scalar!(
        "select public_key from agents where provider_id = $1 and site_id = $2 and revoked_at is null
         order by created_at desc, id desc limit 1",
        provider.uuid(),
        site.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|bytes| {
        <[u8; 32]>::try_from(bytes.as_slice())
            .ok()
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            .ok_or_else(|| {
                sqlx::Error::Decode(format!("agents.public_key of {site} is no Ed25519 key").into())
            })
    })
    .transpose()
}

/// Whose a site is. Needs the platform's door: a token names a site and no provider.
///
/// # Errors
/// When the database is away.
pub async fn owner_of_site(
    conn: &mut PgConnection,
    site: SiteId,
) -> sqlx::Result<Option<ProviderId>> {
    let owner = sqlx::query_scalar!("select provider_id from sites where id = $1", site.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(owner.map(ProviderId::from_uuid))
}

/// A claim code's row.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose site it is for.
    pub provider: ProviderId,
    /// The site.
    pub site: SiteId,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// The public key that spent it.
    pub spent_by: Option<Vec<u8>>,
    /// Whether the site is closed.
    pub is_closed: bool,
}

/// Adds a claim code, by its hash.
///
/// # Errors
/// When the database refuses.
pub async fn insert_claim(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    hash: &[u8; 32],
    expires: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into claims (code_hash, provider_id, site_id, expires_at, created_at) values ($1, $2, $3, $4, $5)",
        hash.as_slice(),
        provider.uuid(),
        site.uuid(),
        At(expires),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Finds a claim code and locks it until the transaction ends, with all others of its site that are not spent: whoever spends one spends them too.
/// Needs the platform's door: a code names nobody.
///
/// # Errors
/// When the database is away.
pub async fn lock_claim(conn: &mut PgConnection, hash: &[u8; 32]) -> sqlx::Result<Option<Claim>> {
    let rows = sqlx::query!(
        r#"select c.code_hash, c.provider_id, c.site_id, c.expires_at, c.spent_by, s.closed_at is not null as "is_closed!"
           from claims c join sites s on s.id = c.site_id and s.provider_id = c.provider_id
           where c.site_id = (select o.site_id from claims o where o.code_hash = $1) and (c.code_hash = $1 or c.spent_by is null)
           order by c.code_hash for update of c"#,
        hash.as_slice(),
    )
    .fetch_all(conn)
    .await?;
    let row = rows.into_iter().find(|row| row.code_hash == hash);
    Ok(row.map(|row| Claim {
        provider: ProviderId::from_uuid(row.provider_id),
        site: SiteId::from_uuid(row.site_id),
        expires_at: row.expires_at.0,
        spent_by: row.spent_by,
        is_closed: row.is_closed,
    }))
}

/// The name of the site a claim code is for, while it is good. Needs the platform's door: a code names nobody.
///
/// # Errors
/// When the database is away.
pub async fn claimed_site(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select s.name from claims c join sites s on s.id = c.site_id and s.provider_id = c.provider_id
         where c.code_hash = $1 and c.spent_by is null and c.expires_at > $2 and s.closed_at is null",
        hash.as_slice(),
        At(now),
    )
    .fetch_optional(conn)
    .await
}

/// Whether a claim code is a site's, and still good.
///
/// # Errors
/// When the database is away.
pub async fn is_claim(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from claims
           where provider_id = $1 and site_id = $2 and code_hash = $3 and spent_by is null and expires_at > $4) as "good!""#,
        provider.uuid(),
        site.uuid(),
        hash.as_slice(),
        At(now),
    )
    .fetch_one(conn)
    .await
}

/// Marks a claim code as spent by a key.
///
/// # Errors
/// When the database refuses.
pub async fn spend_claim(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    key: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update claims set spent_by = $2, spent_at = $3 where code_hash = $1 and spent_by is null",
        hash.as_slice(),
        key.as_slice(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Marks all claim codes of a site that are open as spent by a key.
///
/// # Errors
/// When the database refuses.
pub async fn spend_claims(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    key: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update claims set spent_by = $3, spent_at = $4
         where provider_id = $1 and site_id = $2 and spent_by is null and expires_at > $4",
        provider.uuid(),
        site.uuid(),
        key.as_slice(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Finds the agent with a public key. Needs the platform's door.
///
/// # Errors
/// When the database is away.
pub async fn agent_by_key(
    conn: &mut PgConnection,
    key: &[u8; 32],
) -> sqlx::Result<Option<AgentId>> {
    let id = sqlx::query_scalar!(
        "select id from agents where public_key = $1",
        key.as_slice()
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(AgentId::from_uuid))
}

/// Adds an agent.
///
/// # Errors
/// When the database refuses.
pub async fn insert_agent(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    id: AgentId,
    key: &[u8; 32],
    software: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into agents (id, provider_id, site_id, public_key, software, link_epoch, created_at) values ($1, $2, $3, $4, $5, 0, $6)",
        id.uuid(),
        provider.uuid(),
        site.uuid(),
        key.as_slice(),
        software,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets a site's agents go; says which they were.
///
/// # Errors
/// When the database refuses.
pub async fn revoke_agents(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    now: Timestamp,
) -> sqlx::Result<Vec<AgentId>> {
    let ids = sqlx::query_scalar!(
        "update agents set revoked_at = $3 where provider_id = $1 and site_id = $2 and revoked_at is null returning id",
        provider.uuid(),
        site.uuid(),
        At(now),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(AgentId::from_uuid).collect())
}

/// Reads what a site was told in one row of its feed.
///
/// # Errors
/// When the database is away.
pub async fn feed_row(
    conn: &mut PgConnection,
    provider: ProviderId,
    site: SiteId,
    kind: u16,
    row: [u8; 16],
) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "select body from site_feed where provider_id = $1 and site_id = $2 and kind = $3 and row_id = $4 and not deleted",
        provider.uuid(),
        site.uuid(),
        i32::from(kind),
        Uuid::from_bytes(row),
    )
    .fetch_optional(conn)
    .await
}
