//! All SQL of providers and the platform's rule for new ones. Secrets pass through as the sealed tokens they are stored as.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, PersonId, ProviderId};
use sqlx::PgConnection;

use super::Provider;
use super::state::{Admission, State};
use crate::db::{At, RowId};
use crate::rails::daraja::ShortcodeKind;

/// Adds a provider without an M-PESA account.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: &Provider,
    state: State,
    callback_path: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into providers (id, business_name, contact_email, colour, help_phone, mpesa_callback_path, confirm_by_query, state, state_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        provider.id.uuid(),
        provider.business_name,
        provider.contact_email,
        colour_column(provider.colour),
        provider.help_phone,
        callback_path,
        provider.confirm_by_query,
        state.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

fn colour_column(colour: u32) -> i32 {
    i32::try_from(colour & 0x00ff_ffff).unwrap_or(0)
}

/// Finds one provider.
///
/// # Errors
/// When the database is away.
pub async fn provider(conn: &mut PgConnection, id: ProviderId) -> sqlx::Result<Option<Provider>> {
    let row = sqlx::query!(
        "select business_name, contact_email, colour, help_phone, confirm_by_query from providers where id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Provider {
        id,
        business_name: row.business_name,
        contact_email: row.contact_email,
        colour: row.colour.unsigned_abs(),
        help_phone: row.help_phone,
        confirm_by_query: row.confirm_by_query,
    }))
}

/// Gives a provider another name.
///
/// # Errors
/// When the database refuses.
pub async fn rename(conn: &mut PgConnection, id: ProviderId, name: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update providers set business_name = $2 where id = $1",
        id.uuid(),
        name
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lists providers after one, in id order: for the platform's own eyes.
///
/// # Errors
/// When the database is away.
pub async fn providers(
    conn: &mut PgConnection,
    after: Option<ProviderId>,
    limit: u16,
) -> sqlx::Result<Vec<Provider>> {
    let rows = sqlx::query!(
        "select id, business_name, contact_email, colour, help_phone, confirm_by_query from providers
         where $1::uuid is null or id > $1 order by id limit $2",
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Provider {
            id: ProviderId::from_uuid(row.id),
            business_name: row.business_name,
            contact_email: row.contact_email,
            colour: row.colour.unsigned_abs(),
            help_phone: row.help_phone,
            confirm_by_query: row.confirm_by_query,
        })
        .collect())
}

/// An M-PESA account as its columns have it.
#[derive(Clone, Debug)]
pub struct SealedAccount {
    /// `mpesa_account_id`: another set is another id.
    pub id: AccountId,
    /// `mpesa_shortcode`.
    pub shortcode: String,
    /// `mpesa_kind` and `mpesa_till_number`.
    pub kind: ShortcodeKind,
    /// `mpesa_consumer_key`, sealed.
    pub consumer_key: String,
    /// `mpesa_consumer_secret`, sealed.
    pub consumer_secret: String,
    /// `mpesa_passkey`, sealed.
    pub passkey: String,
}

impl SealedAccount {
    /// When it was typed in: an id begins with its time (RFC 9562, 5.7).
    #[must_use]
    pub fn typed_at(&self) -> Timestamp {
        let millis = self.id.as_u128() >> 80;
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }

    /// Whether money to this number comes to it.
    #[must_use]
    pub fn is_called(&self, number: &str) -> bool {
        let is_till = matches!(&self.kind, ShortcodeKind::Till { number: till } if till == number);
        self.shortcode == number || is_till
    }
}

/// Sets a provider's M-PESA account; says whether there was such a provider.
///
/// # Errors
/// When the database refuses.
pub async fn set_account(
    conn: &mut PgConnection,
    provider: ProviderId,
    account: &SealedAccount,
) -> sqlx::Result<bool> {
    let (kind, till) = kind_columns(&account.kind);
    let changed = sqlx::query!(
        "update providers set mpesa_shortcode = $2, mpesa_kind = $3, mpesa_till_number = $4, mpesa_consumer_key = $5,
                mpesa_consumer_secret = $6, mpesa_passkey = $7, mpesa_account_id = $8, mpesa_since = $9
         where id = $1",
        provider.uuid(),
        account.shortcode,
        kind,
        till,
        account.consumer_key,
        account.consumer_secret,
        account.passkey,
        account.id.uuid(),
        At(account.typed_at()),
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Notes that money goes elsewhere than before, and who saw to it by a page; or that it does not any more.
///
/// # Errors
/// When the database refuses.
pub async fn note_move(
    conn: &mut PgConnection,
    provider: ProviderId,
    moved: Option<(Timestamp, Option<PersonId>)>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update providers set mpesa_moved_at = $2, mpesa_moved_by = $3 where id = $1",
        provider.uuid(),
        moved.map(|(at, _)| At(at)),
        moved
            .and_then(|(_, person)| person)
            .map(|person| person.uuid()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Which set of M-PESA credentials a provider uses.
///
/// # Errors
/// When the database is away.
pub async fn account_id(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<AccountId>> {
    let id = sqlx::query_scalar!(
        "select mpesa_account_id from providers where id = $1",
        provider.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.flatten().map(AccountId::from_uuid))
}

/// Reads a provider's M-PESA account, if it has one.
///
/// # Errors
/// When the database is away, or the columns contradict each other.
pub async fn account(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<SealedAccount>> {
    let row = sqlx::query!(
        "select mpesa_account_id, mpesa_shortcode, mpesa_kind, mpesa_till_number, mpesa_consumer_key, mpesa_consumer_secret, mpesa_passkey
         from providers where id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (
        Some(id),
        Some(shortcode),
        Some(kind),
        Some(consumer_key),
        Some(consumer_secret),
        Some(passkey),
    ) = (
        row.mpesa_account_id,
        row.mpesa_shortcode,
        row.mpesa_kind,
        row.mpesa_consumer_key,
        row.mpesa_consumer_secret,
        row.mpesa_passkey,
    )
    else {
        return Ok(None);
    };
    let kind = shortcode_kind(&kind, row.mpesa_till_number)?;
    Ok(Some(SealedAccount {
        id: AccountId::from_uuid(id),
        shortcode,
        kind,
        consumer_key,
        consumer_secret,
        passkey,
    }))
}

/// What kind of shortcode two columns say.
///
/// # Errors
/// When they contradict each other.
pub fn shortcode_kind(word: &str, till: Option<String>) -> sqlx::Result<ShortcodeKind> {
    match (word, till) {
        ("paybill", _) => Ok(ShortcodeKind::Paybill),
        ("till", Some(number)) => Ok(ShortcodeKind::Till { number }),
        _ => Err(sqlx::Error::Decode(
            "the kind of a shortcode fits no till number".into(),
        )),
    }
}

/// The two columns of a kind of shortcode.
#[must_use]
pub fn kind_columns(kind: &ShortcodeKind) -> (&'static str, Option<&str>) {
    match kind {
        ShortcodeKind::Paybill => ("paybill", None),
        ShortcodeKind::Till { number } => ("till", Some(number)),
    }
}

/// Adds a secret for a provider's C2B addresses, by its hash; those before stay good.
///
/// # Errors
/// When the database refuses.
pub async fn insert_c2b_secret(
    conn: &mut PgConnection,
    provider: ProviderId,
    hash: &[u8; 32],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into c2b_secrets (secret_hash, provider_id, created_at) values ($1, $2, $3)",
        hash.as_slice(),
        provider.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Finds whose C2B address has a secret. Needs the platform's door: what comes to it is trusted by nothing else.
///
/// # Errors
/// When the database is away.
pub async fn by_c2b_secret(
    conn: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<ProviderId>> {
    let id = sqlx::query_scalar!(
        "select provider_id from c2b_secrets where secret_hash = $1",
        hash
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(ProviderId::from_uuid))
}

/// Changes a provider's three sealed secrets, if they are still the ones that were read; says whether they were.
///
/// # Errors
/// When the database refuses.
pub async fn reseal_account(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: &SealedAccount,
    to: &SealedAccount,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update providers set mpesa_consumer_key = $5, mpesa_consumer_secret = $6, mpesa_passkey = $7
         where id = $1 and mpesa_consumer_key = $2 and mpesa_consumer_secret = $3 and mpesa_passkey = $4",
        provider.uuid(),
        from.consumer_key,
        from.consumer_secret,
        from.passkey,
        to.consumer_key,
        to.consumer_secret,
        to.passkey,
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Reads and locks how a provider stands.
///
/// # Errors
/// When the database is away, or the column holds a strange word.
pub async fn lock_state(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<State>> {
    let word = sqlx::query_scalar!(
        "select state from providers where id = $1 for update",
        provider.uuid()
    )
    .fetch_optional(conn)
    .await?;
    word.as_deref().map(state).transpose()
}

/// Reads how a provider stands, and whether it has an M-PESA account.
///
/// # Errors
/// When the database is away, or the column holds a strange word.
pub async fn state_and_account(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<(State, bool)>> {
    let row = sqlx::query!(
        r#"select state, mpesa_shortcode is not null as "has_account!" from providers where id = $1"#,
        provider.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((state(&row.state)?, row.has_account)))
        .transpose()
}

fn state(word: &str) -> sqlx::Result<State> {
    word.parse()
        .map_err(|_| sqlx::Error::Decode(format!("providers.state says {word}").into()))
}

/// Sets how a provider stands.
///
/// # Errors
/// When the database refuses.
pub async fn set_state(
    conn: &mut PgConnection,
    provider: ProviderId,
    state: State,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update providers set state = $2, state_at = $3 where id = $1",
        provider.uuid(),
        state.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How many businesses were opened since.
///
/// # Errors
/// When the database is away.
pub async fn opened_since(conn: &mut PgConnection, since: Timestamp) -> sqlx::Result<i64> {
    let count = sqlx::query_scalar!(
        "select count(*) from providers where created_at > $1",
        At(since)
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unwrap_or(0))
}

/// The rule for businesses that sign up; by hand until somebody sets another.
///
/// # Errors
/// When the database is away, or what is stored is no rule.
pub async fn admission(conn: &mut PgConnection) -> sqlx::Result<Admission> {
    let value = sqlx::query_scalar!("select value from platform_settings where name = 'admission'")
        .fetch_optional(conn)
        .await?;
    value.map_or(Ok(Admission::default()), |value| {
        serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(error.into()))
    })
}

/// Sets the rule for businesses that sign up.
///
/// # Errors
/// When the database refuses.
pub async fn set_admission(
    conn: &mut PgConnection,
    rule: Admission,
    now: Timestamp,
) -> sqlx::Result<()> {
    let value = serde_json::to_value(rule).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query!(
        "insert into platform_settings (name, value, changed_at) values ('admission', $1, $2)
         on conflict (name) do update set value = $1, changed_at = $2",
        value,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}
