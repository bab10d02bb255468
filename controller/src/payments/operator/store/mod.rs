//! All SQL of operators and of what they were asked for. The credential passes through as the sealed token it is stored as.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, PersonId, ProviderId, RequestId, UnmatchedId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Kept, Purpose, Request, Right, State};
use crate::db::{Amount, At, RowId as _};

pub mod receipts;

/// The operator of a business, of whichever shortcode.
///
/// # Errors
/// When the database is away.
pub async fn operator(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Option<Kept>> {
    let row = sqlx::query!(
        r#"select shortcode, initiator, credential, since, status_proven_at as "status_proven_at: At",
                  reversal_proven_at as "reversal_proven_at: At"
           from mpesa_operators where provider_id = $1"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Kept {
        shortcode: row.shortcode,
        initiator: row.initiator,
        credential: row.credential,
        since: row.since.0,
        status_proven: row.status_proven_at.map(|at| at.0),
        reversal_proven: row.reversal_proven_at.map(|at| at.0),
    }))
}

/// Keeps an operator in the place of the one before; nothing is proven of it yet.
///
/// # Errors
/// When the database refuses.
pub async fn set(conn: &mut PgConnection, provider: ProviderId, kept: &Kept) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mpesa_operators (provider_id, shortcode, initiator, credential, since) values ($1, $2, $3, $4, $5)
         on conflict (provider_id) do update set shortcode = excluded.shortcode, initiator = excluded.initiator, credential = excluded.credential,
            since = excluded.since, status_proven_at = null, reversal_proven_at = null",
        provider.uuid(),
        kept.shortcode,
        kept.initiator,
        kept.credential,
        At(kept.since),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes the operator away; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn remove(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "delete from mpesa_operators where provider_id = $1",
        provider.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Changes how the credential is sealed, unless it was changed meanwhile; says whether it was done.
///
/// # Errors
/// When the database refuses.
pub async fn reseal(
    conn: &mut PgConnection,
    provider: ProviderId,
    before: &str,
    after: &str,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "update mpesa_operators set credential = $3 where provider_id = $1 and credential = $2",
        provider.uuid(),
        before,
        after,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a right proved itself, of the operator that was used.
///
/// # Errors
/// When the database refuses.
pub async fn proved(
    conn: &mut PgConnection,
    provider: ProviderId,
    (right, since): (Right, Timestamp),
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_operators
         set status_proven_at = case when $3 = 'status' then $4 else status_proven_at end,
             reversal_proven_at = case when $3 = 'reversal' then $4 else reversal_proven_at end
         where provider_id = $1 and since = $2",
        provider.uuid(),
        At(since) as At,
        right.word(),
        At(now) as At,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a right is not there, of the operator that was used; or none of them.
///
/// # Errors
/// When the database refuses.
pub async fn lost(
    conn: &mut PgConnection,
    provider: ProviderId,
    (right, since): (Option<Right>, Timestamp),
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_operators
         set status_proven_at = case when coalesce($3, 'status') = 'status' then null else status_proven_at end,
             reversal_proven_at = case when coalesce($3, 'reversal') = 'reversal' then null else reversal_proven_at end
         where provider_id = $1 and since = $2",
        provider.uuid(),
        At(since) as At,
        right.map(Right::word),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds a request; says whether no other that sends the same money back is open.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    request: &Request,
    (result, time_out): (&[u8; 32], &[u8; 32]),
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "insert into mpesa_requests (id, provider_id, kind, purpose, shortcode, receipt, amount, payment_id, unmatched_id, operator_since, person_id,
                                     reason, result_hash, time_out_hash, state, is_booked, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'made', false, $15)
         on conflict (provider_id, receipt) where kind = 'reversal' and state in ('made', 'taken', 'unknown') do nothing",
        request.id.uuid(),
        provider.uuid(),
        request.right.word(),
        request.purpose.word(),
        request.shortcode,
        request.receipt,
        request.amount.map(Amount) as Option<Amount>,
        request.payment.map(|id| id.uuid()),
        request.unmatched.map(|id| id.uuid()),
        At(request.operator_since),
        request.person.uuid(),
        request.reason,
        result.as_slice(),
        time_out.as_slice(),
        At(request.at),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whose request has a secret, and whether it is the address at which M-PESA gives up. Needs the platform's door: what comes to it is trusted
/// by nothing else.
///
/// # Errors
/// When the database is away.
pub async fn by_secret(
    conn: &mut PgConnection,
    hash: &[u8],
) -> sqlx::Result<Option<(ProviderId, RequestId, bool)>> {
    let row = sqlx::query!(
        r#"select provider_id as "provider_id!", id as "id!", false as "is_time_out!" from mpesa_requests where result_hash = $1
           union all
           select provider_id, id, true from mpesa_requests where time_out_hash = $1"#,
        hash,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        (
            ProviderId::from_uuid(row.provider_id),
            RequestId::from_uuid(row.id),
            row.is_time_out,
        )
    }))
}

struct RequestRow {
    id: Uuid,
    kind: String,
    purpose: String,
    shortcode: String,
    receipt: String,
    amount: Option<Amount>,
    payment_id: Option<Uuid>,
    unmatched_id: Option<Uuid>,
    operator_since: At,
    person_id: Uuid,
    reason: Option<String>,
    state: String,
    originator_id: Option<String>,
    conversation_id: Option<String>,
    code: Option<String>,
    said: Option<String>,
    back_receipt: Option<String>,
    is_booked: bool,
    found: Option<String>,
    created_at: At,
    ended_at: Option<At>,
}

impl TryFrom<RequestRow> for Request {
    type Error = sqlx::Error;

    fn try_from(row: RequestRow) -> sqlx::Result<Self> {
        let bad =
            || sqlx::Error::Decode(format!("mpesa_requests {} has a bad word", row.id).into());
        Ok(Self {
            id: RequestId::from_uuid(row.id),
            right: Right::parse(&row.kind).ok_or_else(bad)?,
            purpose: Purpose::parse(&row.purpose).ok_or_else(bad)?,
            state: State::parse(&row.state).ok_or_else(bad)?,
            shortcode: row.shortcode,
            receipt: row.receipt,
            amount: row.amount.map(|amount| amount.0),
            payment: row.payment_id.map(PaymentId::from_uuid),
            unmatched: row.unmatched_id.map(UnmatchedId::from_uuid),
            operator_since: row.operator_since.0,
            person: PersonId::from_uuid(row.person_id),
            reason: row.reason,
            originator: row.originator_id,
            conversation: row.conversation_id,
            code: row.code,
            said: row.said,
            back: row.back_receipt,
            is_booked: row.is_booked,
            found: row.found,
            at: row.created_at.0,
            ended: row.ended_at.map(|at| at.0),
        })
    }
}

/// What a request is about: the receipt, and the money in the queue.
///
/// # Errors
/// When the database is away.
pub async fn about(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: RequestId,
) -> sqlx::Result<Option<(String, Option<UnmatchedId>)>> {
    let row = sqlx::query!(
        "select receipt, unmatched_id from mpesa_requests where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.receipt, row.unmatched_id.map(UnmatchedId::from_uuid))))
}

/// Reads a request and keeps others from changing it.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: RequestId,
) -> sqlx::Result<Option<Request>> {
    sqlx::query_as!(
        RequestRow,
        r#"select id, kind, purpose, shortcode, receipt, amount as "amount: Amount", payment_id, unmatched_id, operator_since as "operator_since: At",
                  person_id, reason, state, originator_id, conversation_id, code, said, back_receipt, is_booked, found,
                  created_at as "created_at: At", ended_at as "ended_at: At"
           from mpesa_requests where provider_id = $1 and id = $2 for update"#,
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Request::try_from)
    .transpose()
}

/// The newest request for each of some receipts that sends it back.
///
/// # Errors
/// When the database is away.
pub async fn going_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipts: &[String],
) -> sqlx::Result<Vec<Request>> {
    sqlx::query_as!(
        RequestRow,
        r#"select distinct on (receipt) id, kind, purpose, shortcode, receipt, amount as "amount: Amount", payment_id, unmatched_id,
                  operator_since as "operator_since: At", person_id, reason, state, originator_id, conversation_id, code, said, back_receipt,
                  is_booked, found, created_at as "created_at: At", ended_at as "ended_at: At"
           from mpesa_requests where provider_id = $1 and receipt = any($2) and kind = 'reversal'
           order by receipt, created_at desc, id desc"#,
        provider.uuid(),
        receipts,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Request::try_from)
    .collect()
}

/// The newest requests of a right with a purpose, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn latest(
    conn: &mut PgConnection,
    provider: ProviderId,
    (right, purpose): (Right, Purpose),
    limit: u16,
) -> sqlx::Result<Vec<Request>> {
    sqlx::query_as!(
        RequestRow,
        r#"select id, kind, purpose, shortcode, receipt, amount as "amount: Amount", payment_id, unmatched_id, operator_since as "operator_since: At",
                  person_id, reason, state, originator_id, conversation_id, code, said, back_receipt, is_booked, found,
                  created_at as "created_at: At", ended_at as "ended_at: At"
           from mpesa_requests where provider_id = $1 and kind = $2 and purpose = $3 order by created_at desc, id desc limit $4"#,
        provider.uuid(),
        right.word(),
        purpose.word(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Request::try_from)
    .collect()
}

/// Whether some money may be on its way back just now.
///
/// # Errors
/// When the database is away.
pub async fn is_going_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    receipt: &str,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from mpesa_requests where provider_id = $1 and receipt = $2 and kind = 'reversal'
                          and state in ('made', 'taken', 'unknown')) as "is!""#,
        provider.uuid(),
        receipt,
    )
    .fetch_one(conn)
    .await
}

/// Writes where a request is and what was heard of it.
///
/// # Errors
/// When the database refuses.
pub async fn save(
    conn: &mut PgConnection,
    provider: ProviderId,
    request: &Request,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_requests set state = $3, originator_id = $4, conversation_id = $5, code = $6, said = left($7, 300), back_receipt = $8,
                is_booked = $9, found = $10, ended_at = $11
         where provider_id = $1 and id = $2",
        provider.uuid(),
        request.id.uuid(),
        request.state.word(),
        request.originator,
        request.conversation,
        request.code,
        request.said,
        request.back,
        request.is_booked,
        request.found,
        request.ended.map(At) as Option<At>,
    )
    .execute(conn)
    .await
    .map(drop)
}
