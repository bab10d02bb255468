//! All SQL of log-ins. It needs the platform's door: a cookie names no business.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{LogInId, PersonId, ProviderId, StaffId};
use sqlx::PgConnection;

use super::{Place, Token, Visit, over_up_to};
use crate::db::{At, RowId as _};
use crate::providers::rights::{Rights, store as rights};
use crate::providers::staff::roles::Role;

/// Log-ins a person is shown at once.
const MOST: i64 = 100;

/// A log-in as it is stored.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the gate needs.
    pub visit: Visit,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used, roughly.
    pub seen: Timestamp,
}

/// Finds a log-in that has not ended by its token's hash, with its person and their place as they are now.
///
/// # Errors
/// When the database is away.
pub async fn find(conn: &mut PgConnection, hash: &[u8; 32]) -> sqlx::Result<Option<Found>> {
    let row = sqlx::query!(
        r#"select l.id, l.person_id, l.is_open, l.created_at, l.seen_at, p.name, a.person_id as "admin?", s.id as "staff?", s.role as "role?",
                  b.id as "provider?", b.business_name as "business?", b.state as "state?", (p.totp_secret is not null or l.by_passkey) as "has_second!",
                  v.id as "viewed?", v.business_name as "viewed_business?", v.state as "viewed_state?", l.viewed_until,
                  b.mpesa_moved_at as "moved_at?", r.due_at as "due_at?", r.restricted_from as "restricted_from?", r.features as "features?",
                  r.most_sites as "most_sites?"
           from log_ins l join people p on p.id = l.person_id
           left join admins a on a.person_id = l.person_id and a.ended_at is null
           left join staff s on s.person_id = l.person_id and s.provider_id = l.provider_id and s.ended_at is null
           left join providers b on b.id = s.provider_id
           left join provider_rights r on r.provider_id = b.id
           left join providers v on v.id = l.viewed_id and a.person_id is not null
           where l.token_hash = $1 and l.ended_at is null"#,
        hash.as_slice(),
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let place = match (row.provider, row.business, row.state, row.staff, row.role) {
        (Some(provider), Some(business), Some(state), Some(staff), Some(role)) => Some(Place {
            provider: ProviderId::from_uuid(provider),
            business,
            state: state.parse().map_err(|_| strange("providers.state"))?,
            staff: StaffId::from_uuid(staff),
            role: role.parse().map_err(|_| strange("staff.role"))?,
            moved: row.moved_at.map(|at| at.0),
            rights: rights::read(
                row.due_at,
                row.restricted_from,
                row.features,
                row.most_sites,
            ),
        }),
        _ => None,
    };
    let viewed = match (row.viewed, row.viewed_business, row.viewed_state) {
        (Some(provider), Some(business), Some(state)) => Some(Place {
            provider: ProviderId::from_uuid(provider),
            business,
            state: state.parse().map_err(|_| strange("providers.state"))?,
            // Nobody's place: who looks for the platform has none there.
            staff: StaffId::from_bytes([0; 16]),
            role: Role::Reader,
            moved: None,
            // They look at everything there is.
            rights: Rights::default(),
        }),
        _ => None,
    };
    let view_ends = row.viewed_until.filter(|_| viewed.is_some());
    Ok(Some(Found {
        visit: Visit {
            log_in: LogInId::from_uuid(row.id),
            person: PersonId::from_uuid(row.person_id),
            name: row.name,
            is_open: row.is_open,
            place: viewed.or(place),
            is_admin: row.admin.is_some(),
            has_second: row.has_second,
            view_ends: view_ends.map(|at| at.0),
        },
        created: row.created_at.0,
        seen: row.seen_at.0,
    }))
}

fn strange(column: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a word in {column} that this program does not know").into())
}

/// A log-in that begins.
#[derive(Clone, Debug)]
pub struct NewLogIn<'a> {
    /// Its id.
    pub id: LogInId,
    /// The hash of its token.
    pub hash: [u8; 32],
    /// Who.
    pub person: PersonId,
    /// The business they will look at.
    pub provider: Option<ProviderId>,
    /// Whether nothing more is asked.
    pub is_open: bool,
    /// What the browser is.
    pub device: &'a str,
    /// Whether a passkey stood for both factors.
    pub by_passkey: bool,
}

/// Begins a log-in.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    log_in: &NewLogIn<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into log_ins (id, token_hash, person_id, provider_id, is_open, device, created_at, seen_at, by_passkey) values ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        log_in.id.uuid(),
        log_in.hash.as_slice(),
        log_in.person.uuid(),
        log_in.provider.map(|provider| provider.uuid()),
        log_in.is_open,
        log_in.device,
        At(now),
        log_in.by_passkey,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes that a log-in is in use.
///
/// # Errors
/// When the database refuses.
pub async fn note_seen(conn: &mut PgConnection, id: LogInId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update log_ins set seen_at = $2 where id = $1 and seen_at < $2",
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Opens a log-in for good, under another token: what was half in may have been seen by others.
///
/// # Errors
/// When the database refuses.
pub async fn open(conn: &mut PgConnection, id: LogInId, hash: &[u8; 32]) -> sqlx::Result<()> {
    sqlx::query!(
        "update log_ins set is_open = true, token_hash = $2 where id = $1 and ended_at is null",
        id.uuid(),
        hash.as_slice(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Lets a log-in look at a business until some moment; says whether there is such a business and the log-in looks at none yet.
///
/// # Errors
/// When the database refuses.
pub async fn view(
    conn: &mut PgConnection,
    id: LogInId,
    provider: ProviderId,
    until: Timestamp,
) -> sqlx::Result<bool> {
    let begun = sqlx::query!(
        "update log_ins set viewed_id = $2, viewed_until = $3
         where id = $1 and ended_at is null and viewed_id is null and exists (select from providers where id = $2)",
        id.uuid(),
        provider.uuid(),
        At(until),
    )
    .execute(conn)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Ends a log-in's look at a business; says which it was, if it looked at one.
///
/// # Errors
/// When the database refuses.
pub async fn end_view(conn: &mut PgConnection, id: LogInId) -> sqlx::Result<Option<ProviderId>> {
    let provider = sqlx::query_scalar!(
        r#"update log_ins l set viewed_id = null, viewed_until = null
           from (select id, viewed_id from log_ins where id = $1 and viewed_id is not null for update) as was
           where l.id = was.id returning was.viewed_id as "provider!""#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(provider.map(ProviderId::from_uuid))
}

/// Ends one log-in of a person; says whether there was one.
///
/// # Errors
/// When the database refuses.
pub async fn end(
    conn: &mut PgConnection,
    person: PersonId,
    id: LogInId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let ended = sqlx::query!(
        "update log_ins set ended_at = $3 where person_id = $1 and id = $2 and ended_at is null",
        person.uuid(),
        id.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(ended.rows_affected() == 1)
}

/// Ends all log-ins of a person but one; says which.
///
/// # Errors
/// When the database refuses.
pub async fn end_others(
    conn: &mut PgConnection,
    person: PersonId,
    but: Option<LogInId>,
    now: Timestamp,
) -> sqlx::Result<Vec<LogInId>> {
    let ended = sqlx::query_scalar!(
        "update log_ins set ended_at = $3 where person_id = $1 and id is distinct from $2 and ended_at is null returning id",
        person.uuid(),
        but.map(|id| id.uuid()),
        At(now),
    )
    .fetch_all(conn)
    .await?;
    Ok(ended.into_iter().map(LogInId::from_uuid).collect())
}

/// One browser in a person's list.
#[derive(Clone, Debug)]
pub struct Browser {
    /// The log-in.
    pub id: LogInId,
    /// What it is.
    pub device: String,
    /// When it began.
    pub since: Timestamp,
    /// When it was last used, roughly.
    pub seen: Timestamp,
}

/// The browsers in which a person is logged in, the last used first.
///
/// # Errors
/// When the database is away.
pub async fn browsers(
    conn: &mut PgConnection,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<Vec<Browser>> {
    let (idle, begun) = over_up_to(now);
    let rows = sqlx::query!(
        "select id, device, created_at, seen_at from log_ins where person_id = $1 and ended_at is null and is_open
           and seen_at > $2 and created_at > $3 order by seen_at desc, id limit $4",
        person.uuid(),
        At(idle),
        At(begun),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Browser {
            id: LogInId::from_uuid(row.id),
            device: row.device,
            since: row.created_at.0,
            seen: row.seen_at.0,
        })
        .collect())
}

/// The business a person looks at first: the one they came to last.
///
/// # Errors
/// When the database is away.
pub async fn first_place(
    conn: &mut PgConnection,
    person: PersonId,
) -> sqlx::Result<Option<ProviderId>> {
    let provider = sqlx::query_scalar!(
        "select provider_id from staff where person_id = $1 and ended_at is null order by created_at desc, id limit 1",
        person.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(provider.map(ProviderId::from_uuid))
}

/// Makes a person one of the platform's staff, or one again; says whether they were not.
///
/// # Errors
/// When the database refuses.
pub async fn make_admin(
    conn: &mut PgConnection,
    person: PersonId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let made = sqlx::query!(
        "insert into admins (person_id, created_at) values ($1, $2)
         on conflict (person_id) do update set ended_at = null where admins.ended_at is not null",
        person.uuid(),
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// What a browser is known by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Known {
    /// A password was given in it, or a link that stands for one.
    ByPassword,
    /// A second factor, or a passkey, was given in it too.
    BySecond,
}

/// Marks a browser as one in which a person has logged in before.
///
/// # Errors
/// When the database refuses.
pub async fn know(
    conn: &mut PgConnection,
    hash: &[u8; 32],
    person: PersonId,
    known: Known,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into known_browsers (token_hash, person_id, by_second, created_at) values ($1, $2, $3, $4)",
        hash.as_slice(),
        person.uuid(),
        known == Known::BySecond,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// By what the browser with this mark is known as a person's, if it is.
///
/// # Errors
/// When the database is away.
pub async fn known(
    conn: &mut PgConnection,
    mark: Option<&Token>,
    person: PersonId,
) -> sqlx::Result<Option<Known>> {
    let Some(mark) = mark else {
        return Ok(None);
    };
    let hash = mark.hash();
    let by_second = sqlx::query_scalar!(
        "select by_second from known_browsers where token_hash = $1 and person_id = $2",
        hash.as_slice(),
        person.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(by_second.map(|by_second| {
        if by_second {
            Known::BySecond
        } else {
            Known::ByPassword
        }
    }))
}

/// Forgets log-ins that nobody used since a moment.
///
/// # Errors
/// When the database refuses.
pub async fn forget(conn: &mut PgConnection, before: Timestamp, most: i64) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from log_ins where id in (select id from log_ins where seen_at < $1 order by seen_at limit $2)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// Forgets marks that no browser keeps any more.
///
/// # Errors
/// When the database refuses.
pub async fn forget_browsers(
    conn: &mut PgConnection,
    before: Timestamp,
    most: i64,
) -> sqlx::Result<u64> {
    let gone = sqlx::query!(
        "delete from known_browsers where token_hash in (select token_hash from known_browsers where created_at < $1 order by created_at limit $2)",
        At(before),
        most,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// A business a person works for.
#[derive(Clone, Debug)]
pub struct Workplace {
    /// The business.
    pub provider: ProviderId,
    /// Its name.
    pub business: String,
    /// What they are there.
    pub role: Role,
}

/// The businesses a person works for.
///
/// # Errors
/// When the database is away, or a role is none.
pub async fn workplaces(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<Workplace>> {
    let rows = sqlx::query!(
        "select s.provider_id, s.role, b.business_name from staff s join providers b on b.id = s.provider_id
         where s.person_id = $1 and s.ended_at is null order by b.business_name, s.id limit $2",
        person.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Workplace {
                provider: ProviderId::from_uuid(row.provider_id),
                business: row.business_name,
                role: row.role.parse().map_err(|_| strange("staff.role"))?,
            })
        })
        .collect()
}

/// Has a log-in look at another business of its person; says whether they work there.
///
/// # Errors
/// When the database refuses.
pub async fn look_at(
    conn: &mut PgConnection,
    log_in: LogInId,
    person: PersonId,
    provider: ProviderId,
) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update log_ins set provider_id = $3 where id = $1 and person_id = $2 and ended_at is null
         and exists (select from staff where person_id = $2 and provider_id = $3 and ended_at is null)",
        log_in.uuid(),
        person.uuid(),
        provider.uuid(),
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}
