//! Who works for the platform.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::providers::log_in::store::{Workplace, workplaces};
use crate::providers::people::Contact;

/// Somebody who works or worked for the platform.
#[derive(Clone, Debug)]
pub struct Admin {
    /// What they are called.
    pub name: String,
    /// Whether they have a second factor in an app.
    pub has_second: bool,
    /// Whether they have a passkey, which is both factors.
    pub has_passkey: bool,
    /// When their place ended, if it did.
    pub ended: Option<Timestamp>,
}

/// Who works for the platform now, by id.
///
/// # Errors
/// When the database is away.
pub async fn working(conn: &mut PgConnection, limit: u16) -> sqlx::Result<Vec<PersonId>> {
    let rows = sqlx::query_scalar!(
        "select person_id from admins where ended_at is null order by person_id limit $1",
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PersonId::from_uuid).collect())
}

/// The first two of them, held until the transaction ends: of two who are ended at once, one sees that the other is gone.
///
/// # Errors
/// When the database is away.
pub async fn hold_two(conn: &mut PgConnection) -> sqlx::Result<Vec<PersonId>> {
    let rows = sqlx::query_scalar!(
        "select person_id from admins where ended_at is null order by person_id limit 2 for update"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PersonId::from_uuid).collect())
}

/// Ends a place; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn end(conn: &mut PgConnection, person: PersonId, now: Timestamp) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "update admins set ended_at = $2 where person_id = $1 and ended_at is null",
        person.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Those who work for the platform, and after them those who did, by name.
///
/// # Errors
/// When the database is away.
pub async fn admins(conn: &mut PgConnection, limit: u16) -> sqlx::Result<Vec<Admin>> {
    let rows = sqlx::query!(
        r#"select p.name, p.totp_secret is not null as "has_second!", a.ended_at,
                  exists (select from passkeys k where k.person_id = p.id) as "has_passkey!"
           from admins a join people p on p.id = a.person_id order by a.ended_at is not null, p.name, p.id limit $1"#,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Admin {
            name: row.name,
            has_second: row.has_second,
            has_passkey: row.has_passkey,
            ended: row.ended_at.map(|at| at.0),
        })
        .collect())
}

/// Whether somebody works for the platform.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Service {
    /// They never did.
    Never,
    /// They do.
    Now,
    /// They did until then.
    Until(Timestamp),
}

/// Somebody who logs in, as whoever has the command line is told of them.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who.
    pub person: PersonId,
    /// What they are called.
    pub name: String,
    /// Since when they log in.
    pub since: Timestamp,
    /// Whether they work for the platform.
    pub service: Service,
    /// The businesses they work for.
    pub places: Vec<Workplace>,
}

/// Finds who logs in with an address or number: who has shown that it is theirs; else one who works for the platform, else who came first.
///
/// # Errors
/// When the database is away.
pub async fn known(conn: &mut PgConnection, contact: &Contact) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query!(
        r#"select p.id, p.name, p.created_at, a.person_id as "admin?", a.ended_at as "ended_at?"
           from people p left join admins a on a.person_id = p.id where p.email = $1 or p.phone = $2
           order by case when p.email = $1 then p.email_proven_at else p.phone_proven_at end is null,
                    a.person_id is null or a.ended_at is not null, p.created_at, p.id limit 1"#,
        contact.email(),
        contact.phone(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let person = PersonId::from_uuid(row.id);
    Ok(Some(Known {
        person,
        name: row.name,
        since: row.created_at.0,
        service: match (row.admin, row.ended_at) {
            (None, _) => Service::Never,
            (Some(_), None) => Service::Now,
            (Some(_), Some(at)) => Service::Until(at.0),
        },
        places: workplaces(conn, person).await?,
    }))
}
