//! All SQL that looks for the payment a receipt belongs to, and that gives one its receipt.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PaymentId, ProviderId, SiteId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::{STUCK, SettleError, on_receipt};
use crate::db::{Amount, At, RowId};
use crate::nairobi::Day;
use crate::payments::{DELIVERED_WITHIN, PROMPT_LIFE, Payment};
use crate::rails::daraja::callback::{C2b, Payer};
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

/// How told money stands to a prompt of another business that is paid into the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anothers {
    /// It is that prompt's, which has its receipt.
    Named,
    /// It is that prompt's, which was paid and of which no receipt is known.
    Unnamed(ProviderId, PaymentId),
    /// It is that prompt's if that was paid, and its end is still to come.
    Open,
}

/// Finds the prompts of other businesses that told money was asked for by: pushed to the number it came to, for as much. By the place among what is
/// told. Needs the platform's door.
///
/// An account that is told has to be the prompt's, which we drew and no other has, and its receipt no other: so whoever names a receipt takes no
/// money out of anybody's sight. Where none is told there is the receipt alone.
///
/// # Errors
/// When the database is away.
pub async fn anothers(
    conn: &mut PgConnection,
    provider: ProviderId,
    told: &[C2b],
    now: Timestamp,
) -> sqlx::Result<BTreeMap<usize, Anothers>> {
    let account = |one: &C2b| one.reference.clone().filter(|_| !one.names_none());
    let accounts: Vec<String> = told
        .iter()
        .map(|one| account(one).unwrap_or_default())
        .collect();
    let receipts: Vec<String> = told.iter().map(|one| one.receipt.clone()).collect();
    let numbers: Vec<String> = told.iter().map(|one| one.shortcode.clone()).collect();
    let amounts: Vec<i64> = told.iter().map(|one| one.amount.cents()).collect();
    // The limit has each looked up by itself: joined, they may become a walk over all payments.
    let rows = sqlx::query!(
        r#"select t.place as "place!", p.provider_id as "provider_id!", p.id as "id!", p.is_named as "is_named!", p.is_paid as "is_paid!"
           from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) with ordinality as t (account, receipt, number, cents, place)
           cross join lateral (
             select p.provider_id, p.id, p.external_txn_id is not null as is_named, p.status = 'success' as is_paid
             from payments p
             where p.id = coalesce((select r.id from payments r where r.account_reference = t.account),
                                   (select r.id from payments r where t.account = '' and r.external_txn_id = t.receipt))
               and p.provider_id <> $1 and p.type in ('mpesa_customer_payment', 'mpesa_account_test') and p.push <> 'hand'
               and p.amount * 100 = t.cents
               and (p.external_txn_id = t.receipt
                    or (p.external_txn_id is null
                        and (p.status = 'success'
                             or (p.created_at > $6 and (p.status = 'pending' or p.failure in ('no-answer', 'expired'))))))
               and p.account_id in (select a.mpesa_account_id from providers a
                                    where a.id = p.provider_id and (a.mpesa_shortcode = t.number or a.mpesa_till_number = t.number)
                                    union all
                                    select a.id from mpesa_accounts a
                                    where a.provider_id = p.provider_id and (a.shortcode = t.number or a.till_number = t.number))
             limit 1) p"#,
        provider.uuid(),
        &accounts,
        &receipts,
        &numbers,
        &amounts,
        // One that ended so is asked about for as long.
        At(now - DELIVERED_WITHIN) as At,
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let found = match (row.is_named, row.is_paid) {
            (true, _) => Anothers::Named,
            (false, true) => Anothers::Unnamed(
                ProviderId::from_uuid(row.provider_id),
                PaymentId::from_uuid(row.id),
            ),
            (false, false) => Anothers::Open,
        };
        Some((usize::try_from(row.place - 1).ok()?, found))
    });
    Ok(found.collect())
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
