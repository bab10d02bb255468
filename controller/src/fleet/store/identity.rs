//! All SQL of the controller's own keys and of the statements that lead from one to the next. Needs the platform's door.

use mnara_protocol::clock::Timestamp;
use sqlx::PgConnection;

use crate::db::At;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It signs.
    Current,
    /// It signed before the current one, and agents may still pin it.
    Previous,
    /// It waits offline.
    Spare,
    /// It is trusted no more.
    Retired,
}

impl Role {
    /// Its name in the table and for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
            Self::Spare => "spare",
            Self::Retired => "retired",
        }
    }

    fn parse(name: &str) -> sqlx::Result<Self> {
        [Self::Current, Self::Previous, Self::Spare, Self::Retired]
            .into_iter()
            .find(|role| role.name() == name)
            .ok_or_else(|| sqlx::Error::Decode(format!("identity_keys.role is {name:?}").into()))
    }
}

/// One key as its row has it.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The public half.
    pub public: Vec<u8>,
    /// The sealed secret, of a key that may sign.
    pub secret: Option<String>,
    /// What it is for.
    pub role: Role,
    /// When it was made.
    pub created: Timestamp,
}

/// Reads all keys, the newest last, and locks them until the transaction ends: keys change one step at a time.
///
/// # Errors
/// When the database is away, or a row makes no sense.
pub async fn lock_keys(conn: &mut PgConnection) -> sqlx::Result<Vec<KeyRow>> {
    // Two statements: whoever had to wait must see the keys that were made meanwhile.
    sqlx::query("select from identity_keys for update")
        .execute(&mut *conn)
        .await?;
    let rows = sqlx::query!(
        "select public_key, secret, role, created_at from identity_keys order by created_at, public_key"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| key(row.public_key, row.secret, &row.role, row.created_at))
        .collect()
}

/// Reads the keys that are in use or may come into use, the newest last.
///
/// # Errors
/// When the database is away, or a row makes no sense.
pub async fn live_keys(conn: &mut PgConnection) -> sqlx::Result<Vec<KeyRow>> {
    let rows = sqlx::query!(
        "select public_key, secret, role, created_at from identity_keys where role <> 'retired' order by created_at, public_key"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| key(row.public_key, row.secret, &row.role, row.created_at))
        .collect()
}

fn key(public: Vec<u8>, secret: Option<String>, role: &str, created: At) -> sqlx::Result<KeyRow> {
    Ok(KeyRow {
        public,
        secret,
        role: Role::parse(role)?,
        created: created.0,
    })
}

/// Stores a key; one that is there, or another in a role that only one can have, stays.
///
/// # Errors
/// When the database refuses.
pub async fn insert_key(
    conn: &mut PgConnection,
    public: &[u8; 32],
    secret: Option<&str>,
    role: Role,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into identity_keys (public_key, secret, role, created_at) values ($1, $2, $3, $4) on conflict do nothing",
        public.as_slice(),
        secret,
        role.name(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a key another role; a retired one forgets its secret.
///
/// # Errors
/// When the database refuses.
pub async fn set_role(
    conn: &mut PgConnection,
    public: &[u8],
    role: Role,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update identity_keys set role = $2, secret = case when $2 = 'retired' then null else secret end,
                retired_at = case when $2 = 'retired' then $3::timestamptz end
         where public_key = $1",
        public,
        role.name(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Changes the sealed secret of a key.
///
/// # Errors
/// When the database refuses.
pub async fn set_secret(conn: &mut PgConnection, public: &[u8], sealed: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update identity_keys set secret = $2 where public_key = $1",
        public,
        sealed,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Reads the newest statements, the oldest of them first.
///
/// # Errors
/// When the database is away.
pub async fn statements(conn: &mut PgConnection, most: u8) -> sqlx::Result<Vec<Vec<u8>>> {
    let mut rows = sqlx::query_scalar!(
        "select statement from key_statements order by serial desc limit $1",
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    rows.reverse();
    Ok(rows)
}

/// The number of the newest statement; zero when there is none.
///
/// # Errors
/// When the database is away.
pub async fn last_serial(conn: &mut PgConnection) -> sqlx::Result<i64> {
    let last = sqlx::query_scalar!("select max(serial) from key_statements")
        .fetch_one(conn)
        .await?;
    Ok(last.unwrap_or(0))
}

/// Stores a statement.
///
/// # Errors
/// When the database refuses, also a number that was given out.
pub async fn insert_statement(
    conn: &mut PgConnection,
    serial: i64,
    statement: &[u8],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into key_statements (serial, statement, created_at) values ($1, $2, $3)",
        serial,
        statement,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
