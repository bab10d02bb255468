//! Whether a provider may sell: the one thing sellers read of the subscription and of the M-PESA account.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::rights;
use super::state::State;
use super::store;

/// Whether a provider may sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Open,
    /// The platform has not let it in yet, or has stopped it.
    Shut,
    /// It has no M-PESA account yet.
    NoAccount,
    /// Its subscription has run out, and grace is over.
    Lapsed {
        /// When.
        since: Timestamp,
    },
}

/// Judges a provider's standing. A provider that nobody asks to pay may sell.
#[must_use]
pub fn judge(
    state: State,
    has_account: bool,
    restricted_from: Option<Timestamp>,
    now: Timestamp,
) -> Standing {
    match restricted_from {
        _ if state != State::Active => Standing::Shut,
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
    let Some((state, has_account)) = store::state_and_account(conn, provider).await? else {
        return Ok(Standing::Shut);
    };
    let rights = rights::store::rights(conn, provider).await?;
    Ok(judge(state, has_account, rights.restricted_from, now))
}

/// Whether a provider may give anything away or sell for cash: what needs neither an account at the rail nor a subscription.
///
/// # Errors
/// When the database is away.
pub async fn may_sell(
    conn: &mut PgConnection,
    provider: ProviderId,
    now: Timestamp,
) -> sqlx::Result<bool> {
    Ok(standing(conn, provider, now).await? != Standing::Shut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lapsed_subscription_closes_sales_and_none_at_all_does_not() {
        let now = Timestamp::from_secs(1_800_000_000);
        let judge = |has_account, until, now| judge(State::Active, has_account, until, now);
        assert_eq!(judge(true, None, now), Standing::Open);
        assert_eq!(judge(true, Some(now.plus_secs(1)), now), Standing::Open);
        assert_eq!(judge(true, Some(now), now), Standing::Lapsed { since: now });
        assert_eq!(judge(false, None, now), Standing::NoAccount);
    }

    #[test]
    fn only_a_business_that_was_let_in_sells() {
        let now = Timestamp::from_secs(1_800_000_000);
        for state in State::ALL {
            assert_eq!(
                judge(state, true, None, now) == Standing::Open,
                state == State::Active
            );
        }
    }
}
