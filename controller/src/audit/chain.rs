//! A chain of hashes through what happened, one for each business and one for the platform, so that a line that was changed, taken away, put in
//! or moved by somebody with the database in hand is found.
//!
//! A line waits from its commit until the job chains it, in the order in which lines are found; so nobody who writes one waits for another. The
//! chain's end proves nothing of itself: it is shown and logged, and whoever noted it can compare (`audit verify --number … --hash …`).

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{DeedId, ProviderId};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::app::App;
use crate::db::{At, RowId as _};
use crate::jobs::{Job, Next};

/// The kind of the job.
pub const CHAIN: &str = "audit-chain";
/// How often it looks.
const EVERY_SECS: i64 = 60;
/// Lines chained in one transaction.
const BATCH: i64 = 500;
/// Lines read at once when a chain is proved.
const PAGE: i64 = 1_000;
/// What all chainers of a database lock, so that two make one chain.
const LOCK: i64 = 5_571_902_302;
/// What the hash of every line begins with.
const DOMAIN: &[u8] = b"mnara audit 1\0";
const DAY_SECS: i64 = 86_400;

/// The hash a chain begins with.
pub const START: [u8; 32] = [0; 32];

/// The last link of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many lines it holds.
    pub number: i64,
    /// The hash there.
    pub hash: [u8; 32],
}

/// Everything a line says, as it is hashed.
#[derive(Clone, Debug)]
struct Line {
    id: Uuid,
    provider: Option<Uuid>,
    micros: i64,
    actor: String,
    person: Option<Uuid>,
    act: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
}

fn link(before: &[u8; 32], number: i64, line: &Line) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(before);
    hash.update(number.to_be_bytes());
    hash.update(line.id.as_bytes());
    hash.update(line.micros.to_be_bytes());
    // Each part with its length before it, so that no two lines are the same bytes.
    let mut part = |part: Option<&[u8]>| match part {
        Some(part) => {
            hash.update([1]);
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part);
        }
        None => hash.update([0]),
    };
    part(line.provider.as_ref().map(|id| id.as_bytes().as_slice()));
    part(line.person.as_ref().map(|id| id.as_bytes().as_slice()));
    for text in [&line.actor, &line.act, &line.subject] {
        part(Some(text.as_bytes()));
    }
    part(line.before.as_deref().map(str::as_bytes));
    part(line.after.as_deref().map(str::as_bytes));
    hash.finalize().into()
}

/// Chains what waits, and comes back in a minute.
///
/// # Errors
/// When the database refuses.
pub fn tend<'a>(
    app: &'a App,
    job: &'a Job,
) -> futures_util::future::BoxFuture<'a, anyhow::Result<Next>> {
    Box::pin(async move {
        loop {
            let mut tx = job.begin(app).await?;
            let chained = chain(&mut tx, app.clock.now()).await?;
            tx.commit().await?;
            if chained < BATCH {
                break;
            }
        }
        Ok(Next::Again(app.clock.now().plus_secs(EVERY_SECS)))
    })
}

/// Chains lines that wait, as many as one transaction takes, and says how many. It needs the platform's door.
///
/// # Errors
/// When the database refuses.
pub async fn chain(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<i64> {
    sqlx::query!("select pg_advisory_xact_lock($1)", LOCK)
        .execute(&mut *conn)
        .await?;
    let waiting = sqlx::query_as!(
        Line,
        r#"select a.id, a.provider_id as provider, (extract(epoch from a.at) * 1000000)::bigint as "micros!", a.actor, coalesce(a.person_id, a.key_id) as person,
                  a.act, a.subject, a.before::text as before, a.after::text as after
           from audit_waiting w join audit a on a.id = w.audit_id order by w.audit_id limit $1"#,
        BATCH,
    )
    .fetch_all(&mut *conn)
    .await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let mut heads = heads(conn, &waiting, now).await?;
    let mut new = Vec::with_capacity(waiting.len());
    for line in &waiting {
        let chain = line.provider.unwrap_or_default();
        let start = Head {
            number: 0,
            hash: START,
        };
        let head = heads.entry(chain).or_insert(start);
        head.number += 1;
        head.hash = link(&head.hash, head.number, line);
        new.push((chain, head.number, line.id, head.hash.to_vec()));
    }
    let chains: Vec<Uuid> = new.iter().map(|link| link.0).collect();
    let numbers: Vec<i64> = new.iter().map(|link| link.1).collect();
    let ids: Vec<Uuid> = new.iter().map(|link| link.2).collect();
    let hashes: Vec<Vec<u8>> = new.into_iter().map(|link| link.3).collect();
    sqlx::query!(
        "insert into audit_chain (chain, provider_id, number, audit_id, hash, chained_at)
         select n.chain, nullif(n.chain, '00000000-0000-0000-0000-000000000000'), n.number, n.id, n.hash, $5
         from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bytea[]) as n (chain, number, id, hash)",
        &chains,
        &numbers,
        &ids,
        &hashes,
        At(now),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from audit_waiting where audit_id = any ($1::uuid[])",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(i64::try_from(waiting.len()).unwrap_or(BATCH))
}

/// Where the chains of these lines end now. One whose end is of an earlier day is logged, so that each day's end stands outside the database.
async fn heads(
    conn: &mut PgConnection,
    lines: &[Line],
    now: Timestamp,
) -> sqlx::Result<std::collections::BTreeMap<Uuid, Head>> {
    let mut chains: Vec<Uuid> = lines
        .iter()
        .map(|line| line.provider.unwrap_or_default())
        .collect();
    chains.sort_unstable();
    chains.dedup();
    let rows = sqlx::query!(
        r#"select c.chain as "chain!", h.number, h.hash, h.chained_at from unnest($1::uuid[]) as c (chain)
           cross join lateral (select number, hash, chained_at from audit_chain a where a.chain = c.chain order by number desc limit 1) h"#,
        &chains,
    )
    .fetch_all(conn)
    .await?;
    let mut heads = std::collections::BTreeMap::new();
    for row in rows {
        let head = Head {
            number: row.number,
            hash: hash(&row.hash)?,
        };
        let day = |at: Timestamp| at.as_secs().div_euclid(DAY_SECS);
        if day(row.chained_at.0) < day(now) {
            tracing::info!(
                tenant.id = %ProviderId::from_uuid(row.chain),
                number = head.number,
                hash = hex::encode(head.hash),
                "the audit's chain ended the day so"
            );
        }
        heads.insert(row.chain, head);
    }
    Ok(heads)
}

fn hash(bytes: &[u8]) -> sqlx::Result<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode("a hash of another length".into()))
}

/// Where a chain ends now.
///
/// # Errors
/// When the database is away.
pub async fn head(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
) -> sqlx::Result<Option<Head>> {
    let row = sqlx::query!(
        "select number, hash from audit_chain where chain = $1 order by number desc limit 1",
        chain_of(provider),
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Head {
            number: row.number,
            hash: hash(&row.hash)?,
        })
    })
    .transpose()
}

fn chain_of(provider: Option<ProviderId>) -> Uuid {
    provider.map_or_else(Uuid::nil, |provider| provider.uuid())
}

/// The first thing that is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A link is missing.
    #[error("link {number} of the chain is missing")]
    NoLink {
        /// Its number.
        number: i64,
    },
    /// A line was taken away.
    #[error("line {deed}, number {number}, was taken away")]
    Gone {
        /// Its number.
        number: i64,
        /// The line.
        deed: DeedId,
    },
    /// A line, or its place in the chain, is not what was chained.
    #[error("line {deed}, number {number}, is not what it was, or stands in another's place")]
    Changed {
        /// Its number.
        number: i64,
        /// The line.
        deed: DeedId,
    },
    /// A line was put in beside the program.
    #[error("line {deed} was put in by hand: nothing chained it, and nothing is about to")]
    PutIn {
        /// The line.
        deed: DeedId,
    },
    /// A line was taken away before it was chained.
    #[error("line {deed} was taken away before it was chained")]
    NeverChained {
        /// The line.
        deed: DeedId,
    },
    /// The chain does not hold the link that somebody noted.
    #[error("link {number} is not the one that was noted, or the chain was cut off before it")]
    NotAsNoted {
        /// Its number.
        number: i64,
    },
}

/// What a proof found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proved {
    /// Where the chain ends, as far as it was followed.
    pub head: Head,
    /// The first thing that is wrong.
    pub broken: Option<Broken>,
}

/// Follows a chain from its start and computes it again, and compares it with a link somebody noted. It needs the platform's door.
///
/// # Errors
/// When the database is away.
pub async fn verify(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    noted: Option<Head>,
) -> sqlx::Result<Proved> {
    let mut head = Head {
        number: 0,
        hash: START,
    };
    let mut is_as_noted = noted.is_none();
    let mut broken = None;
    'chain: loop {
        let links = page(conn, provider, head.number).await?;
        let is_last = links.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for (number, deed, stored, line) in links {
            let fault = if number != head.number + 1 {
                let number = head.number + 1;
                Some(Broken::NoLink { number })
            } else {
                match &line {
                    None => Some(Broken::Gone { number, deed }),
                    Some(line) if link(&head.hash, number, line) != stored => {
                        Some(Broken::Changed { number, deed })
                    }
                    Some(_) => None,
                }
            };
            if fault.is_some() {
                broken = fault;
                break 'chain;
            }
            head = Head {
                number,
                hash: stored,
            };
            is_as_noted |= noted == Some(head);
        }
        if is_last {
            break;
        }
    }
    if broken.is_none() {
        broken = match noted {
            Some(noted) if !is_as_noted => Some(Broken::NotAsNoted {
                number: noted.number,
            }),
            _ => stray(conn, provider).await?,
        };
    }
    Ok(Proved { head, broken })
}

type Link = (i64, DeedId, [u8; 32], Option<Line>);

async fn page(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
    after: i64,
) -> sqlx::Result<Vec<Link>> {
    let rows = sqlx::query!(
        r#"select c.number, c.audit_id, c.hash, a.id as "id?", a.provider_id as "provider?", (extract(epoch from a.at) * 1000000)::bigint as micros,
                  a.actor as "actor?", coalesce(a.person_id, a.key_id) as "person?", a.act as "act?", a.subject as "subject?", a.before::text as before, a.after::text as after
           from audit_chain c left join audit a on a.id = c.audit_id where c.chain = $1 and c.number > $2 order by c.number limit $3"#,
        chain_of(provider),
        after,
        PAGE,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let line = match (row.id, row.micros, row.actor, row.act, row.subject) {
                (Some(id), Some(micros), Some(actor), Some(act), Some(subject)) => Some(Line {
                    id,
                    provider: row.provider,
                    micros,
                    actor,
                    person: row.person,
                    act,
                    subject,
                    before: row.before,
                    after: row.after,
                }),
                _ => None,
            };
            Ok((
                row.number,
                DeedId::from_uuid(row.audit_id),
                hash(&row.hash)?,
                line,
            ))
        })
        .collect()
}

/// A line that no chain holds and that does not wait for one, or one that waits and is gone.
async fn stray(
    conn: &mut PgConnection,
    provider: Option<ProviderId>,
) -> sqlx::Result<Option<Broken>> {
    // A line and its place among those that wait come and go in one commit, so one statement sees both or neither.
    let row = sqlx::query!(
        r#"select (select a.id from audit a where coalesce(a.provider_id, '00000000-0000-0000-0000-000000000000') = $1
                     and not exists (select from audit_chain c where c.audit_id = a.id)
                     and not exists (select from audit_waiting w where w.audit_id = a.id) order by a.id limit 1) as put_in,
                  (select w.audit_id from audit_waiting w where coalesce(w.provider_id, '00000000-0000-0000-0000-000000000000') = $1
                     and not exists (select from audit a where a.id = w.audit_id) order by w.audit_id limit 1) as gone"#,
        chain_of(provider),
    )
    .fetch_one(conn)
    .await?;
    Ok(match (row.put_in, row.gone) {
        (Some(id), _) => Some(Broken::PutIn {
            deed: DeedId::from_uuid(id),
        }),
        (None, Some(id)) => Some(Broken::NeverChained {
            deed: DeedId::from_uuid(id),
        }),
        (None, None) => None,
    })
}

/// The chains there are, the platform's among them, after one.
///
/// # Errors
/// When the database is away.
pub async fn chains(
    conn: &mut PgConnection,
    after: Option<ProviderId>,
    limit: u16,
) -> sqlx::Result<Vec<ProviderId>> {
    let rows = sqlx::query_scalar!(
        "select id from providers where $1::uuid is null or id > $1 order by id limit $2",
        after.map(|id| id.uuid()),
        i64::from(limit),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProviderId::from_uuid).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_are_the_same_bytes() {
        let line = Line {
            id: Uuid::nil(),
            provider: None,
            micros: 1,
            actor: "staff".to_owned(),
            person: None,
            act: "role".to_owned(),
            subject: "x".to_owned(),
            before: None,
            after: None,
        };
        let moved = Line {
            act: "rolex".to_owned(),
            subject: String::new(),
            ..line.clone()
        };
        let swapped = Line {
            before: Some("1".to_owned()),
            ..line.clone()
        };
        let after = Line {
            after: Some("1".to_owned()),
            ..line.clone()
        };
        let all = [
            link(&START, 1, &line),
            link(&START, 2, &line),
            link(&[1; 32], 1, &line),
            link(&START, 1, &moved),
            link(&START, 1, &swapped),
            link(&START, 1, &after),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }
}
