//! Whether whoever signs up is in business at once: a rule the platform's admins set. Who is not waits for them, and they are told.

use mnara_protocol::clock::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::state::State;
use super::store;
use crate::app::App;
use crate::jobs::{NewJob, enqueue};

/// The kind of the job that tells the platform's staff who waits for them.
pub const TELL: &str = "sign-up-notices";

/// The rule.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// An admin looks at each.
    #[default]
    ByHand,
    /// At once, up to so many a day; who comes after that waits for an admin.
    AtOnce {
        /// How many in any 24 hours.
        a_day: u32,
    },
}

impl Admission {
    /// How a business stands that signs up now.
    #[must_use]
    pub fn judge(self, in_the_last_day: i64) -> State {
        match self {
            Self::AtOnce { a_day } if in_the_last_day < i64::from(a_day) => State::Active,
            Self::AtOnce { .. } | Self::ByHand => State::Pending,
        }
    }
}

/// How a business stands that signs up now.
///
/// # Errors
/// When the database is away.
pub async fn admit(conn: &mut PgConnection, now: Timestamp) -> sqlx::Result<State> {
    let rule = store::admission(conn).await?;
    let since = Timestamp::from_secs(now.as_secs() - 86_400);
    Ok(rule.judge(store::opened_since(conn, since).await?))
}

/// Has the platform's staff told that somebody waits, in the caller's transaction; they hear of it by mail alone.
///
/// # Errors
/// When the database refuses.
pub async fn tell(app: &App, conn: &mut PgConnection) -> sqlx::Result<()> {
    if !app.rails.mail.is_set_up() {
        return Ok(());
    }
    let job = NewJob {
        kind: TELL,
        key: "platform",
        payload: json!({}),
        run_at: app.clock.now(),
    };
    enqueue(conn, None, job, app).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_sign_ups_waits_for_a_person() {
        assert_eq!(Admission::ByHand.judge(0), State::Pending);
        let at_once = Admission::AtOnce { a_day: 20 };
        assert_eq!(at_once.judge(19), State::Active);
        assert_eq!(at_once.judge(20), State::Pending);
    }

    #[test]
    fn the_rule_is_stored_as_it_is_read() {
        for rule in [Admission::ByHand, Admission::AtOnce { a_day: 3 }] {
            let stored = serde_json::to_value(rule).unwrap();
            assert_eq!(serde_json::from_value::<Admission>(stored).unwrap(), rule);
        }
    }
}
