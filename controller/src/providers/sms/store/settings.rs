//! What a business wants of SMS, which buyers asked for one, and who wants none.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::unknown;
use crate::db::{At, RowId as _};
use crate::providers::mail::store::spoken;
use crate::providers::sms::{Codes, Quiet, Settings};
use crate::rails::msisdn::Msisdn;

/// What a business wants of SMS: as chosen, else as the program has it.
///
/// # Errors
/// When the database is away.
pub async fn settings(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Settings> {
    let row = sqlx::query!(
        "select codes, receipts, language, quiet_from, quiet_until, most_a_day, most_a_phone from message_settings where provider_id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(Settings::default());
    };
    let minute = |minute: i32| u16::try_from(minute).unwrap_or(0);
    let many = |count: i32| u32::try_from(count).unwrap_or(0);
    Ok(Settings {
        codes: Codes::parse(&row.codes).ok_or_else(|| unknown("message_settings.codes"))?,
        receipts: row.receipts,
        language: spoken(&row.language),
        quiet: row
            .quiet_from
            .zip(row.quiet_until)
            .map(|(from, until)| Quiet {
                from: minute(from),
                until: minute(until),
            }),
        most_a_day: many(row.most_a_day),
        most_a_phone: many(row.most_a_phone),
    })
}

/// Notes what a business wants.
///
/// # Errors
/// When the database refuses.
pub async fn settle(
    conn: &mut PgConnection,
    provider: ProviderId,
    settings: &Settings,
    now: Timestamp,
) -> sqlx::Result<()> {
    let many = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
    sqlx::query!(
        "insert into message_settings (provider_id, codes, receipts, language, quiet_from, quiet_until, most_a_day, most_a_phone, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (provider_id) do update set codes = excluded.codes, receipts = excluded.receipts, language = excluded.language,
            quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until, most_a_day = excluded.most_a_day,
            most_a_phone = excluded.most_a_phone, changed_at = excluded.changed_at",
        provider.uuid(),
        settings.codes.word(),
        settings.receipts,
        settings.language.tag(),
        settings.quiet.map(|quiet| i32::from(quiet.from)),
        settings.quiet.map(|quiet| i32::from(quiet.until)),
        many(settings.most_a_day),
        many(settings.most_a_phone),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The next businesses whose buyers may ask for the code, by id.
///
/// # Errors
/// When the database is away.
pub async fn asked(
    conn: &mut PgConnection,
    after: Option<ProviderId>,
    most: u16,
) -> sqlx::Result<Vec<ProviderId>> {
    let after = after.map_or_else(Uuid::nil, |id| id.uuid());
    let rows = sqlx::query_scalar!(
        "select provider_id from message_settings where codes = 'asked' and provider_id > $1 order by provider_id limit $2",
        after,
        i64::from(most),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}

/// Notes whether SMS is set up on the platform; says whether that was not noted yet.
///
/// # Errors
/// When the database refuses.
pub async fn note_set_up(
    conn: &mut PgConnection,
    is_set_up: bool,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        "insert into platform_settings (name, value, changed_at) values ('sms', $1, $2)
         on conflict (name) do update set value = $1, changed_at = $2 where platform_settings.value <> $1",
        serde_json::Value::Bool(is_set_up),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Notes that a buyer wants the code by SMS.
///
/// # Errors
/// When the database refuses.
pub async fn wish(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sms_wishes (provider_id, payment_id, created_at) values ($1, $2, $3) on conflict do nothing",
        provider.uuid(),
        payment.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether a buyer wants the code by SMS.
///
/// # Errors
/// When the database is away.
pub async fn has_wish(
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sms_wishes where provider_id = $1 and payment_id = $2) as "found!""#,
        provider.uuid(),
        payment.uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Forgets wishes that are long over.
///
/// # Errors
/// When the database refuses.
pub async fn forget_wishes(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from sms_wishes where payment_id in (select payment_id from sms_wishes where created_at < $1 order by created_at limit $2)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// To whom somebody said that they want no SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByWhom {
    /// To the network, from the phone itself.
    Network,
    /// To somebody of the business.
    Staff,
}

impl ByWhom {
    const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Staff => "staff",
        }
    }
}

/// Whether a phone wants no SMS of a business.
///
/// # Errors
/// When the database is away.
pub async fn has_opted_out(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sms_opt_outs where provider_id = $1 and msisdn = $2) as "found!""#,
        provider.uuid(),
        phone.digits(),
    )
    .fetch_one(conn)
    .await
}

/// Notes that a phone wants no SMS of a business; says whether that is new. What it told the network outweighs what it told the business.
///
/// # Errors
/// When the database refuses.
pub async fn opt_out(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
    by: ByWhom,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into sms_opt_outs (provider_id, msisdn, by_whom, created_at) values ($1, $2, $3, $4)
         on conflict (provider_id, msisdn) do update set by_whom = excluded.by_whom
         where sms_opt_outs.by_whom = 'staff' and excluded.by_whom = 'network'",
        provider.uuid(),
        phone.digits(),
        by.word(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Notes that a phone wants no SMS of anybody who ever wrote to it, past all tenants: they all write under one name.
///
/// # Errors
/// When the database refuses.
pub async fn opt_out_everywhere(
    conn: &mut PgConnection,
    phone: Msisdn,
    now: Timestamp,
) -> sqlx::Result<u64> {
    let added = sqlx::query!(
        "insert into sms_opt_outs (provider_id, msisdn, by_whom, created_at)
         select distinct provider_id, $1, 'network', $2::timestamptz from smses where msisdn = $1
         on conflict (provider_id, msisdn) do update set by_whom = excluded.by_whom where sms_opt_outs.by_whom = 'staff'",
        phone.digits(),
        At(now) as At,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected())
}

/// Notes that a phone may be written to again; says whether it could not. Where the phone told the network and it still stands there, the next
/// text is refused and the phone is noted again.
///
/// # Errors
/// When the database refuses.
pub async fn opt_in(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<bool> {
    let gone = sqlx::query!(
        "delete from sms_opt_outs where provider_id = $1 and msisdn = $2",
        provider.uuid(),
        phone.digits(),
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected() == 1)
}
