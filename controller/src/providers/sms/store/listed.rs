//! SMS as pages show them: the latest, what a month cost, and who wants none.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, SmsId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{State, phone, state};
use crate::db::{At, LAST, RowId as _};
use crate::rails::msisdn::Msisdn;

/// Where a list goes on: below this one.
pub type Cursor = (Timestamp, SmsId);

/// A text as it is listed; what it said is nobody's to see.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Which.
    pub id: SmsId,
    /// What it is.
    pub kind: String,
    /// The phone.
    pub to: Msisdn,
    /// Who of the business it went to.
    pub person: Option<String>,
    /// The payment it tells of.
    pub payment: Option<PaymentId>,
    /// Messages it was sent as.
    pub parts: i32,
    /// Where it is.
    pub state: State,
    /// Why it waits, failed or was dropped.
    pub why: Option<String>,
    /// What it cost, with the currency.
    pub cost: Option<(i32, String)>,
    /// When it was written.
    pub at: Timestamp,
    /// Whether a person may send it again.
    pub may_again: bool,
}

struct Row {
    id: Uuid,
    kind: String,
    msisdn: String,
    person: Option<String>,
    payment_id: Option<Uuid>,
    parts: i32,
    state: String,
    why: Option<String>,
    cost_cents: Option<i32>,
    currency: Option<String>,
    created_at: At,
    may_again: bool,
}

impl TryFrom<Row> for Listed {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        Ok(Self {
            id: SmsId::from_uuid(row.id),
            kind: row.kind,
            to: phone(&row.msisdn)?,
            person: row.person,
            payment: row.payment_id.map(PaymentId::from_uuid),
            parts: row.parts,
            state: state(&row.state)?,
            why: row.why,
            cost: row.cost_cents.zip(row.currency),
            at: row.created_at.0,
            may_again: row.may_again,
        })
    }
}

/// The latest texts of a business, below a place in the list.
///
/// # Errors
/// When the database is away.
pub async fn list(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: Option<Cursor>,
    now: Timestamp,
    limit: u16,
) -> sqlx::Result<Vec<Listed>> {
    let (at, id) = before.map_or((LAST, Uuid::max()), |(at, id)| (at, id.uuid()));
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.kind, s.msisdn, p.name as "person?", s.payment_id, s.parts, s.state, s.why, s.cost_cents, s.currency, s.created_at,
                  s.state = 'unknown' and s.body is not null and s.drop_at > $4 as "may_again!"
           from smses s left join people p on p.id = s.person_id
           where s.provider_id = $1 and (s.created_at, s.id) < ($2, $3)
           order by s.created_at desc, s.id desc limit $5"#,
        provider.uuid(),
        At(at) as At,
        id,
        At(now) as At,
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Listed::try_from).collect()
}

/// One text of a business.
///
/// # Errors
/// When the database is away.
pub async fn one(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    now: Timestamp,
) -> sqlx::Result<Option<Listed>> {
    let row = sqlx::query_as!(
        Row,
        r#"select s.id, s.kind, s.msisdn, p.name as "person?", s.payment_id, s.parts, s.state, s.why, s.cost_cents, s.currency, s.created_at,
                  s.state = 'unknown' and s.body is not null and s.drop_at > $3 as "may_again!"
           from smses s left join people p on p.id = s.person_id where s.provider_id = $1 and s.id = $2"#,
        provider.uuid(),
        id.uuid(),
        At(now) as At,
    )
    .fetch_optional(conn)
    .await?;
    row.map(Listed::try_from).transpose()
}

/// What one kind of text came to in a stretch of time, in one currency.
#[derive(Clone, Debug)]
pub struct Spent {
    /// What it is.
    pub kind: String,
    /// Texts that left.
    pub sent: i64,
    /// Of these, on the phone for certain.
    pub delivered: i64,
    /// Texts that do not arrive, or were not sent.
    pub failed: i64,
    /// Messages they were sent as.
    pub parts: i64,
    /// What they cost.
    pub cents: i64,
    /// In which currency; none where nothing was charged.
    pub currency: Option<String>,
}

/// What texts written in a stretch of time came to, by kind.
///
/// # Errors
/// When the database is away.
pub async fn spent(
    conn: &mut PgConnection,
    provider: ProviderId,
    from: Timestamp,
    to: Timestamp,
) -> sqlx::Result<Vec<Spent>> {
    let rows = sqlx::query!(
        r#"select kind, currency,
                  count(*) filter (where state in ('sent', 'delivered', 'unknown')) as "sent!",
                  count(*) filter (where state = 'delivered') as "delivered!",
                  count(*) filter (where state in ('failed', 'dropped')) as "failed!",
                  coalesce(sum(parts) filter (where state in ('sent', 'delivered', 'unknown')), 0) as "parts!",
                  coalesce(sum(cost_cents), 0) as "cents!"
           from smses where provider_id = $1 and created_at >= $2 and created_at < $3
           group by kind, currency order by kind, currency limit 100"#,
        provider.uuid(),
        At(from),
        At(to),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Spent {
            kind: row.kind,
            sent: row.sent,
            delivered: row.delivered,
            failed: row.failed,
            parts: row.parts,
            cents: row.cents,
            currency: row.currency,
        })
        .collect())
}

/// A phone that wants no SMS.
#[derive(Clone, Debug)]
pub struct OptOut {
    /// Which.
    pub phone: Msisdn,
    /// Whether it said so to the network, which refuses what is sent there until the phone takes that back.
    pub by_network: bool,
    /// Since when.
    pub since: Timestamp,
}

impl OptOut {
    fn read(msisdn: &str, by_whom: &str, since: At) -> sqlx::Result<Self> {
        Ok(Self {
            phone: phone(msisdn)?,
            by_network: by_whom == "network",
            since: since.0,
        })
    }
}

/// Phones that want none, those that said so last first, those behind a place in the list: since when one wants none, and its number.
///
/// # Errors
/// When the database is away.
pub async fn opt_outs(
    conn: &mut PgConnection,
    provider: ProviderId,
    behind: Option<(Timestamp, u64)>,
    limit: u16,
) -> sqlx::Result<Vec<OptOut>> {
    let (at, number) = behind.unwrap_or((LAST, 0));
    let rows = sqlx::query!(
        "select msisdn, by_whom, created_at from sms_opt_outs
         where provider_id = $1 and created_at <= $2 and (created_at < $2 or msisdn > $3)
         order by created_at desc, msisdn limit $4",
        provider.uuid(),
        At(at) as At,
        number.to_string(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| OptOut::read(&row.msisdn, &row.by_whom, row.created_at))
        .collect()
}

/// One phone, if it wants none.
///
/// # Errors
/// When the database is away.
pub async fn opted_out(
    conn: &mut PgConnection,
    provider: ProviderId,
    phone: Msisdn,
) -> sqlx::Result<Option<OptOut>> {
    let row = sqlx::query!(
        "select msisdn, by_whom, created_at from sms_opt_outs where provider_id = $1 and msisdn = $2",
        provider.uuid(),
        phone.digits(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| OptOut::read(&row.msisdn, &row.by_whom, row.created_at))
        .transpose()
}
