//! All SQL of people and what they prove themselves with. It needs the platform's door: a person is no business's.

pub mod wishes;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::PersonId;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::{Contact, Person};
use crate::db::{At, RowId as _};

/// Those who only named an address or number and may log in with it: each costs the work of looking at a password.
const MOST_WISHING: i64 = 8;

/// What keeps an address or number from anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// That somebody has shown it to be theirs; before that it is a wish, and several may have the same.
    ByProof,
    /// That somebody named it first, where nobody can show that it is theirs.
    ByName,
}

/// Lets nobody else take this address or number until the transaction ends: of two who show that it is theirs at once, one is the first.
async fn take_turn(conn: &mut PgConnection, contact: &Contact) -> sqlx::Result<()> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('contact:' || coalesce($1::text, $2::text), 0))",
        contact.email(),
        contact.phone(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds a person with what is kept of the password; says whether this address or number was free for them.
///
/// # Errors
/// When the database refuses.
pub async fn insert(
    conn: &mut PgConnection,
    person: &Person,
    password: &str,
    kept: Kept,
    now: Timestamp,
) -> sqlx::Result<bool> {
    take_turn(conn, &person.contact).await?;
    let added = sqlx::query!(
        "insert into people (id, name, email, phone, password, created_at)
         select $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::timestamptz
         where not exists (select from people where (email = $3::text and ($7::boolean or email_proven_at is not null))
                                                 or (phone = $4::text and ($7::boolean or phone_proven_at is not null)))",
        person.id.uuid(),
        person.name,
        person.contact.email(),
        person.contact.phone(),
        password,
        At(now) as At,
        kept == Kept::ByName,
    )
    .execute(conn)
    .await?;
    Ok(added.rows_affected() == 1)
}

/// What a person proves themselves with, as the columns have it.
#[derive(Clone)]
pub struct Proofs {
    /// Who.
    pub person: PersonId,
    /// What is kept of the password.
    pub password: String,
    /// The second factor, sealed, and the last step used.
    pub totp: Option<(String, i64)>,
    /// Since when they have it.
    pub totp_since: Option<Timestamp>,
}

/// Finds who has shown this address or number to be theirs; while nobody has, those who named it: first whose browser has this mark, then who came
/// first.
///
/// # Errors
/// When the database is away.
pub async fn by_contact(
    conn: &mut PgConnection,
    contact: &Contact,
    mark: Option<&[u8; 32]>,
) -> sqlx::Result<Vec<Proofs>> {
    let mut rows = sqlx::query!(
        r#"select id, password, totp_secret, totp_step, totp_since,
                  case when email = $1 then email_proven_at else phone_proven_at end is not null as "is_proven!"
           from people where email = $1 or phone = $2
           order by 6 desc, exists (select from known_browsers k where k.token_hash = $3 and k.person_id = people.id) desc, created_at, id
           limit $4"#,
        contact.email(),
        contact.phone(),
        mark.map(|hash| hash.as_slice()),
        MOST_WISHING,
    )
    .fetch_all(conn)
    .await?;
    if rows.first().is_some_and(|row| row.is_proven) {
        rows.truncate(1);
    }
    let proofs = rows.into_iter().map(|row| Proofs {
        person: PersonId::from_uuid(row.id),
        password: row.password,
        totp: row.totp_secret.zip(row.totp_step),
        totp_since: row.totp_since.map(|at| at.0),
    });
    Ok(proofs.collect())
}

/// How many links for a new password people may have open at a time.
#[derive(Clone, Copy, Debug)]
pub struct MostOpen {
    /// Of whoever has an address.
    pub by_mail: i64,
    /// Of whoever has a number alone.
    pub by_sms: i64,
}

/// To whom links for a new password go that are asked for by an address or number.
///
/// To who has shown it to be theirs; while nobody has, to those who named it, whoever has waited longest since they had one, or since they came. So
/// each has their turn, however many they are or come meanwhile.
///
/// Those to whom none can go stand in nobody's way: who has enough of them, who is written to elsewhere, and who has no business to be texted by.
///
/// # Errors
/// When the database is away.
pub async fn next_to_link(
    conn: &mut PgConnection,
    contact: &Contact,
    now: Timestamp,
    open: MostOpen,
    most: i64,
) -> sqlx::Result<Vec<PersonId>> {
    let ids = sqlx::query_scalar!(
        "select p.id from people p
         where (p.email = $1
                or (p.phone = $2 and (p.email is null or p.phone_proven_at is not null
                                      or exists (select from people e where e.email = p.email and e.id <> p.id and e.email_proven_at is not null))))
           and ((p.email = $1 and p.email_proven_at is not null) or (p.phone = $2 and p.phone_proven_at is not null)
                or not exists (select from people o where (o.email = $1 and o.email_proven_at is not null)
                                                       or (o.phone = $2 and o.phone_proven_at is not null)))
           and (p.email is not null or exists (select from staff s where s.person_id = p.id and s.ended_at is null))
           and (select count(*) from resets r where r.person_id = p.id and r.used_at is null and r.expires_at > $3)
               < case when p.email is null then $4::bigint else $5::bigint end
         order by greatest(p.created_at, (select max(r.created_at) from resets r where r.person_id = p.id)), p.id
         limit $6",
        contact.email(),
        contact.phone(),
        At(now),
        open.by_sms,
        open.by_mail,
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PersonId::from_uuid).collect())
}

/// What one person proves themselves with.
///
/// # Errors
/// When the database is away.
pub async fn proofs(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Option<Proofs>> {
    let row = sqlx::query!(
        "select password, totp_secret, totp_step, totp_since from people where id = $1",
        person.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Proofs {
        person,
        password: row.password,
        totp: row.totp_secret.zip(row.totp_step),
        totp_since: row.totp_since.map(|at| at.0),
    }))
}

/// Whether somebody still has what they proved themselves with; it stays so until the transaction ends.
///
/// # Errors
/// When the database is away.
pub async fn still_has(conn: &mut PgConnection, proved: &Proofs) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "select id from people where id = $1 and password = $2 and (totp_secret is not null) = $3 for share",
        proved.person.uuid(),
        proved.password,
        proved.totp.is_some(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.is_some())
}

/// Finds one person.
///
/// # Errors
/// When the database is away, or the row has neither address nor number.
pub async fn person(conn: &mut PgConnection, id: PersonId) -> sqlx::Result<Option<Person>> {
    let row = sqlx::query!(
        "select name, email, phone from people where id = $1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Person {
            id,
            name: row.name,
            contact: contact(row.email, row.phone)?,
        })
    })
    .transpose()
}

/// How a person's two columns read.
///
/// # Errors
/// When neither holds anything.
pub fn contact(email: Option<String>, phone: Option<String>) -> sqlx::Result<Contact> {
    match (email, phone) {
        (Some(email), _) => Ok(Contact::Email(email)),
        (None, Some(phone)) => phone
            .parse()
            .map(Contact::Phone)
            .map_err(|_| sqlx::Error::Decode("people.phone holds no number".into())),
        (None, None) => Err(sqlx::Error::Decode(
            "a row of people has neither email nor phone".into(),
        )),
    }
}

/// Both ways a person is reached, as the columns have them.
///
/// # Errors
/// When the database is away.
pub async fn contacts(
    conn: &mut PgConnection,
    id: PersonId,
) -> sqlx::Result<(Option<String>, Option<String>)> {
    let row = sqlx::query!("select email, phone from people where id = $1", id.uuid())
        .fetch_optional(conn)
        .await?;
    Ok(row.map_or((None, None), |row| (row.email, row.phone)))
}

/// Gives a person another address, or another number, with the moment at which it was shown to be theirs; says whether it was free for them.
///
/// What is shown is kept from them by nobody who did not show it; what is not, by whoever named it.
///
/// # Errors
/// When the database refuses.
pub async fn set_contact(
    conn: &mut PgConnection,
    id: PersonId,
    contact: &Contact,
    proven: Option<Timestamp>,
) -> sqlx::Result<bool> {
    take_turn(conn, contact).await?;
    let changed = sqlx::query!(
        "update people set email = coalesce($2, email), phone = coalesce($3, phone),
                email_proven_at = case when $2::text is null then email_proven_at
                                       when email = $2 then coalesce($4::timestamptz, email_proven_at) else $4::timestamptz end,
                phone_proven_at = case when $3::text is null then phone_proven_at
                                       when phone = $3 then coalesce($4::timestamptz, phone_proven_at) else $4::timestamptz end
         where id = $1
           and not exists (select from people other
                           where other.id <> $1
                             and ((other.email = $2 and ($4::timestamptz is null or other.email_proven_at is not null))
                                  or (other.phone = $3 and ($4::timestamptz is null or other.phone_proven_at is not null))))",
        id.uuid(),
        contact.email(),
        contact.phone(),
        proven.map(At),
    )
    .execute(conn)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// What of a person was shown to be theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proven {
    /// Their address.
    pub email: bool,
    /// Their number.
    pub phone: bool,
}

/// What of a person was shown to be theirs.
///
/// # Errors
/// When the database is away.
pub async fn proven(conn: &mut PgConnection, id: PersonId) -> sqlx::Result<Proven> {
    let row = sqlx::query!(
        r#"select email_proven_at is not null as "email!", phone_proven_at is not null as "phone!" from people where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or_else(Proven::default, |row| Proven {
        email: row.email,
        phone: row.phone,
    }))
}

/// Takes an address or number from all others who never showed that it is theirs and have another way to be reached; says from whom.
///
/// # Errors
/// When the database refuses.
pub async fn free(
    conn: &mut PgConnection,
    contact: &Contact,
    but: PersonId,
) -> sqlx::Result<Vec<PersonId>> {
    take_turn(conn, contact).await?;
    let ids = sqlx::query_scalar!(
        "update people set email = case when email = $1 then null else email end, phone = case when phone = $2 then null else phone end
         where id <> $3 and ((email = $1 and email_proven_at is null and phone is not null)
                             or (phone = $2 and phone_proven_at is null and email is not null))
         returning id",
        contact.email(),
        contact.phone(),
        but.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PersonId::from_uuid).collect())
}

/// Changes what is kept of a password.
///
/// # Errors
/// When the database refuses.
pub async fn set_password(
    conn: &mut PgConnection,
    person: PersonId,
    password: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set password = $2 where id = $1",
        person.uuid(),
        password
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Sets or takes away the second factor.
///
/// # Errors
/// When the database refuses.
pub async fn set_totp(
    conn: &mut PgConnection,
    person: PersonId,
    totp: Option<(&str, i64)>,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set totp_secret = $2, totp_step = $3, totp_since = $4 where id = $1",
        person.uuid(),
        totp.map(|(secret, _)| secret),
        totp.map(|(_, step)| step),
        totp.map(|_| At(now)),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Uses up a step of the second factor; says whether it and all after it were unused.
///
/// # Errors
/// When the database refuses.
pub async fn use_step(conn: &mut PgConnection, person: PersonId, step: i64) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        "update people set totp_step = $2 where id = $1 and totp_step < $2",
        person.uuid(),
        step,
    )
    .execute(conn)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// Makes these the only recovery codes that work.
///
/// # Errors
/// When the database refuses.
pub async fn replace_recovery_codes(
    conn: &mut PgConnection,
    person: PersonId,
    hashes: &[Vec<u8>],
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update recovery_codes set used_at = $2 where person_id = $1 and used_at is null",
        person.uuid(),
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "insert into recovery_codes (person_id, code_hash, created_at) select $1, hash, $3 from unnest($2::bytea[]) as hash",
        person.uuid(),
        hashes,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Uses up a recovery code; says whether there was such a one.
///
/// # Errors
/// When the database refuses.
pub async fn use_recovery_code(
    conn: &mut PgConnection,
    person: PersonId,
    hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<bool> {
    let used = sqlx::query!(
        "update recovery_codes set used_at = $3 where person_id = $1 and code_hash = $2 and used_at is null",
        person.uuid(),
        hash,
        At(now),
    )
    .execute(conn)
    .await?;
    Ok(used.rows_affected() == 1)
}

/// How many recovery codes are left.
///
/// # Errors
/// When the database is away.
pub async fn recovery_codes_left(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<i64> {
    let left = sqlx::query_scalar!(
        "select count(*) from recovery_codes where person_id = $1 and used_at is null",
        person.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(left.unwrap_or(0))
}

/// What is stored sealed after an id, in the order of ids, for whoever seals it anew.
///
/// # Errors
/// When the database is away.
pub async fn lock_sealed(
    conn: &mut PgConnection,
    after: Option<PersonId>,
    limit: u16,
) -> sqlx::Result<Vec<(PersonId, String)>> {
    let rows = sqlx::query!(
        r#"select id, totp_secret as "sealed!" from people where totp_secret is not null and id > $1 order by id limit $2 for update"#,
        after.map_or(Uuid::nil(), |id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId::from_uuid(row.id), row.sealed))
        .collect())
}

/// Stores it sealed anew.
///
/// # Errors
/// When the database refuses.
pub async fn set_sealed(conn: &mut PgConnection, id: PersonId, sealed: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update people set totp_secret = $2 where id = $1",
        id.uuid(),
        sealed
    )
    .execute(conn)
    .await
    .map(drop)
}
