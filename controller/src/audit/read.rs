//! Finding lines of the audit again, the newest first.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{DeedId, PersonId, ProviderId};
use serde_json::Value;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::db::RowId as _;

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
    let rows = sqlx::query!(
        r#"select a.id, a.at, a.actor, coalesce(p.name, (select k.name from api_keys k where k.id = a.key_id)) as "name?", a.act, a.subject,
                  a.before, a.after, c.number as "number?"
           from audit a left join people p on p.id = a.person_id left join audit_chain c on c.audit_id = a.id
           where a.provider_id = $1 and ($2::uuid is null or a.person_id = $2) and ($3::text is null or a.act = $3) and a.id >= $4 and a.id < $5
           order by a.id desc limit $6"#,
        provider.uuid(),
        wanted.person.map(|person| person.uuid()),
        wanted.act,
        wanted.first(),
        wanted.end(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
            id: DeedId::from_uuid(row.id),
            at: row.at.0,
            actor: row.actor,
            name: row.name,
            act: row.act,
            subject: row.subject,
            before: row.before,
            after: row.after,
            number: row.number,
            business: None,
        })
        .collect())
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
    let rows = sqlx::query!(
        r#"select a.id, a.at, a.actor, p.name as "name?", a.act, a.subject, a.before, a.after, c.number as "number?", b.business_name as "business?"
           from audit a left join people p on p.id = a.person_id left join audit_chain c on c.audit_id = a.id
           left join providers b on b.id = a.provider_id
           where (a.provider_id is null or a.actor = 'admin') and ($1::uuid is null or a.person_id = $1) and ($2::text is null or a.act = $2)
             and a.id >= $3 and a.id < $4
           order by a.id desc limit $5"#,
        wanted.person.map(|person| person.uuid()),
        wanted.act,
        wanted.first(),
        wanted.end(),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Line {
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
        })
        .collect())
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
