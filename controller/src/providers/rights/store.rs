//! All SQL of what a business may do with what it has paid for.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::{Feature, Rights};
use crate::db::{At, RowId as _};

/// What a business may do.
///
/// # Errors
/// When the database is away.
pub async fn rights(conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<Rights> {
    let row = sqlx::query!(
        "select due_at, restricted_from, features, most_sites from provider_rights where provider_id = $1",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or_else(Rights::default, |row| {
        read(
            row.due_at,
            row.restricted_from,
            row.features,
            row.most_sites,
        )
    }))
}

/// Reads the columns, wherever they were joined.
#[must_use]
pub fn read(
    due: Option<At>,
    restricted_from: Option<At>,
    features: Option<Vec<String>>,
    most_sites: Option<i32>,
) -> Rights {
    Rights {
        due: due.map(|at| at.0),
        restricted_from: restricted_from.map(|at| at.0),
        features: features.map(|words| known(&words)),
        most_sites: most_sites.map(i32::unsigned_abs),
    }
}

/// The features that words name. One that this program does not know is of a newer, which runs beside it during an upgrade: it opens nothing here,
/// and closes nothing.
#[must_use]
pub fn known(words: &[String]) -> Vec<Feature> {
    let named = Feature::ALL.iter().copied();
    named
        .filter(|feature| words.iter().any(|word| word == feature.word()))
        .collect()
}

/// Writes what a business may do from now on.
///
/// # Errors
/// When the database refuses.
pub async fn set(
    conn: &mut PgConnection,
    provider: ProviderId,
    rights: &Rights,
    now: Timestamp,
) -> sqlx::Result<()> {
    let features: Option<Vec<String>> = rights.features.as_ref().map(|features| {
        let words = features.iter().map(|feature| feature.word().to_owned());
        words.collect()
    });
    sqlx::query!(
        "insert into provider_rights (provider_id, due_at, restricted_from, features, most_sites, changed_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (provider_id) do update set due_at = excluded.due_at, restricted_from = excluded.restricted_from,
             features = excluded.features, most_sites = excluded.most_sites, changed_at = excluded.changed_at",
        provider.uuid(),
        rights.due.map(At) as Option<At>,
        rights.restricted_from.map(At) as Option<At>,
        features.as_deref(),
        rights.most_sites.and_then(|most| i32::try_from(most).ok()),
        At(now),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How many sites a business may have, held until the transaction that makes one is over; none for any number.
///
/// # Errors
/// When the database is away.
pub async fn hold_sites(
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<Option<u16>> {
    let most = sqlx::query_scalar!(
        "select most_sites from provider_rights where provider_id = $1 for update",
        provider.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    // A number that no page could list is none.
    Ok(most.flatten().and_then(|most| u16::try_from(most).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_of_a_newer_program_shuts_nobody_out() {
        let words = ["webhooks", "of-a-newer", "api-access"].map(ToOwned::to_owned);
        let rights = read(None, None, Some(words.to_vec()), None);
        assert!(rights.allows(Feature::Webhooks) && rights.allows(Feature::ApiAccess));
        assert!(!rights.allows(Feature::CustomPortal));
        assert_eq!(read(None, None, None, None), Rights::default());
    }
}
