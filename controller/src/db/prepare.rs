//! Roles, migrations and rights: what has to be true of a database before the doors open. It runs as a superuser or the owner, never
//! as the application.

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{APP_ROLE, DbError};

/// The migrations this program was built with.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/controller");

/// Makes the roles. Two of these at once wait for each other, since role statements race.
const ROLES: &str = "
    DO $$
    BEGIN
        PERFORM pg_advisory_xact_lock(5571902301);
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mnara_owner') THEN
            CREATE ROLE mnara_owner NOLOGIN NOSUPERUSER NOBYPASSRLS;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mnara_app') THEN
            CREATE ROLE mnara_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT;
        END IF;
    END
    $$";

/// Lets the owner make tables and the application use them, and nothing more.
const SCHEMA: &str = "
    GRANT mnara_owner TO CURRENT_USER;
    DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO mnara_owner', current_database()); END $$;
    ALTER SCHEMA public OWNER TO mnara_owner;
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO mnara_app";

/// The list of migrations is the owner's; the application reads it at its start.
const RIGHTS: &str = "
    GRANT SELECT ON _sqlx_migrations TO mnara_app;
    REVOKE INSERT, UPDATE, DELETE ON _sqlx_migrations FROM mnara_app";

/// Makes the roles on a server and, with a password, lets the application log in with it.
///
/// # Errors
/// When the log-in may not do this.
pub async fn prepare(admin: &PgConnectOptions, password: Option<&str>) -> Result<(), DbError> {
    let mut conn = admin.connect().await.map_err(DbError::Away)?;
    sqlx::raw_sql(ROLES)
        .execute(&mut conn)
        .await
        .map_err(DbError::Prepare)?;
    sqlx::raw_sql(SCHEMA)
        .execute(&mut conn)
        .await
        .map_err(DbError::Prepare)?;
    if let Some(password) = password {
        let quoted: String = sqlx::query_scalar("SELECT quote_literal($1)")
            .bind(password)
            .fetch_one(&mut conn)
            .await
            .map_err(DbError::Prepare)?;
        let statement = AssertSqlSafe(format!("ALTER ROLE {APP_ROLE} LOGIN PASSWORD {quoted}"));
        sqlx::raw_sql(statement)
            .execute(&mut conn)
            .await
            .map_err(DbError::Prepare)?;
    }
    conn.close().await.map_err(DbError::Prepare)
}

/// Brings the schema to this program's version, as the owner.
///
/// # Errors
/// When a migration fails; those before it stay.
pub async fn migrate(admin: &PgConnectOptions) -> Result<(), DbError> {
    let owner = admin.clone().options([("role", "mnara_owner")]);
    let mut conn = owner.connect().await.map_err(DbError::Away)?;
    MIGRATIONS
        .run_direct(None, &mut conn, false)
        .await
        .map_err(DbError::Migrate)?;
    sqlx::raw_sql(RIGHTS)
        .execute(&mut conn)
        .await
        .map_err(DbError::Prepare)?;
    conn.close().await.map_err(DbError::Away)
}

/// Refuses a schema older than this program; a newer one is fine, since migrations expand before they contract.
pub(super) async fn check_schema(pool: &PgPool) -> Result<(), DbError> {
    let needed = MIGRATIONS
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    let found: Option<i64> =
        match sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(pool)
            .await
        {
            Ok(found) => found,
            // No such table: nothing was ever migrated.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("42P01") => None,
            Err(error) => return Err(DbError::Away(error)),
        };
    match found.unwrap_or(0) {
        found if found >= needed => Ok(()),
        found => Err(DbError::OldSchema { found, needed }),
    }
}
