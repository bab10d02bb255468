//! The pages of the platform's own staff. Each reads through the platform's door, says a reason for it, and shows a template.

pub mod audit;
pub mod offers;
pub mod overview;
pub mod payments;
pub mod providers;
pub mod settings;
pub mod sites;
pub mod subscriptions;
pub mod view;
pub mod webhooks;
pub mod work;

use mnara_protocol::clock::Timestamp;

use crate::fleet::presence::away_before;

const DAY_SECS: i64 = 86_400;
/// The stretch over which revenue and uptime are counted.
const MONTH_DAYS: i64 = 30;
/// The stretch over which a business's prompts tell how it does.
const WEEK_DAYS: i64 = 7;

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    Timestamp::from_secs(now.as_secs() - days * DAY_SECS)
}

fn moments(now: Timestamp) -> super::store::providers::Moments {
    super::store::providers::Moments {
        away: away_before(now),
        week: days_before(now, WEEK_DAYS),
        month: days_before(now, MONTH_DAYS),
        month_before: days_before(now, 2 * MONTH_DAYS),
    }
}
