//! Whether a provider may sell: the one thing sellers read of the subscription and of the M-PESA account.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::store;

/// Whether a provider may sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Open,
    /// It has no M-PESA account yet.
    NoAccount,
    /// Its subscription has run out.
    Lapsed {
        /// When.
        since: Timestamp,
    },
}

/// Judges a provider's standing. A provider that never subscribed has not been asked to yet: it may sell.
#[must_use]
pub fn judge(has_account: bool, subscribed_until: Option<Timestamp>, now: Timestamp) -> Standing {
    match subscribed_until {
        Some(since) if since <= now => Standing::Lapsed { since },
        _ if !has_account => Standing::NoAccount,
        _ => Standing::Open,
    }
}

/// Reads a provider's standing.
///
/// # Errors
/// When the database is away.
pub async fn standing(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<Standing> {
    let has_account = store::account(conn, provider).await?.is_some();
    let until = store::subscribed_until(conn, provider).await?;
    Ok(judge(has_account, until, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lapsed_subscription_closes_sales_and_none_at_all_does_not() {
        let now = Timestamp::from_secs(1_800_000_000);
        assert_eq!(judge(true, None, now), Standing::Open);
        assert_eq!(judge(true, Some(now.plus_secs(1)), now), Standing::Open);
        assert_eq!(judge(true, Some(now), now), Standing::Lapsed { since: now });
        assert_eq!(judge(false, None, now), Standing::NoAccount);
    }
}
