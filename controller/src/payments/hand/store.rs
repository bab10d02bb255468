//! All SQL of paying by hand.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PaymentId, PlanId, ProviderId, SiteId};
use mnara_protocol::message::Row;
use mnara_protocol::money::Money;
use mnara_protocol::plan::Plan;
use sqlx::PgConnection;

use super::code::DeviceCode;
use super::{CLAIM_KEPT, KEPT_SECS, PAYS_WITHIN, Payer};
use crate::app::App;
use crate::db::{Amount, At, RowId as _};
use crate::payments::Payment;
use crate::payments::store::SettleError;
use crate::payments::unmatched::{Arrived, CLOCKS_APART};
use crate::rails::daraja::callback::{self, parse_c2b};
use crate::rails::msisdn::Msisdn;

/// Codes drawn before giving up.
const DRAWS: u8 = 16;
/// The most devices that one payment to a till is compared with.
const MOST_PAYERS: i64 = 200;

/// What a device said it pays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// The plan.
    pub plan: Option<PlanId>,
    /// Its price.
    pub amount: Option<Money>,
    /// The number that pays.
    pub phone: Option<Msisdn>,
    /// Whether the code is wanted by SMS.
    pub by_sms: Option<bool>,
}

/// Notes what a device wants and gives its code; a new device gets a new one. None when no free one was found.
///
/// # Errors
/// When the database refuses.
pub async fn code(
    conn: &mut PgConnection,
    app: &App,
    provider: ProviderId,
    (site, mac): (SiteId, Mac),
    wanted: &Wanted,
    now: Timestamp,
) -> sqlx::Result<Option<DeviceCode>> {
    for _ in 0..DRAWS {
        let known = sqlx::query_scalar!(
            "update hand_codes set plan_id = coalesce($4, plan_id), amount = coalesce($5, amount), msisdn = coalesce($6, msisdn), asked_at = $7,
                    by_sms = coalesce($8, by_sms)
             where provider_id = $1 and site_id = $2 and mac = $3::text::macaddr returning code",
            provider.uuid(),
            site.uuid(),
            mac.to_string(),
            wanted.plan.map(|id| id.uuid()),
            wanted.amount.map(Amount) as Option<Amount>,
            wanted.phone.map(|phone| phone.digits()),
            At(now),
            wanted.by_sms,
        )
        .fetch_optional(&mut *conn)
        .await?;
        if let Some(code) = known.as_deref().and_then(DeviceCode::read) {
            return Ok(Some(code));
        }
        let drawn = DeviceCode::draw(&app.entropy);
        // Whoever comes at the same time from the same device is found in the next turn.
        sqlx::query!(
            "with free as (delete from hand_codes where provider_id = $1 and code = $2 and asked_at < $5)
             insert into hand_codes (provider_id, code, site_id, mac, asked_at) values ($1, $2, $3, $4::text::macaddr, $6) on conflict do nothing",
            provider.uuid(),
            drawn.as_str(),
            site.uuid(),
            mac.to_string(),
            At(now.plus_secs(-KEPT_SECS)),
            At(now),
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(None)
}

/// Finds the device of a code; none of a site that is closed, where no voucher would be used.
///
/// # Errors
/// When the database is away.
pub async fn by_code(
    conn: &mut PgConnection,
    provider: ProviderId,
    code: &DeviceCode,
) -> sqlx::Result<Option<Payer>> {
    let row = sqlx::query!(
        r#"select h.site_id, h.mac::text as "mac!", h.plan_id, h.msisdn from hand_codes h
           join sites s on s.provider_id = h.provider_id and s.id = h.site_id
           where h.provider_id = $1 and h.code = $2 and s.closed_at is null"#,
        provider.uuid(),
        code.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| payer((row.site_id, row.mac, row.plan_id, row.msisdn)))
        .transpose()
}

/// Finds the device that claimed a receipt before its money was known, if the number may be the payer's.
///
/// # Errors
/// When the database is away.
pub async fn by_claim(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
    paid: &callback::Payer,
    now: Timestamp,
) -> sqlx::Result<Option<Payer>> {
    let rows = sqlx::query!(
        r#"select site_id, mac::text as "mac!", plan_id, receipt_msisdn from hand_codes
           where provider_id = $1 and receipt = $2 and asked_at > $3 order by asked_at desc limit 10"#,
        provider.uuid(),
        receipt,
        At(now - CLAIM_KEPT) as At,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let claimed = payer((row.site_id, row.mac, row.plan_id, row.receipt_msisdn))?;
        if claimed.phone.is_some_and(|phone| paid.may_be(&phone)) {
            return Ok(Some(claimed));
        }
    }
    Ok(None)
}

/// Whether a device's owner wants the code by SMS.
///
/// # Errors
/// When the database is away.
pub async fn wants_sms(
    conn: &mut PgConnection,
    provider: ProviderId,
    (site, mac): (SiteId, Mac),
) -> sqlx::Result<bool> {
    let wants = sqlx::query_scalar!(
        "select by_sms from hand_codes where provider_id = $1 and site_id = $2 and mac = $3::text::macaddr",
        provider.uuid(),
        site.uuid(),
        mac.to_string(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(wants.unwrap_or_default())
}

/// The devices that may have paid an amount at a till: those that were shown how, and those whose prompt failed and that have not paid since.
/// The latest first.
///
/// # Errors
/// When the database is away.
pub async fn at_till(
    conn: &mut PgConnection,
    provider: ProviderId,
    amount: Money,
    paid: &callback::Payer,
    (paid_at, now): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<Payer>> {
    let rows = sqlx::query!(
        r#"select site_id as "site!", mac as "mac!", plan_id, msisdn as "msisdn!", asked_at as "at!: At" from (
             select site_id, mac::text as mac, plan_id, msisdn, asked_at from hand_codes
             where provider_id = $1 and amount = $2 and msisdn is not null and asked_at between $3 and $4
             union all
             select p.site_id, p.mac::text, p.plan_id, p.msisdn, p.created_at from payments p
             where p.provider_id = $1 and p.amount = $2 and p.status = 'failed' and p.mac is not null and p.site_id is not null
               and p.msisdn is not null and p.created_at between $3 and $4
               and not exists (select from payments s where s.provider_id = p.provider_id and s.mac = p.mac and s.status = 'success'
                               and s.created_at > p.created_at)) who
           order by asked_at desc limit $5"#,
        provider.uuid(),
        Amount(amount) as Amount,
        At(paid_at - PAYS_WITHIN) as At,
        At(now) as At,
        MOST_PAYERS,
    )
    .fetch_all(conn)
    .await?;
    let mut payers = Vec::new();
    for row in rows {
        let one = payer((row.site, row.mac, row.plan_id, Some(row.msisdn)))?;
        if one.phone.is_some_and(|phone| paid.may_be(&phone)) {
            payers.push(one);
        }
    }
    Ok(payers)
}

type PayerRow = (
    sqlx::types::Uuid,
    String,
    Option<sqlx::types::Uuid>,
    Option<String>,
);

fn payer((site, mac, plan, phone): PayerRow) -> sqlx::Result<Payer> {
    let bad = |what: &str| sqlx::Error::Decode(format!("hand_codes.{what} is out of range").into());
    Ok(Payer {
        site: SiteId::from_uuid(site),
        mac: mac.parse().map_err(|_| bad("mac"))?,
        plan: plan.map(PlanId::from_uuid),
        phone: phone
            .map(|digits| digits.parse())
            .transpose()
            .map_err(|_| bad("msisdn"))?,
    })
}

/// Remembers a receipt that was claimed before its money is known.
///
/// # Errors
/// When the database refuses.
pub async fn keep_claim(
    conn: &mut PgConnection,
    provider: ProviderId,
    code: &DeviceCode,
    (receipt, phone): (&str, Msisdn),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update hand_codes set receipt = $3, receipt_msisdn = $4 where provider_id = $1 and code = $2",
        provider.uuid(),
        code.as_str(),
        receipt,
        phone.digits(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets what was expected of a device, now that it has come. Its code and its plan stay, and as long from now as if it had asked: whoever
/// saved the code as an account pays by it without asking.
///
/// # Errors
/// When the database refuses.
pub async fn has_paid(
    conn: &mut PgConnection,
    provider: ProviderId,
    (site, mac): (SiteId, Mac),
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update hand_codes set amount = null, msisdn = null, receipt = null, receipt_msisdn = null, asked_at = $4
         where provider_id = $1 and site_id = $2 and mac = $3::text::macaddr",
        provider.uuid(),
        site.uuid(),
        mac.to_string(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets, past all tenants, what was expected of devices that have not asked since a moment. Their codes and plans stay.
///
/// # Errors
/// When the database refuses.
pub async fn forget_expected(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "update hand_codes set amount = null, msisdn = null, receipt = null, receipt_msisdn = null where (provider_id, code) in
            (select provider_id, code from hand_codes
             where asked_at < $1 and (amount is not null or msisdn is not null or receipt is not null)
             order by asked_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Forgets, past all tenants, devices whose code nobody has asked for or paid by since a moment.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from hand_codes where (provider_id, code) in
            (select provider_id, code from hand_codes where asked_at < $1 order by asked_at limit $2 for update skip locked)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Adds a payment that came by hand, settled at the moment that its line of the books has.
///
/// # Errors
/// [`SettleError`].
pub async fn insert(
    conn: &mut PgConnection,
    payment: &Payment,
    plan: &Plan,
    arrived: &Arrived,
    body: &serde_json::Value,
    now: Timestamp,
) -> Result<(), SettleError> {
    let hidden = arrived.payer.kept().filter(|_| payment.phone.is_none());
    let done = sqlx::query!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, site_id, plan_id, plan_revision,
                               mac, msisdn, payer, account_reference, push, queries, bought, account_id, external_txn_id, settled_at, settled_by,
                               paid_at)
         values ($1, $2, 'mpesa_customer_payment', $3, $4, $5, 'success', $6, $7, $8, $9, $10::text::macaddr, $11, $12, $13, 'hand', 0, $14, $15,
                 $16, $17, 'c2b', $18)",
        payment.id.uuid(),
        payment.provider.uuid(),
        body,
        Amount(payment.amount),
        payment.amount.currency().code(),
        At(payment.created_at),
        payment.site.map(|id| id.uuid()),
        plan.id.uuid(),
        i32::try_from(plan.revision).unwrap_or(i32::MAX),
        payment.mac.map(|mac| mac.to_string()),
        payment.phone.map(|phone| phone.digits()),
        hidden,
        payment.account_reference,
        Row::Plan(plan.clone()).encode(),
        payment.account.map(|id| id.uuid()),
        arrived.receipt,
        At(now),
        At(arrived.paid_at),
    )
    .execute(conn)
    .await;
    match done {
        Ok(_) => Ok(()),
        Err(error) => Err(crate::payments::store::on_receipt(error)),
    }
}

/// Lets nobody else count money by hand of this amount until the transaction ends.
///
/// So a prompt that was paid and told no receipt, and a device that is given that money, see one another. Rows of the queue and of devices are
/// locked before.
///
/// # Errors
/// When the database is away.
pub async fn lock_amount(
    conn: &mut PgConnection,
    provider: ProviderId,
    amount: Money,
) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('hand:' || $1::uuid::text || ':' || $2::bigint::text, 0))",
        provider.uuid(),
        amount.cents(),
    )
    .fetch_one(conn)
    .await
    .map(drop)
}

/// Money by hand that may be a prompt's.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// The payment it is.
    pub payment: PaymentId,
    /// Whether the prompt's own device was given it.
    pub is_own: bool,
}

/// The money by hand that may be a prompt's and stands in the books already; what its own device was given comes first.
///
/// It is of its amount, and for its device from what may be its phone, or from its phone for another device, whose owner named the receipt. It came
/// after the prompt, however late, and by M-PESA's clock it was paid before a time and not before the prompt, as far as the two clocks agree. At a
/// paybill what names an account is no prompt's that does not name the prompt's.
///
/// # Errors
/// When the database is away.
pub async fn may_be_counted(
    conn: &mut PgConnection,
    payment: &Payment,
    until: Timestamp,
) -> sqlx::Result<Option<Counted>> {
    let rows = sqlx::query!(
        // Out of the queue it came later than its money did, which a statement tells of by M-PESA's clock.
        r#"select p.id, coalesce(p.msisdn, p.payer) as payer, p.provider_payload as body, u.reference as "reference?",
                  exists (select from providers o where o.id = $1 and o.mpesa_account_id = p.account_id and o.mpesa_till_number is not null)
                  or exists (select from mpesa_accounts a where a.provider_id = $1 and a.id = p.account_id and a.till_number is not null)
                    as "is_till!",
                  coalesce(p.mac = $6::text::macaddr, false) as "is_own!"
           from payments p
           left join unmatched u on u.provider_id = p.provider_id and u.payment_id = p.id and u.reason <> 'late'
           where p.provider_id = $1 and p.created_at >= $2
             and coalesce(case when u.reason = 'statement' then u.created_at else u.at end, p.created_at) >= $2
             and coalesce(p.paid_at, u.at, p.created_at) between $7 and $3 and p.push = 'hand' and p.amount = $4
             and (p.mac = $6::text::macaddr or p.msisdn = $8)
           order by "is_own!" desc, p.created_at limit $5"#,
        payment.provider.uuid(),
        At(payment.created_at) as At,
        At(until) as At,
        Amount(payment.amount) as Amount,
        MOST_PAYERS,
        payment.mac.map(|mac| mac.to_string()),
        At(payment.created_at - CLOCKS_APART) as At,
        payment.phone.as_ref().map(Msisdn::digits),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .filter(|row| {
            let said = parse_c2b(row.body.to_string().as_bytes());
            let is_named = row.reference.is_some() || said.is_ok_and(|said| !said.names_none());
            row.is_till || !is_named
        })
        .find(|row| {
            let paid = row.payer.as_deref().map(callback::Payer::read);
            payment
                .phone
                .zip(paid)
                .is_none_or(|(phone, paid)| paid.may_be(&phone))
        })
        .map(|row| Counted {
            payment: PaymentId::from_uuid(row.id),
            is_own: row.is_own,
        }))
}

/// Finds the customer whose number has a hash, as the first version of the interface tells payers.
///
/// # Errors
/// When the database is away.
pub async fn by_hash(
    conn: &mut PgConnection,
    provider: ProviderId,
    hash: &[u8; 32],
) -> sqlx::Result<Option<Msisdn>> {
    let digits = sqlx::query_scalar!(
        "select msisdn from customers where provider_id = $1 and sha256(msisdn::bytea) = $2 limit 1",
        provider.uuid(),
        hash.as_slice(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(digits.and_then(|digits| digits.parse().ok()))
}

/// Who paid a payment that came by hand, where the rail hides the number.
///
/// # Errors
/// When the database is away.
pub async fn paid_by(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
) -> sqlx::Result<Option<callback::Payer>> {
    let payer = sqlx::query_scalar!(
        "select payer from payments where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(payer.flatten().map(|payer| callback::Payer::read(&payer)))
}
