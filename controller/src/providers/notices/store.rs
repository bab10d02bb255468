//! All SQL of who is told what.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PersonId, ProviderId, StaffId};
use mnara_protocol::portal::Language;
use sqlx::PgConnection;

use super::{Colleague, Topic, Ways};
use crate::db::{At, RowId as _};
use crate::providers::mail::store::spoken;
use crate::providers::staff::roles::Role;
use crate::rails::msisdn::Msisdn;

/// People asked for at once; a business with more has other problems.
const MOST: i64 = 200;

/// Everybody who works here, with what they chose to be told.
///
/// An address or number that somebody else has shown to be theirs is left out: it is read by them. One that nobody has is not: people hear of their
/// money before they find the link. A phone that was named for the business is as it was named.
///
/// # Errors
/// When the database is away.
pub async fn colleagues(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Vec<Colleague>> {
    let rows = sqlx::query!(
        r#"select s.id, s.person_id, s.role, p.name, p.language, case when not p.email_is_anothers then p.email end as email,
                  coalesce(n.msisdn, case when not p.phone_is_anothers then p.phone end) as phone,
                  array(select c.topic || ':' || c.by_mail || ':' || c.by_sms from notice_choices c
                        where c.provider_id = s.provider_id and c.person_id = s.person_id) as "chosen!"
           from staff s join people p on p.id = s.person_id
           left join notice_phones n on n.provider_id = s.provider_id and n.person_id = s.person_id
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
                phone: row.phone.and_then(|phone| phone.parse().ok()),
                chosen: row.chosen.iter().filter_map(|word| chosen(word)).collect(),
            })
        })
        .collect()
}

/// Reads `site:true:false`; a topic that this program does not know is one of a newer.
fn chosen(word: &str) -> Option<(Topic, Ways)> {
    let mut parts = word.split(':');
    let topic = parts.next()?;
    let topic = Topic::ALL.iter().find(|one| one.word() == topic)?;
    let ways = Ways {
        by_mail: parts.next()? == "true",
        by_sms: parts.next()? == "true",
    };
    Some((*topic, ways))
}

/// Notes by which ways somebody is told of a topic.
///
/// # Errors
/// When the database refuses.
pub async fn choose(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    topic: Topic,
    ways: Ways,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into notice_choices (provider_id, person_id, topic, by_mail, by_sms, changed_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (provider_id, person_id, topic)
         do update set by_mail = excluded.by_mail, by_sms = excluded.by_sms, changed_at = excluded.changed_at",
        provider.uuid(),
        person.uuid(),
        topic.word(),
        ways.by_mail,
        ways.by_sms,
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Names the phone on which somebody gets texts of a business; none takes it away.
///
/// # Errors
/// When the database refuses.
pub async fn set_phone(
    conn: &mut PgConnection,
    provider: ProviderId,
    person: PersonId,
    phone: Option<Msisdn>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let Some(phone) = phone else {
        return sqlx::query!(
            "delete from notice_phones where provider_id = $1 and person_id = $2",
            provider.uuid(),
            person.uuid(),
        )
        .execute(conn)
        .await
        .map(drop);
    };
    sqlx::query!(
        "insert into notice_phones (provider_id, person_id, msisdn, changed_at) values ($1, $2, $3, $4)
         on conflict (provider_id, person_id) do update set msisdn = excluded.msisdn, changed_at = excluded.changed_at",
        provider.uuid(),
        person.uuid(),
        phone.digits(),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The number a person logs in with, what they read, and the business they work in longest, which texts to them are sent for; none where one is missing.
///
/// # Errors
/// When the database is away.
pub async fn own_phone(
    conn: &mut PgConnection,
    person: PersonId,
) -> sqlx::Result<Option<(Msisdn, Language, ProviderId)>> {
    let row = sqlx::query!(
        r#"select p.phone as "phone!", p.language, s.provider_id from people p join staff s on s.person_id = p.id
           where p.id = $1 and p.phone is not null and s.ended_at is null
             and not exists (select from people other
                             where other.phone = p.phone and other.id <> p.id and other.phone_proven_at is not null)
           order by s.created_at, s.id limit 1"#,
        person.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        let provider = ProviderId::from_uuid(row.provider_id);
        Some((row.phone.parse().ok()?, spoken(&row.language), provider))
    }))
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

/// The next businesses in which somebody may hear of a topic, by id: chose to, or is told by their role and chose nothing else.
///
/// # Errors
/// When the database is away.
pub async fn wanted(
    conn: &mut PgConnection,
    topic: Topic,
    after: Option<ProviderId>,
    most: i64,
) -> sqlx::Result<Vec<ProviderId>> {
    let told = Role::ALL.into_iter().filter(|role| topic.is_told(*role));
    let told: Vec<String> = told.map(|role| role.word().to_owned()).collect();
    let rows = sqlx::query_scalar!(
        "select p.id from providers p
         where ($1::uuid is null or p.id > $1)
           and (exists (select from notice_choices c where c.provider_id = p.id and c.topic = $3 and (c.by_mail or c.by_sms))
                or exists (select from staff s where s.provider_id = p.id and s.ended_at is null and s.role = any($4)
                               and not exists (select from notice_choices c
                                               where c.provider_id = p.id and c.person_id = s.person_id and c.topic = $3)))
         order by p.id limit $2",
        after.map(|id| id.uuid()),
        most,
        topic.word(),
        &told,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}
