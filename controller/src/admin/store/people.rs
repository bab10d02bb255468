//! Who works for the platform.

use mnara_protocol::ids::PersonId;
use sqlx::PgConnection;

use crate::db::RowId as _;

/// Somebody who works or worked for the platform.
#[derive(Clone, Debug)]
pub struct Admin {
    /// What they are called.
    pub name: String,
    /// Whether they have a second factor.
    pub has_second: bool,
    /// Whether they work for it no more.
    pub has_ended: bool,
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

/// They, by name.
///
/// # Errors
/// When the database is away.
pub async fn admins(conn: &mut PgConnection, limit: u16) -> sqlx::Result<Vec<Admin>> {
    sqlx::query_as!(
        Admin,
        r#"select p.name, p.totp_secret is not null as "has_second!", a.ended_at is not null as "has_ended!"
           from admins a join people p on p.id = a.person_id order by p.name, p.id limit $1"#,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await
}
