//! Printing a series: a key, its codes as ticket rows, and one feed row for each site that will honour them, in one transaction.

use futures_util::FutureExt as _;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PlanId, ProviderId, SeriesId, SiteId};
use mnara_protocol::money::Money;
use mnara_protocol::ticket::login;
use mnara_protocol::ticket::series::{
    Alphabet, BadForm, Crowded, CutOff, MAX_SKIPPED, SeriesKey, check_form, code,
    guesses_per_site_year, ticket_id,
};
use serde_json::json;
use sqlx::PgConnection;
use thiserror::Error;

use super::feed::{self, FeedError};
use super::store::{self, KEY, PrintedTicket, SeriesRow};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::sealed::{NotRenewed, renew};
use crate::fleet;
use crate::plans;
use crate::providers::standing::may_sell;

/// The most tickets of one series.
pub const MOST: u32 = 100_000;
/// Rows written by one statement.
const CHUNK: usize = 5_000;

/// What a person wants printed.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The id it gets, where the same wish may come twice; else a fresh one.
    pub id: Option<SeriesId>,
    /// What each ticket gives.
    pub plan: PlanId,
    /// How many.
    pub count: u32,
    /// Letters of the codes.
    pub alphabet: Alphabet,
    /// Length of the codes, prefix included.
    pub length: u8,
    /// What every code begins with.
    pub prefix: String,
    /// Where it is at home.
    pub home: SiteId,
    /// Other sites that honour it.
    pub sites: Vec<SiteId>,
    /// What holds while cut off.
    pub cut_off: CutOff,
    /// How long unused ones stay good; else as the plan says.
    pub sell_by_secs: Option<u32>,
}

/// Unused vouchers stay good for an hour to ten years.
pub const SELL_BY_SECS: std::ops::RangeInclusive<u32> = 3_600..=315_360_000;

/// What somebody wins who tries codes at one site all year.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Risk {
    /// Codes of this form that could be found.
    pub live: u64,
    /// How many of them would be.
    pub expected: f64,
    /// What those are worth, in shillings.
    pub shillings: f64,
}

impl Risk {
    /// Whether codes of this form may be printed.
    #[must_use]
    pub fn is_small(&self) -> bool {
        self.expected <= 1.0
    }
}

/// Why nothing was printed. Each says what to do.
#[derive(Debug, Error)]
pub enum PrintError {
    /// Too few or too many tickets.
    #[error("print 1 to {MOST} tickets at a time")]
    Count,
    /// The codes cannot look so.
    #[error(transparent)]
    Form(#[from] BadForm),
    /// Somebody who tries codes all year would find one.
    #[error(
        "codes this short could be guessed ({expected:.1} a year at one site; at most 1 is allowed): choose longer codes or print fewer"
    )]
    Guessable {
        /// Codes expected to be found in a year of trying at one site.
        expected: f64,
    },
    /// Nearly all codes of this form are taken.
    #[error(transparent)]
    Crowded(#[from] Crowded),
    /// The platform has not let the business in yet, or has stopped it.
    #[error("this business may not sell now")]
    Shut,
    /// There is no such plan.
    #[error("there is no such plan")]
    NoPlan,
    /// There is no such site.
    #[error("there is no site {0}")]
    NoSite(SiteId),
    /// Unused vouchers would stay good for too short or too long.
    #[error("let unused vouchers stay good between an hour and ten years")]
    SellBy,
    /// A series of this id is there already.
    #[error("{0} is printed already")]
    Again(SeriesId),
    /// The sites could not be told.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// The database refused.
    #[error("the series could not be stored")]
    Database(#[from] sqlx::Error),
}

/// A printed series with its tickets.
#[derive(Clone, Debug)]
pub struct Printout {
    /// The series.
    pub series: SeriesRow,
    /// Its tickets in order of their number.
    pub tickets: Vec<PrintedTicket>,
}

/// Says what somebody would win who tries codes at one site, once these are printed beside those that are out.
///
/// # Errors
/// When there cannot be such a batch.
pub async fn risk(
    conn: &mut PgConnection,
    provider: ProviderId,
    batch: &Batch,
    price: Money,
    now: Timestamp,
) -> Result<Risk, PrintError> {
    if !(1..=MOST).contains(&batch.count) {
        return Err(PrintError::Count);
    }
    let free = check_form(&batch.prefix, batch.alphabet, batch.length)?;
    let live = store::live_codes(conn, provider, batch.alphabet, batch.length, now).await?
        + u64::from(batch.count);
    let expected = guesses_per_site_year(live, batch.alphabet, free);
    // Prices have at most ten digits, which a float holds exactly.
    let cents = u32::try_from(price.cents()).map_or(f64::MAX, f64::from);
    Ok(Risk {
        live,
        expected,
        shillings: expected * cents / 100.0,
    })
}

/// Prints a series. The same wish with the same id prints nothing twice.
///
/// # Errors
/// [`PrintError`]; nothing is stored then.
pub async fn print(
    app: &App,
    provider: ProviderId,
    batch: &Batch,
    actor: Actor,
) -> Result<Printout, PrintError> {
    let mut tx = app.db.tenant(provider).await?;
    let printout = print_in(app, &mut tx, provider, batch, actor).await?;
    tx.commit().await?;
    Ok(printout)
}

/// Prints a series in the caller's transaction, which commits next: telling the sites is a transaction's last step.
///
/// # Errors
/// [`PrintError`]; the transaction is of no use then.
pub async fn print_in(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    batch: &Batch,
    actor: Actor,
) -> Result<Printout, PrintError> {
    let now = app.clock.now();
    if !may_sell(conn, provider, now).await? {
        return Err(PrintError::Shut);
    }
    let plan = plans::store::plan(conn, provider, batch.plan)
        .await?
        .ok_or(PrintError::NoPlan)?;
    let mut sites = batch.sites.clone();
    sites.push(batch.home);
    sites.sort_unstable();
    sites.dedup();
    for site in &sites {
        if fleet::store::open_site(conn, provider, *site)
            .await?
            .is_none()
        {
            return Err(PrintError::NoSite(*site));
        }
    }
    if batch
        .sell_by_secs
        .is_some_and(|secs| !SELL_BY_SECS.contains(&secs))
    {
        return Err(PrintError::SellBy);
    }
    let risk = risk(conn, provider, batch, plan.price, now).await?;
    if !risk.is_small() {
        // The same wish again: what it printed counts among the codes that are out.
        if let Some(id) = batch.id
            && store::series_row(conn, provider, id).await?.is_some()
        {
            return Err(PrintError::Again(id));
        }
        let expected = risk.expected;
        return Err(PrintError::Guessable { expected });
    }
    let sell_by = batch.sell_by_secs.or(plan.sell_by_secs);
    let key = SeriesKey::from_bytes(app.entropy.bytes());
    let mut series = SeriesRow {
        id: batch
            .id
            .unwrap_or_else(|| SeriesId::new(now, app.entropy.bytes())),
        plan: plan.id,
        plan_name: plan.name.clone(),
        price: plan.price,
        terms: plan.terms,
        count: batch.count,
        skipped: Vec::new(),
        alphabet: batch.alphabet,
        length: batch.length,
        prefix: batch.prefix.clone(),
        home: batch.home,
        cut_off: batch.cut_off,
        sell_by: sell_by.map(|secs| now.plus_secs(i64::from(secs))),
        key: app.vault.seal(provider, KEY, key.as_bytes()),
        revoked: None,
    };
    if !store::insert_series(conn, provider, &series, now).await? {
        return Err(PrintError::Again(series.id));
    }
    let tickets = insert_tickets(conn, provider, &mut series, &key, now).await?;
    store::set_skipped(conn, provider, series.id, &series.skipped).await?;
    let deed = Deed {
        act: "series",
        subject: &series.id.to_string(),
        before: None,
        after: Some(
            json!({"plan": series.plan_name, "count": series.count, "length": series.length, "sites": sites.len()}),
        ),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    // An agent enrolled meanwhile has its feed written anew after this, to its own key.
    fleet::feed::lock(conn, provider, &sites).await?;
    let mut changes = Vec::new();
    for site in sites {
        store::insert_series_site(conn, provider, series.id, site).await?;
        // A site without an agent gets the series when one is enrolled.
        if let Some(agent) = fleet::store::agent_key(conn, provider, site).await? {
            changes.push(feed::series(app, provider, site, &agent, &series)?);
        }
    }
    fleet::feed::put(conn, provider, changes).await?;
    Ok(Printout { series, tickets })
}

/// Writes the first `count` numbers whose code nobody has; the unique indexes say which those are, so two prints at once cannot collide.
async fn insert_tickets(
    conn: &mut PgConnection,
    provider: ProviderId,
    series: &mut SeriesRow,
    key: &SeriesKey,
    now: Timestamp,
) -> Result<Vec<PrintedTicket>, PrintError> {
    let mut kept = Vec::new();
    let mut next = 0_u32;
    while let Some(missing) = usize::try_from(series.count)
        .ok()
        .map(|count| count - kept.len())
        .filter(|missing| *missing > 0)
    {
        let mut chunk = Vec::with_capacity(missing.min(CHUNK));
        while chunk.len() < missing.min(CHUNK) {
            let code = code(key, &series.prefix, series.alphabet, series.length, next);
            if code.looks_like_mac() {
                series.skipped.push(next);
            } else {
                let router = login::of_printed(&code, key.as_bytes(), next);
                chunk.push(PrintedTicket {
                    id: ticket_id(series.id, next),
                    index: next,
                    code,
                    username: router.username,
                    password: router.password,
                });
            }
            next += 1;
            if series.skipped.len() > MAX_SKIPPED {
                return Err(Crowded.into());
            }
        }
        let mut added = store::insert_printed(conn, provider, series, &chunk, now).await?;
        added.sort_unstable();
        for ticket in chunk {
            if added.binary_search(&ticket.index).is_ok() {
                kept.push(ticket);
            } else {
                series.skipped.push(ticket.index);
            }
        }
        series.skipped.sort_unstable();
        if series.skipped.len() > MAX_SKIPPED {
            return Err(Crowded.into());
        }
    }
    Ok(kept)
}

/// Seals the keys of a provider's series anew where an older key of the ring sealed them; says how many.
///
/// # Errors
/// [`NotRenewed`].
pub async fn reseal(app: &App, provider: ProviderId) -> Result<u32, NotRenewed> {
    renew(
        app,
        (provider.into(), KEY),
        move |conn, after, limit| store::series_keys(conn, provider, after, limit).boxed(),
        move |conn, anew| {
            async move {
                for (id, sealed) in anew {
                    store::set_key(conn, provider, id, &sealed).await?;
                }
                Ok(())
            }
            .boxed()
        },
    )
    .await
}
