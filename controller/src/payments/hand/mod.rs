//! Paying by hand: from the phone's own menu to the paybill or till, without having been asked.
//!
//! At a paybill the device's code is the account; a till asks for none, so its money is told by the number and the amount of who asked, and
//! by a claim where that does not say. Money that is nobody's is in the queue.

pub mod ask;
pub mod claim;
pub mod code;
pub mod settle;
pub mod store;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{Mac, PlanId, ProviderId, SiteId};
use mnara_protocol::money::Money;
use mnara_protocol::plan::Plan;
use sqlx::PgConnection;

use crate::app::App;
use crate::audit::Actor;
use crate::providers::c2b::{self, C2bError, Choice};
use crate::rails::daraja::Registered;
use crate::rails::msisdn::Msisdn;
use crate::tickets::feed::FeedError;
use crate::tickets::refresh::{every_site, every_site_if_it_can};

/// How long after it was shown how to pay at a till a device is still taken for who pays.
pub const PAYS_WITHIN: Duration = Duration::from_secs(2 * 3600);
/// How long a receipt that was claimed too early is remembered.
pub const CLAIM_KEPT: Duration = Duration::from_secs(24 * 3600);
/// For how long, in seconds, it is kept what a device was to pay, from which number, and which receipt it named.
///
/// Longer than both of the above, than a confirmation may be late and than a receipt that was named is shown to people. After that its code
/// brings its voucher all the same; only a number that the rail hides stays hidden.
pub const EXPECTED_SECS: i64 = 30 * 86_400;
/// A code that nobody asked for or paid by for so long, in seconds, is another device's.
pub const KEPT_SECS: i64 = 180 * 86_400;

/// A device that pays by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// Where it is.
    pub site: SiteId,
    /// The device.
    pub mac: Mac,
    /// The plan it chose last.
    pub plan: Option<PlanId>,
    /// The number it said it pays with.
    pub phone: Option<Msisdn>,
}

/// The plan that an amount buys.
///
/// The rule: the one of that price which the device chose last; else the first of that price, in the order of the page, that is sold now;
/// else the first of that price that is sold at all. An amount that is no plan's price buys nothing by itself.
#[must_use]
pub fn choose(
    plans: &[Plan],
    chosen: Option<PlanId>,
    amount: Money,
    now: Timestamp,
) -> Option<&Plan> {
    let costs_so = |plan: &&Plan| plan.price == amount && plan.on_sale;
    let fitting = || plans.iter().filter(costs_so);
    fitting()
        .find(|plan| Some(plan.id) == chosen)
        .or_else(|| fitting().find(|plan| plan.is_sold_at(now)))
        .or_else(|| fitting().next())
}

/// The one device there is among those that may have paid; of several nobody can tell.
#[must_use]
pub fn only(mut payers: Vec<Payer>) -> Option<Payer> {
    payers.sort_by_key(|payer| (payer.site, payer.mac));
    // The latest word of a device about its plan stands first.
    payers.dedup_by_key(|payer| (payer.site, payer.mac));
    let mut payers = payers.into_iter();
    payers.next().filter(|_| payers.next().is_none())
}

/// Why nothing was registered, or nobody was told.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// Nothing was registered.
    #[error(transparent)]
    C2b(#[from] C2bError),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
    /// The database refused.
    #[error("the sites could not be told")]
    Database(#[from] sqlx::Error),
}

/// Registers the addresses of a business, and tells its sites that customers may pay by hand if so.
///
/// It goes on even if whoever asked goes away: M-PESA takes addresses once, and afterwards ours would look to us like somebody else's.
///
/// # Errors
/// [`NotOpened`].
pub async fn open(
    app: &App,
    provider: ProviderId,
    choice: Choice,
    actor: Actor,
) -> Result<Registered, NotOpened> {
    let opening = app.tasks.spawn({
        let app = app.clone();
        async move { register(&app, provider, choice, actor).await }
    });
    opening.await.unwrap_or(Err(NotOpened::Ending))
}

async fn register(
    app: &App,
    provider: ProviderId,
    choice: Choice,
    actor: Actor,
) -> Result<Registered, NotOpened> {
    let done = c2b::register(app, provider, choice, actor).await?;
    let mut tx = app.db.tenant(provider).await?;
    every_site(app, &mut tx, provider).await?;
    tx.commit().await?;
    Ok(done)
}

/// Takes in that a payment to a shortcode was told of: from the first one on it is known that they are.
///
/// # Errors
/// When the database refuses.
pub async fn heard(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    shortcode: &str,
) -> sqlx::Result<()> {
    if c2b::store::heard(conn, provider, shortcode, app.clock.now()).await? {
        every_site_if_it_can(app, conn, provider).await?;
    }
    Ok(())
}
