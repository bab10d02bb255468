//! All SQL of who is told what.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId, StaffId};
use sqlx::PgConnection;

use super::{Colleague, Topic};
use crate::db::{At, RowId as _};
use crate::providers::mail::store::spoken;

/// People asked for at once; a business with more has other problems.
const MOST: i64 = 200;

/// Everybody who works here, with what they chose to be told.
///
/// # Errors
/// When the database is away.
pub async fn colleagues(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Vec<Colleague>> {
    let rows = sqlx::query!(
        r#"select s.id, s.person_id, s.role, p.name, p.email, p.language,
                  site.by_mail as "site?", money.by_mail as "money?", summary.by_mail as "summary?"
           from staff s join people p on p.id = s.person_id
           left join notice_choices site on site.provider_id = s.provider_id and site.person_id = s.person_id and site.topic = 'site'
           left join notice_choices money on money.provider_id = s.provider_id and money.person_id = s.person_id and money.topic = 'money'
           left join notice_choices summary on summary.provider_id = s.provider_id and summary.person_id = s.person_id and summary.topic = 'summary'
           where s.provider_id = $1 and s.ended_at is null order by s.created_at, s.id limit $2"#,
        provider.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Colleague {
                staff: StaffId::from_uuid(row.id),
                person: PersonId::from_uuid(row.person_id),
                name: row.name,
                email: row.email,
                language: spoken(&row.language),
                role: row.role.parse().map_err(|_| {
                    sqlx::Error::Decode(
                        "a word in staff.role that this program does not know".into(),
                    )
                })?,
                chosen: [
                    (Topic::Site, row.site),
                    (Topic::Money, row.money),
                    (Topic::Summary, row.summary),
                ],
            })
        })
        .collect()
}

/// Notes what somebody is told of a topic.
///
/// # Errors
/// When the database refuses.
pub async fn choose(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    topic: Topic,
    by_mail: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notice_choices (provider_id, person_id, topic, by_mail, changed_at) values ($1, $2, $3, $4, $5)
         on conflict (provider_id, person_id, topic) do update set by_mail = excluded.by_mail, changed_at = excluded.changed_at",
        provider.uuid(),
        person.uuid(),
        topic.word(),
        by_mail,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The businesses of which a person is an owner.
///
/// # Errors
/// When the database is away.
pub async fn owned_by(conn: &mut PgConnection, person: PersonId) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        "select provider_id from staff where person_id = $1 and role = 'owner' and ended_at is null order by created_at, id limit $2",
        person.uuid(),
        MOST,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}

/// The next businesses in which somebody wants the day's summary: any who chose it, by id.
///
/// # Errors
/// When the database is away.
pub async fn summarised(
    conn: &mut PgConnection,
    after: Option<ProviderId>,
    most: i64,
) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        "select distinct provider_id from notice_choices where topic = 'summary' and by_mail and ($1::uuid is null or provider_id > $1)
         order by provider_id limit $2",
        after.map(|id| id.uuid()),
        most,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}
