//! All SQL of changes of the account customers pay into.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AccountId, MoveId, PaymentId, PersonId, ProviderId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::{At, RowId as _};
use crate::payments::moves::{Move, Stage};

/// A change about to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewMove {
    /// Its id.
    pub id: MoveId,
    /// The set in use.
    pub from: AccountId,
    /// The set that is to be used.
    pub to: AccountId,
    /// The shilling that proves it, and who asked for it; neither on the command line.
    pub proof: Option<(PaymentId, PersonId)>,
    /// Where it is.
    pub stage: Stage,
    /// When.
    pub at: Timestamp,
    /// Not done until then, it is not done any more.
    pub expires: Timestamp,
}

/// Adds a change.
///
/// # Errors
/// When the database refuses, also a second one that is asked for.
pub async fn insert(
    conn: &mut PgConnection,
    provider: ProviderId,
    new: &NewMove,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into mpesa_moves (id, provider_id, from_account_id, to_account_id, payment_id, person_id, state, created_at, expires_at, ended_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.uuid(),
        provider.uuid(),
        new.from.uuid(),
        new.to.uuid(),
        new.proof.map(|(payment, _)| payment.uuid()),
        new.proof.map(|(_, person)| person.uuid()),
        new.stage.word(),
        At(new.at),
        At(new.expires),
        (new.stage != Stage::Asked).then_some(At(new.at)),
    )
    .execute(conn)
    .await
    .map(drop)
}

struct MoveRow {
    id: Uuid,
    from_account_id: Uuid,
    to_account_id: Uuid,
    payment_id: Option<Uuid>,
    person_id: Option<Uuid>,
    person: Option<String>,
    state: String,
    created_at: At,
    expires_at: At,
    ended_at: Option<At>,
}

impl TryFrom<MoveRow> for Move {
    type Error = sqlx::Error;

    fn try_from(row: MoveRow) -> sqlx::Result<Self> {
        let stage = Stage::parse(&row.state).ok_or_else(|| {
            sqlx::Error::Decode(format!("mpesa_moves.state of {} is a strange word", row.id).into())
        })?;
        Ok(Self {
            id: MoveId::from_uuid(row.id),
            from: AccountId::from_uuid(row.from_account_id),
            to: AccountId::from_uuid(row.to_account_id),
            payment: row.payment_id.map(PaymentId::from_uuid),
            person: row.person_id.map(PersonId::from_uuid),
            person_name: row.person,
            stage,
            at: row.created_at.0,
            expires: row.expires_at.0,
            ended: row.ended_at.map(|at| at.0),
        })
    }
}

/// Finds and locks the change that is asked for, if there is one.
///
/// # Errors
/// When the database is away.
pub async fn lock_asked(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<Move>> {
    sqlx::query_as!(
        MoveRow,
        r#"select m.id, from_account_id, to_account_id, payment_id, person_id, p.name as "person?", state, m.created_at, expires_at, ended_at
           from mpesa_moves m left join people p on p.id = m.person_id
           where m.provider_id = $1 and state = 'asked' for update of m"#,
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .map(Move::try_from)
    .transpose()
}

/// The last changes, the newest first.
///
/// # Errors
/// When the database is away.
pub async fn last(
    conn: &mut PgConnection,
    provider: ProviderId,
    limit: u16,
) -> sqlx::Result<Vec<Move>> {
    sqlx::query_as!(
        MoveRow,
        r#"select m.id, from_account_id, to_account_id, payment_id, person_id, p.name as "person?", state, m.created_at, expires_at, ended_at
           from mpesa_moves m left join people p on p.id = m.person_id
           where m.provider_id = $1 order by m.created_at desc, m.id desc limit $2"#,
        provider.uuid(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Move::try_from)
    .collect()
}

/// Ends a change.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: MoveId,
    stage: Stage,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_moves set state = $3, ended_at = $4 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        stage.word(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes another shilling that is to prove a change.
///
/// # Errors
/// When the database refuses.
pub async fn set_payment(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: MoveId,
    payment: PaymentId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update mpesa_moves set payment_id = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        payment.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether somebody is an owner of the business now.
///
/// # Errors
/// When the database is away.
pub async fn is_owner(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from staff where provider_id = $1 and person_id = $2 and role = 'owner' and ended_at is null) as "found!""#,
        provider.uuid(),
        person.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Since when somebody is an owner of the business, if they are one.
///
/// # Errors
/// When the database is away.
pub async fn owner_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
) -> sqlx::Result<Option<Timestamp>> {
    let since = sqlx::query_scalar!(
        r#"select coalesce(owner_since, created_at) as "since!: At" from staff
           where provider_id = $1 and person_id = $2 and role = 'owner' and ended_at is null"#,
        provider.uuid(),
        person.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.map(|since| since.0))
}

/// Whether money of a customer ever came in, by whichever set: the one in use changes with every change of keys, and what there is to steal does not.
///
/// # Errors
/// When the database is away.
pub async fn has_earned(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from payments where provider_id = $1 and status = 'success'
                          and type = 'mpesa_customer_payment') as "found!""#,
        provider.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
