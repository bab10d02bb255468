//! All SQL that looks for the payment a receipt belongs to, and that gives one its receipt.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PaymentId, ProviderId, SiteId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::{STUCK, SettleError, on_receipt};
use crate::db::{Amount, At, RowId};
use crate::nairobi::Day;
use crate::payments::{PROMPT_LIFE, Payment};
use crate::rails::daraja::callback::Payer;
use crate::rails::msisdn::Msisdn;

/// The most payments one confirmation is compared with.
const MOST_CANDIDATES: i64 = 100;

/// The payment that has a receipt.
///
/// # Errors
/// When the database is away.
pub async fn by_receipt(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<Option<PaymentId>> {
    let id = sqlx::query_scalar!(
        "select id from payments where provider_id = $1 and external_txn_id = $2",
        provider.uuid(),
        receipt,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(PaymentId::from_uuid))
}

/// How a prompt stands that money without an account may have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stand {
    /// Its end is still to come.
    Pending,
    /// The call that began it came to no answer, and its time is over: nobody can be asked how it ended, and there may have been no prompt.
    Unheard,
    /// It succeeded and has no receipt, or waits for a person.
    Ended,
}

/// A prompt that money without an account may have answered.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// The payment.
    pub id: PaymentId,
    /// The phone that was asked.
    pub phone: Msisdn,
    /// The device that asked, if one did.
    pub device: Option<(SiteId, Mac)>,
    /// How it stands.
    pub stand: Stand,
    /// Whether its time is over: no phone shows it any more.
    pub is_over: bool,
}

/// A provider's payments that were begun within a time and have no receipt.
///
/// They are looked for by the number that was paid to, what is paid and who may have paid it: those whose end is still to come or will not be heard,
/// and those that succeeded. The oldest first.
///
/// # Errors
/// When the database is away.
pub async fn candidates(
    conn: &mut PgConnection,
    provider: ProviderId,
    (number, amount): (&str, Money),
    payer: &Payer,
    (from, until): (Timestamp, Timestamp),
    now: Timestamp,
) -> sqlx::Result<Vec<Candidate>> {
    // Looked at here and not afterwards: at a busy till more prompts are open than are read.
    let (phone, hash, mask) = match payer {
        Payer::Number(phone) => (Some(phone.digits()), None, None),
        Payer::Hash(hash) => (None, Some(hash.as_slice()), None),
        Payer::Masked { head, tail } => (None, None, Some((head.as_str(), tail.as_str()))),
        Payer::Untold => return Ok(Vec::new()),
    };
    let (head, tail) = mask.unzip();
    let rows = sqlx::query!(
        r#"select id, msisdn as "msisdn!", site_id, mac::text as "mac?", status = 'pending' and (flag is null or flag <> all($6)) as "is_pending!",
                  checkout_request_id is null as "is_mute!", created_at <= $8 as "is_over!"
         from payments
         where provider_id = $1 and created_at between $2 and $3 and status in ('pending', 'success') and external_txn_id is null
           and amount = $4 and msisdn is not null
           and ($9::text is null or msisdn = $9) and ($10::bytea is null or sha256(convert_to(msisdn, 'UTF8')) = $10)
           and ($11::text is null or (starts_with(msisdn, $11) and right(msisdn, length($12)) = $12))
           and (account_id is null
                or account_id in (select mpesa_account_id from providers where id = $1 and (mpesa_shortcode = $7 or mpesa_till_number = $7)
                                  union all
                                  select id from mpesa_accounts where provider_id = $1 and (shortcode = $7 or till_number = $7)))
         order by created_at limit $5"#,
        provider.uuid(),
        At(from) as At,
        At(until) as At,
        Amount(amount) as Amount,
        MOST_CANDIDATES,
        &STUCK as &[&str],
        number,
        At(now - PROMPT_LIFE) as At,
        phone,
        hash,
        head,
        tail,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let bad = |what: &str| {
                sqlx::Error::Decode(format!("payments.{what} of {} is out of range", row.id).into())
            };
            let mac = row
                .mac
                .as_deref()
                .map(|mac| mac.parse::<Mac>())
                .transpose()
                .map_err(|_| bad("mac"))?;
            Ok(Candidate {
                id: PaymentId::from_uuid(row.id),
                phone: row.msisdn.parse().map_err(|_| bad("msisdn"))?,
                device: row.site_id.map(SiteId::from_uuid).zip(mac),
                stand: match (row.is_pending, row.is_mute && row.is_over) {
                    (true, false) => Stand::Pending,
                    (true, true) => Stand::Unheard,
                    (false, _) => Stand::Ended,
                },
                is_over: row.is_over,
            })
        })
        .collect()
}

/// What a phone has paid to a business on the day in Nairobi that a time is in.
///
/// # Errors
/// When the database is away.
pub async fn paid_today(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
    now: Timestamp,
) -> sqlx::Result<Money> {
    let cents = sqlx::query_scalar!(
        r#"select coalesce(sum(amount * 100), 0)::bigint as "cents!" from payments
           where provider_id = $1 and msisdn = $2 and created_at >= $3 and status = 'success' and type = 'mpesa_customer_payment'"#,
        provider.uuid(),
        phone.digits(),
        At(Day::of(now).begin()) as At,
    )
    .fetch_one(conn)
    .await?;
    Ok(Money::from_cents(cents))
}

/// Gives a settled payment the receipt it lacked.
///
/// # Errors
/// [`SettleError`].
pub async fn fill_receipt(
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: &str,
) -> Result<(), SettleError> {
    sqlx::query!(
        "update payments set external_txn_id = $3 where provider_id = $1 and id = $2 and external_txn_id is null",
        payment.provider.uuid(),
        payment.id.uuid(),
        receipt,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(on_receipt)
}

/// Keeps a receipt that waits for the rail to agree.
///
/// # Errors
/// When the database refuses.
pub async fn note_receipt(
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update payments set noted_receipt = $3 where provider_id = $1 and id = $2",
        payment.provider.uuid(),
        payment.id.uuid(),
        receipt,
    )
    .execute(conn)
    .await
    .map(drop)
}
