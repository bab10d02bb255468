//! All SQL of staff and invitations.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{InvitationId, PersonId, ProviderId, StaffId};
use sqlx::PgConnection;

use super::roles::Role;
use super::{Invitation, MOST, Staff};
use crate::db::{At, RowId as _};
use crate::providers::people::store::contact;

fn role(word: &str) -> sqlx::Result<Role> {
    word.parse()
        .map_err(|_| sqlx::Error::Decode(format!("{word} in staff.role is no role").into()))
}

/// Gives a person a place; says whether they had none here.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: StaffId,
    person: PersonId,
    role: Role,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into staff (id, provider_id, person_id, role, created_at) values ($1, $2, $3, $4, $5)
         on conflict (provider_id, person_id) where ended_at is null do nothing",
        id.uuid(),
        provider.uuid(),
        person.uuid(),
        role.word(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Everybody who works here, the first to come first.
///
/// # Errors
/// When the database is away.
pub async fn list(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Vec<Staff>> {
    let rows = sqlx::query!(
        "select s.id, s.person_id, s.role, s.created_at, p.name, p.email, p.phone from staff s join people p on p.id = s.person_id
         where s.provider_id = $1 and s.ended_at is null order by s.created_at, s.id limit $2",
        provider.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Staff {
                id: StaffId::from_uuid(row.id),
                person: PersonId::from_uuid(row.person_id),
                name: row.name,
                contact: contact(row.email, row.phone)?,
                role: role(&row.role)?,
                since: row.created_at.0,
            })
        })
        .collect()
}

/// How many work here.
///
/// # Errors
/// When the database is away.
pub async fn count(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from staff where provider_id = $1 and ended_at is null",
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// Finds one who works here.
///
/// # Errors
/// When the database is away.
pub async fn find(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: StaffId,
) -> sqlx::Result<Option<Staff>> {
    let row = sqlx::query!(
        "select s.person_id, s.role, s.created_at, p.name, p.email, p.phone from staff s join people p on p.id = s.person_id
         where s.provider_id = $1 and s.id = $2 and s.ended_at is null",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Staff {
            id,
            person: PersonId::from_uuid(row.person_id),
            name: row.name,
            contact: contact(row.email, row.phone)?,
            role: role(&row.role)?,
            since: row.created_at.0,
        })
    })
    .transpose()
}

/// Whether a person has a place here.
///
/// # Errors
/// When the database is away.
pub async fn works_here(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
) -> sqlx::Result<bool> {
    let does = sqlx::query_scalar!(
        "select exists (select from staff where provider_id = $1 and person_id = $2 and ended_at is null)",
        provider.uuid(),
        person.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(does.unwrap_or(false))
}

/// Locks the owners of a business until the transaction ends, and counts them.
///
/// # Errors
/// When the database refuses.
pub async fn lock_owners(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<usize> {
    let owners = sqlx::query_scalar!(
        "select id from staff where provider_id = $1 and role = 'owner' and ended_at is null order by id for update",
        provider.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(owners.len())
}

/// Gives somebody another role.
///
/// # Errors
/// When the database refuses.
pub async fn set_role(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: StaffId,
    role: Role,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update staff set role = $3, owner_since = case when $3 = 'owner' and role <> 'owner' then $4 else owner_since end
         where provider_id = $1 and id = $2 and ended_at is null",
        provider.uuid(),
        id.uuid(),
        role.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends somebody's place.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: StaffId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update staff set ended_at = $3 where provider_id = $1 and id = $2 and ended_at is null",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Logs a person out of this business, everywhere.
///
/// # Errors
/// When the database refuses.
pub async fn end_log_ins(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update log_ins set ended_at = $3 where provider_id = $1 and person_id = $2 and ended_at is null",
        provider.uuid(),
        person.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds an invitation, by the hash of its code.
///
/// # Errors
/// When the database refuses.
pub async fn insert_invitation(
    conn: &mut PgConnection,
    provider: ProviderId,
    invitation: &Invitation,
    hash: &[u8; 32],
    by: Option<PersonId>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into invitations (id, provider_id, code_hash, role, name, expires_at, created_at, invited_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        invitation.id.uuid(),
        provider.uuid(),
        hash.as_slice(),
        invitation.role.word(),
        invitation.name,
        At(invitation.expires),
        At(now),
        by.map(|by| by.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The invitations that are still good, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn invitations(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<Vec<Invitation>> {
    let rows = sqlx::query!(
        "select id, name, role, expires_at from invitations where provider_id = $1 and ended_at is null and expires_at > $2
         order by created_at desc, id limit $3",
        provider.uuid(),
        At(now),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Invitation {
                id: InvitationId::from_uuid(row.id),
                name: row.name,
                role: role(&row.role)?,
                expires: row.expires_at.0,
            })
        })
        .collect()
}

/// How many invitations are still good.
///
/// # Errors
/// When the database is away.
pub async fn count_invitations(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from invitations where provider_id = $1 and ended_at is null and expires_at > $2",
        provider.uuid(),
        At(now),
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// Finds a good invitation by its code's hash, and whose it is. Needs the platform's door: whoever holds the code belongs to nobody yet.
///
/// # Errors
/// When the database is away.
pub async fn by_code(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<Option<(ProviderId, Invitation)>> {
    let row = sqlx::query!(
        "select id, provider_id, name, role, expires_at from invitations where code_hash = $1 and ended_at is null and expires_at > $2",
        hash.as_slice(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let invitation = Invitation {
            id: InvitationId::from_uuid(row.id),
            name: row.name,
            role: role(&row.role)?,
            expires: row.expires_at.0,
        };
        Ok((ProviderId::from_uuid(row.provider_id), invitation))
    })
    .transpose()
}

/// Ends an invitation; gives the name and the role it was for, if it was open.
///
/// # Errors
/// When the database refuses.
pub async fn end_invitation(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: InvitationId,
    now: Timestamp,
) -> sqlx::Result<Option<(String, String)>> {
    let ended = sqlx::query!(
        "update invitations set ended_at = $3 where provider_id = $1 and id = $2 and ended_at is null returning name, role",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .fetch_optional(conn)
    .await?;
    Ok(ended.map(|row| (row.name, row.role)))
}

/// Ends the open invitations that somebody made; gives each with the name and the role it was for.
///
/// # Errors
/// When the database refuses.
pub async fn end_invitations_by(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<Vec<(InvitationId, String, String)>> {
    let ended = sqlx::query!(
        "update invitations set ended_at = $3 where provider_id = $1 and invited_by = $2 and ended_at is null and expires_at > $3
         returning id, name, role",
        provider.uuid(),
        person.uuid(),
        At(now),
    )
    .fetch_all(conn)
    .await?;
    Ok(ended
        .into_iter()
        .map(|row| (InvitationId::from_uuid(row.id), row.name, row.role))
        .collect())
}
