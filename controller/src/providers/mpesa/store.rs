//! All SQL of the M-PESA accounts that are not in use: those to be tried, and those that were in use. Secrets pass through as the sealed tokens
//! they are stored as.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};
use crate::providers::store::{SealedAccount, kind_columns, shortcode_kind};

/// Keeps a set that is not in use.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    account: &SealedAccount,
    was_used: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    let (kind, till) = kind_columns(&account.kind);
    sqlx::query!(
        "insert into mpesa_accounts (id, provider_id, shortcode, kind, till_number, consumer_key, consumer_secret, passkey, was_used, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        account.id.uuid(),
        provider.uuid(),
        account.shortcode,
        kind,
        till,
        account.consumer_key,
        account.consumer_secret,
        account.passkey,
        was_used,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

struct AccountRow {
    id: Uuid,
    shortcode: String,
    kind: String,
    till_number: Option<String>,
    consumer_key: String,
    consumer_secret: String,
    passkey: String,
}

impl TryFrom<AccountRow> for SealedAccount {
    type Error = sqlx::Error;

    fn try_from(row: AccountRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: AccountId::from_uuid(row.id),
            shortcode: row.shortcode,
            kind: shortcode_kind(&row.kind, row.till_number)?,
            consumer_key: row.consumer_key,
            consumer_secret: row.consumer_secret,
            passkey: row.passkey,
        })
    }
}

/// Finds a set, in use or not: one statement, so that a set that changes places meanwhile is found in one of them.
///
/// # Errors
/// When the database is away.
pub async fn find(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: AccountId,
) -> sqlx::Result<Option<SealedAccount>> {
    sqlx::query_as!(
        AccountRow,
        r#"select id as "id!", shortcode as "shortcode!", kind as "kind!", till_number, consumer_key as "consumer_key!",
                  consumer_secret as "consumer_secret!", passkey as "passkey!"
           from mpesa_accounts where provider_id = $1 and id = $2
           union all
           select mpesa_account_id, mpesa_shortcode, mpesa_kind, mpesa_till_number, mpesa_consumer_key, mpesa_consumer_secret, mpesa_passkey
           from providers where id = $1 and mpesa_account_id = $2"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(SealedAccount::try_from)
    .transpose()
}

/// Takes a set out, for it to be used.
///
/// # Errors
/// When the database refuses.
pub async fn take(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: AccountId,
) -> sqlx::Result<Option<SealedAccount>> {
    sqlx::query_as!(
        AccountRow,
        "delete from mpesa_accounts where provider_id = $1 and id = $2
         returning id, shortcode, kind, till_number, consumer_key, consumer_secret, passkey",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(SealedAccount::try_from)
    .transpose()
}

/// Reads the sets after one, in id order.
///
/// # Errors
/// When the database is away.
pub async fn after(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<AccountId>,
    limit: u16,
) -> sqlx::Result<Vec<SealedAccount>> {
    sqlx::query_as!(
        AccountRow,
        "select id, shortcode, kind, till_number, consumer_key, consumer_secret, passkey from mpesa_accounts
         where provider_id = $1 and ($2::uuid is null or id > $2) order by id limit $3",
        provider.uuid(),
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(SealedAccount::try_from)
    .collect()
}

/// Changes the three sealed secrets of a set; one that was taken out meanwhile is left.
///
/// # Errors
/// When the database refuses.
pub async fn reseal(
    conn: &mut PgConnection,
    provider: ProviderId,
    account: &SealedAccount,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update mpesa_accounts set consumer_key = $3, consumer_secret = $4, passkey = $5 where provider_id = $1 and id = $2",
        provider.uuid(),
        account.id.uuid(),
        account.consumer_key,
        account.consumer_secret,
        account.passkey,
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Whether customers ever paid into a shortcode or till before.
///
/// # Errors
/// When the database is away.
pub async fn was_used(
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from mpesa_accounts where provider_id = $1 and was_used and (shortcode = $2 or till_number = $2)) as "found!""#,
        provider.uuid(),
        shortcode,
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
