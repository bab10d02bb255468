//! Who works for the platform.

use sqlx::PgConnection;

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
