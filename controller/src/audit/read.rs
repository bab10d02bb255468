//! Finding lines of the audit again, the newest first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{DeedId, PersonId, ProviderId};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::Actor;
use crate::db::{At, RowId as _};

/// People offered to choose from.
const MOST_PEOPLE: i64 = 200;

/// Which lines somebody wants to see.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What this person did.
    pub person: Option<PersonId>,
    /// This was done.
    pub act: Option<String>,
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until before then.
    pub to: Option<Timestamp>,
    /// Older than this line.
    pub before: Option<DeedId>,
}

impl Wanted {
    fn first(&self) -> Uuid {
        // An id begins with its time.
        self.from
            .map_or_else(Uuid::nil, |from| DeedId::new(from, [0; 10]).uuid())
    }

    fn end(&self) -> Uuid {
        let to = self.to.map(|to| DeedId::new(to, [0; 10]));
        let ends = [to, self.before].into_iter().flatten();
        ends.min().map_or_else(Uuid::max, |end| end.uuid())
    }
}

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its id.
    pub id: DeedId,
    /// When.
    pub at: Timestamp,
    /// Who: `staff`, `admin`, `command` or `program`.
    pub actor: String,
    /// Their name, where the reader may know it.
    pub name: Option<String>,
    /// What was done.
    pub act: String,
    /// To what.
    pub subject: String,
    /// How it was.
    pub before: Option<Value>,
    /// How it is.
    pub after: Option<Value>,
    /// Its number in the chain.
    pub number: Option<i64>,
    /// The business's name, for the platform's own staff.
    pub business: Option<String>,
}

struct Row {
    id: Uuid,
    at: At,
    actor: String,
    name: Option<String>,
    act: String,
    subject: String,
    before: Option<Value>,
    after: Option<Value>,
    number: Option<i64>,
    business: Option<String>,
}

impl From<Row> for Line {
    fn from(row: Row) -> Self {
        Self {
            id: DeedId::from_uuid(row.id),
            at: row.at.0,
            actor: row.actor,
            name: row.name,
            act: row.act,
            subject: row.subject,
            before: row.before,
            after: row.after,
            number: row.number,
            business: row.business,
        }
    }
}

/// A business's lines with what else is asked, in so many words: with conditions that may be none PostgreSQL reads all of them and sorts them.
macro_rules! of_provider {
    ($conn:ident, $provider:ident, $wanted:ident, $limit:ident, $narrower:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select a.id, a.at, a.actor, coalesce(p.name, (select k.name from api_keys k where k.id = a.key_id)) as "name?", a.act, a.subject,
                      a.before, a.after, c.number as "number?", null::text as "business?"
               from audit a left join people p on p.id = a.person_id left join audit_chain c on c.audit_id = a.id
               where a.provider_id = $1 and a.id >= $2 and a.id < $3 "#
                + $narrower
                + " order by a.id desc limit $4",
            $provider.uuid(),
            $wanted.first(),
            $wanted.end(),
            i64::from($limit)
            $(, $value)*
        )
        .fetch_all($conn)
        .await?
    };
}

/// What was done in a business.
///
/// # Errors
/// When the database is away.
pub async fn of_provider(
    conn: &mut PgConnection,
    provider: ProviderId,
    wanted: &Wanted,
    limit: u16,
) -> sqlx::Result<Vec<Line>> {
    let person = wanted.person.map(|person| person.uuid());
    let rows = match (person, wanted.act.as_deref()) {
        (None, None) => of_provider!(conn, provider, wanted, limit, ""),
        (None, Some(act)) => of_provider!(conn, provider, wanted, limit, "and a.act = $5", act),
        (Some(person), None) => {
            of_provider!(
                conn,
                provider,
                wanted,
                limit,
                "and a.person_id = $5",
                person
            )
        }
        (Some(person), Some(act)) => of_provider!(
            conn,
            provider,
            wanted,
            limit,
            "and a.person_id = $5 and a.act = $6",
            person,
            act
        ),
    };
    Ok(rows.into_iter().map(Line::from).collect())
}

/// The same of what the platform's own staff reads.
macro_rules! of_platform {
    ($conn:ident, $wanted:ident, $limit:ident, $narrower:literal $(, $value:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select a.id, a.at, a.actor, p.name as "name?", a.act, a.subject, a.before, a.after, c.number as "number?", b.business_name as "business?"
               from audit a left join people p on p.id = a.person_id left join audit_chain c on c.audit_id = a.id
               left join providers b on b.id = a.provider_id
               where (a.provider_id is null or a.actor = 'admin') and a.id >= $1 and a.id < $2 "#
                + $narrower
                + " order by a.id desc limit $3",
            $wanted.first(),
            $wanted.end(),
            i64::from($limit)
            $(, $value)*
        )
        .fetch_all($conn)
        .await?
    };
}

/// What concerns the platform alone, and what its own staff did in any business. It needs the platform's door.
///
/// # Errors
/// When the database is away.
pub async fn of_platform(
    conn: &mut PgConnection,
    wanted: &Wanted,
    limit: u16,
) -> sqlx::Result<Vec<Line>> {
    let person = wanted.person.map(|person| person.uuid());
    let rows = match (person, wanted.act.as_deref()) {
        (None, None) => of_platform!(conn, wanted, limit, ""),
        (None, Some(act)) => of_platform!(conn, wanted, limit, "and a.act = $4", act),
        (Some(person), None) => of_platform!(conn, wanted, limit, "and a.person_id = $4", person),
        (Some(person), Some(act)) => of_platform!(
            conn,
            wanted,
            limit,
            "and a.person_id = $4 and a.act = $5",
            person,
            act
        ),
    };
    Ok(rows.into_iter().map(Line::from).collect())
}

/// Whether somebody did something to a thing of a business since a moment.
///
/// # Errors
/// When the database is away.
pub async fn has_done(
    conn: &mut PgConnection,
    provider: ProviderId,
    actor: Actor,
    (act, subject): (&str, &str),
    since: Timestamp,
) -> sqlx::Result<bool> {
    let (actor, person, key) = actor.columns();
    sqlx::query_scalar!(
        r#"select exists (select from audit where provider_id = $1 and subject = $2 and at >= $3 and act = $4 and actor = $5
                            and person_id is not distinct from $6 and key_id is not distinct from $7) as "done!""#,
        provider.uuid(),
        subject,
        At(since),
        act,
        actor,
        person,
        key,
    )
    .fetch_one(conn)
    .await
}

/// Those who work or worked for a business, by name.
///
/// # Errors
/// When the database is away.
pub async fn people_of(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Vec<(PersonId, String)>> {
    let rows = sqlx::query!(
        "select distinct p.name, p.id from staff s join people p on p.id = s.person_id where s.provider_id = $1 order by p.name, p.id limit $2",
        provider.uuid(),
        MOST_PEOPLE,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId::from_uuid(row.id), row.name))
        .collect())
}

/// Those who work or worked for the platform, by name. It needs the platform's door.
///
/// # Errors
/// When the database is away.
pub async fn people_of_platform(conn: &mut PgConnection) -> sqlx::Result<Vec<(PersonId, String)>> {
    let rows = sqlx::query!(
        "select p.id, p.name from admins a join people p on p.id = a.person_id order by p.name, p.id limit $1",
        MOST_PEOPLE,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (PersonId::from_uuid(row.id), row.name))
        .collect())
}
