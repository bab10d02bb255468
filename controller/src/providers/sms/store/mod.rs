//! All SQL of SMS: a text from waiting to its end here, what pages show in `listed`, settings and wishes in `settings`.

mod listed;
mod settings;

pub use listed::{Cursor, Listed, OptOut, Spent, list, one, opt_outs, opted_out, spent};
pub use settings::{
    ByWhom, asked, forget_wishes, has_opted_out, has_wish, note_set_up, opt_in, opt_out,
    opt_out_everywhere, settings, settle, wish,
};

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{ProviderId, SmsId};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Dropped, NewSms, State};
use crate::db::{At, RowId as _};
use crate::rails::msisdn::Msisdn;
use crate::rails::sms::Taken;
use crate::rails::sms::report::{Arrival, NONE};

/// A report that names a text we do not know may be of one whose answer was lost not longer ago.
const LOST_SECS: i64 = 2 * 86_400;

/// A text as it is stored.
pub struct NewRow<'a> {
    /// Its id.
    pub id: SmsId,
    /// What it says, sealed.
    pub body: &'a str,
    /// Messages it is sent as.
    pub parts: usize,
    /// When it is of no use any more.
    pub drop_at: Timestamp,
    /// The rest.
    pub of: &'a NewSms<'a>,
}

/// Adds a text; says whether this news was not told before.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    row: &NewRow<'_>,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let added = sqlx::query!(
        "insert into smses (id, provider_id, person_id, payment_id, kind, once, msisdn, body, parts, is_urgent, state, created_at, drop_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'waiting', $11, $12)
         on conflict (once) where once is not null do nothing",
        row.id.uuid(),
        row.of.provider.uuid(),
        row.of.person.map(|person| person.uuid()),
        row.of.payment.map(|payment| payment.uuid()),
        row.of.kind,
        row.of.once,
        row.of.to.digits(),
        row.body,
        i32::try_from(row.parts).unwrap_or(i32::MAX),
        row.of.is_urgent,
        At(now),
        At(row.drop_at),
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// Waits for whoever takes a text of the same business through its caps, until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn take_turn(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('sms:' || $1::uuid::text, 0))",
        provider.uuid()
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A text that somebody is about to hand in.
pub struct Waiting {
    /// Where it is.
    pub state: State,
    /// The phone.
    pub to: Msisdn,
    /// What it says, sealed.
    pub body: Option<String>,
    /// A word for what it is.
    pub kind: String,
    /// Whether it goes also when it is quiet.
    pub is_urgent: bool,
    /// When it is of no use any more.
    pub drop_at: Timestamp,
}

/// Finds a text and holds it.
///
/// # Errors
/// When the database is away.
pub async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
) -> sqlx::Result<Option<Waiting>> {
    let row = sqlx::query!(
        "select state, msisdn, body, kind, is_urgent, drop_at from smses where provider_id = $1 and id = $2 for update",
        provider.uuid(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Waiting {
            state: state(&row.state)?,
            to: phone(&row.msisdn)?,
            body: row.body,
            kind: row.kind,
            is_urgent: row.is_urgent,
            drop_at: row.drop_at.0,
        })
    })
    .transpose()
}

fn state(word: &str) -> sqlx::Result<State> {
    State::parse(word).ok_or_else(|| unknown("smses.state"))
}

fn phone(digits: &str) -> sqlx::Result<Msisdn> {
    digits.parse().map_err(|_| unknown("smses.msisdn"))
}

fn unknown(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a word in {column} that this program does not know").into())
}

/// Texts of a business that were handed in since a moment, and those of them to one phone.
///
/// # Errors
/// When the database is away.
pub async fn sent_since(
    conn: &mut PgConnection,
    provider: ProviderId,
    to: Msisdn,
    since: Timestamp,
) -> sqlx::Result<(u32, u32)> {
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where msisdn = $2) as "phone!" from smses
           where provider_id = $1 and tried_at >= $3"#,
        provider.uuid(),
        to.digits(),
        At(since),
    )
    .fetch_one(conn)
    .await?;
    let many = |count| u32::try_from(count).unwrap_or(u32::MAX);
    Ok((many(row.all), many(row.phone)))
}

/// Marks a text as on its way.
///
/// # Errors
/// When the database refuses.
pub async fn begin(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update smses set state = 'sending', why = null, tried_at = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a text was taken, and forgets what it said. A report that came first is not undone.
///
/// # Errors
/// When the database refuses.
pub async fn taken(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    taken: &Taken,
    now: Timestamp,
) -> sqlx::Result<()> {
    let cost = taken.cost.as_ref();
    let known = !taken.id.is_empty() && taken.id != NONE && taken.id.len() <= 100;
    sqlx::query!(
        "update smses set state = case when state in ('sending', 'unknown') then 'sent' else state end,
                body = null, rail_id = coalesce(rail_id, $3), cost_cents = $4, currency = $5, ended_at = coalesce(ended_at, $6)
         where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        known.then_some(taken.id.as_str()),
        cost.map(|cost| i32::try_from(cost.cents).unwrap_or(i32::MAX)),
        cost.map(|cost| cost.currency.as_str()),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that no answer came.
///
/// # Errors
/// When the database refuses.
pub async fn lose(conn: &mut PgConnection, provider: ProviderId, id: SmsId) -> sqlx::Result<()> {
    sqlx::query!(
        "update smses set state = 'unknown' where provider_id = $1 and id = $2 and state = 'sending'",
        provider.uuid(),
        id.uuid(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a text certainly did not leave, and waits again.
///
/// # Errors
/// When the database refuses.
pub async fn put_back(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    why: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update smses set state = 'waiting', why = $3, tried_at = null where provider_id = $1 and id = $2 and state = 'sending'",
        provider.uuid(),
        id.uuid(),
        why,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a text does not arrive, and forgets what it said.
///
/// # Errors
/// When the database refuses.
pub async fn give_up(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    state: State,
    why: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update smses set state = $3, why = $4, body = null, ended_at = $5,
                tried_at = case when $3 = 'dropped' then null else tried_at end
         where provider_id = $1 and id = $2 and state in ('waiting', 'sending')",
        provider.uuid(),
        id.uuid(),
        state.word(),
        why,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets a text whose answer was lost go again; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn again(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update smses set state = 'waiting', why = null, tried_at = null
         where provider_id = $1 and id = $2 and state = 'unknown' and body is not null and drop_at > $3",
        provider.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Notes what a report says, past all tenants: it names a text and no business. A report that names none of ours may be of the one text to its
/// phone whose answer was lost. Says whether one was found.
///
/// # Errors
/// When the database refuses.
pub async fn arrived(
    conn: &mut PgConnection,
    rail_id: &str,
    to: Option<Msisdn>,
    arrival: Arrival,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let to = to.map(|to| to.digits());
    let mut found = sqlx::query_scalar!(
        "select id from smses where rail_id = $1 for update",
        rail_id
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let (None, Some(to)) = (found, to) {
        // Two of them to one phone: nobody can say which it was.
        let lost = sqlx::query_scalar!(
            "select id from smses where msisdn = $1 and state in ('sending', 'unknown') and rail_id is null and tried_at > $2
             order by id limit 2 for update",
            to,
            At(Timestamp::from_secs(now.as_secs() - LOST_SECS)),
        )
        .fetch_all(&mut *conn)
        .await?;
        if let [one] = lost.as_slice() {
            found = Some(*one);
        }
    }
    let Some(id) = found else {
        return Ok(false);
    };
    let (state, why) = match arrival {
        Arrival::Under => ("sent", None),
        Arrival::Delivered => ("delivered", None),
        Arrival::Failed(why) => ("failed", Some(why.word())),
    };
    // What is on the phone stays there; what failed may arrive after all; a late "on its way" changes neither.
    sqlx::query!(
        "update smses set rail_id = $2, body = null, ended_at = coalesce(ended_at, $5),
                why = case when state = 'delivered' or ($3 = 'sent' and state = 'failed') then why else $4 end,
                state = case when state = 'delivered' or ($3 = 'sent' and state = 'failed') then state else $3 end
         where id = $1",
        id,
        rail_id,
        state,
        why,
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// What is stored sealed after an id, in order, for whoever seals it anew.
///
/// # Errors
/// When the database is away.
pub async fn lock_sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    after: Option<SmsId>,
    limit: u16,
) -> sqlx::Result<Vec<(SmsId, String)>> {
    let rows = sqlx::query!(
        r#"select id, body as "sealed!" from smses where provider_id = $1 and id > $2 and body is not null order by id limit $3 for update"#,
        provider.uuid(),
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (SmsId::from_uuid(row.id), row.sealed))
        .collect())
}

/// Stores it sealed anew.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: SmsId,
    sealed: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update smses set body = $3 where provider_id = $1 and id = $2",
        provider.uuid(),
        id.uuid(),
        sealed,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Forgets texts that are long over, and what those said that nobody will send again: whose answer was lost, or whose job was given up.
///
/// # Errors
/// When the database refuses.
pub async fn forget(
    conn: &mut PgConnection,
    before: Timestamp,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    sqlx::query!(
        "update smses set body = null, why = case when state = 'waiting' then $3 else why end,
                ended_at = case when state = 'waiting' then $1 else ended_at end, state = case when state = 'waiting' then 'dropped' else state end
         where id in (select id from smses where state in ('unknown', 'waiting') and body is not null and drop_at <= $1 order by id limit $2)",
        At(now),
        most,
        Dropped::Late.word(),
    )
    .execute(&mut *conn)
    .await?;
    let gone = sqlx::query!(
        "delete from smses where id in (select id from smses where created_at < $1 order by created_at limit $2)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}
