//! The queue: money that nobody can be matched to, or that came so late that nobody waits for what it bought. A person says what becomes of
//! it, or it turns out to be a payment's.

pub mod credit;
pub mod pages;
pub mod resolve;
pub mod store;

use std::time::Duration;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, SiteId, UnmatchedId};
use mnara_protocol::money::Money;
use sqlx::PgConnection;

use super::Payment;
use super::ledger::{self, Account, Cause, Line, NotWritten};
use super::settle::{Evidence, Flag};
use crate::app::App;
use crate::providers::notices::{Notice, Topic, tell};
use crate::rails::daraja::callback::Payer;
use crate::web::show;

/// A payment by hand that names nothing may be a prompt's whose callback was lost, if it came so soon after the prompt.
pub const BEGUN_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How far M-PESA's clock and ours may be apart: a prompt that began longer than that after money was paid is not what it was for.
pub const CLOCKS_APART: Duration = Duration::from_secs(2 * 60);

/// Why money is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No payment of ours is meant by it.
    Nobody,
    /// It is another amount than was asked for.
    Amount,
    /// It is for a payment that had come already.
    Double,
    /// Only a statement of the rail knows it.
    Statement,
    /// It came, and bought its voucher, when nobody waited for it any more.
    Late,
    /// A prompt's callback told of another amount than was asked for.
    Asked,
    /// A prompt was paid after all, when the credit that was to pay the rest was spent.
    Short,
}

impl Reason {
    /// The word in its column.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Amount => "amount",
            Self::Double => "double",
            Self::Statement => "statement",
            Self::Late => "late",
            Self::Asked => "asked",
            Self::Short => "short",
        }
    }

    /// Reads the column.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Nobody,
            Self::Amount,
            Self::Double,
            Self::Statement,
            Self::Late,
            Self::Asked,
            Self::Short,
        ]
        .into_iter()
        .find(|reason| reason.word() == word)
    }
}

/// Money that came.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Why it is in the queue.
    pub reason: Reason,
    /// How much.
    pub amount: Money,
    /// The M-PESA receipt.
    pub receipt: String,
    /// Who paid.
    pub payer: Payer,
    /// What was typed as the account.
    pub reference: Option<String>,
    /// The payment it may belong to.
    pub payment: Option<PaymentId>,
    /// Where that was begun.
    pub site: Option<SiteId>,
    /// When it came.
    pub at: Timestamp,
    /// When it was paid, by M-PESA's clock; when it came, where that is not told.
    pub paid_at: Timestamp,
}

/// The money that evidence tells of beside the payment it is about, if it is such.
#[must_use]
pub fn beside(
    payment: &Payment,
    flag: Flag,
    evidence: &Evidence,
    now: Timestamp,
) -> Option<Arrived> {
    let asked = || payment.phone.map_or(Payer::Untold, Payer::Number);
    let (amount, receipt, payer, paid_at) = match evidence {
        // An account can be typed on any phone.
        Evidence::C2b {
            receipt,
            amount,
            payer,
            paid_at,
            ..
        } => (*amount, receipt, payer.clone(), *paid_at),
        Evidence::Callback(callback) => {
            (callback.amount?, callback.receipt.as_ref()?, asked(), now)
        }
        Evidence::Query(_) => (payment.amount, payment.receipt.as_ref()?, asked(), now),
        Evidence::Silence => return None,
    };
    let reason = match (flag, evidence) {
        (Flag::Amount, Evidence::C2b { .. }) => Reason::Amount,
        // A prompt takes what it asks for. Whatever is wrong here, the money belongs to somebody.
        (Flag::Amount, Evidence::Callback(_)) => Reason::Asked,
        (Flag::SecondReceipt, Evidence::C2b { .. } | Evidence::Callback(_)) => Reason::Double,
        // The rail did not agree that the prompt was paid, so it was paid by hand with the prompt's account.
        (Flag::Contrary, Evidence::C2b { .. }) => Reason::Nobody,
        (Flag::Credit, _) => Reason::Short,
        _ => return None,
    };
    Some(Arrived {
        reason,
        amount,
        receipt: receipt.clone(),
        payer,
        reference: None,
        payment: Some(payment.id),
        site: payment.site,
        at: now,
        paid_at,
    })
}

/// Takes money into the queue and into the books, and tells those who chose to hear of it; says whether it was new. A receipt that stands
/// somewhere already brings nothing.
///
/// # Errors
/// [`NotWritten`]; the transaction should not commit then.
pub async fn take(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    arrived: &Arrived,
) -> Result<bool, NotWritten> {
    store::lock_receipt(conn, &arrived.receipt).await?;
    if store::is_payments(conn, provider, &arrived.receipt).await? {
        return Ok(false);
    }
    if store::name_prompt(conn, provider, arrived).await? {
        return Ok(false);
    }
    let now = app.clock.now();
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if !store::insert(conn, provider, id, arrived, now).await? {
        return Ok(false);
    }
    let line = Line {
        cause: Cause::Unmatched,
        payment: None,
        unmatched: Some(id),
        turn: 0,
        debit: Account::Till,
        credit: Account::Unmatched,
        amount: arrived.amount,
        receipt: Some(&arrived.receipt),
        site: arrived.site,
        at: arrived.at,
    };
    ledger::write(app, conn, provider, line).await?;
    // A statement is brought by somebody who sees what it says.
    if arrived.reason != Reason::Statement {
        say(app, conn, provider, (id, arrived.payment), arrived.amount).await?;
    }
    Ok(true)
}

/// Takes the money of a prompt into the queue of which the rail tells no receipt, unless it may be there already.
///
/// # Errors
/// [`NotWritten`]; the transaction should not commit then.
pub async fn take_prompt(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let is_there = !store::of_prompt(conn, payment).await?.is_empty()
        || nameless(conn, payment).await?.is_some();
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if is_there || !store::insert_prompt(conn, id, payment, now).await? {
        return Ok(());
    }
    let line = Line {
        cause: Cause::Unmatched,
        payment: None,
        unmatched: Some(id),
        turn: 0,
        debit: Account::Till,
        credit: Account::Unmatched,
        amount: payment.amount,
        receipt: None,
        site: payment.site,
        at: now,
    };
    ledger::write(app, conn, payment.provider, line).await?;
    say(
        app,
        conn,
        payment.provider,
        (id, Some(payment.id)),
        payment.amount,
    )
    .await?;
    Ok(())
}

/// Takes a payment into the queue that came when nobody waited for it any more. Its money stands in the books as the voucher's.
///
/// # Errors
/// When the database refuses.
pub async fn take_late(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    now: Timestamp,
) -> sqlx::Result<()> {
    let id = UnmatchedId::new(now, app.entropy.bytes());
    if store::insert_late(conn, id, payment, now).await? {
        say(app, conn, payment.provider, (id, None), payment.price()).await?;
    }
    Ok(())
}

async fn say(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    (id, payment): (UnmatchedId, Option<PaymentId>),
    amount: Money,
) -> sqlx::Result<()> {
    let amount = show::money(amount);
    let notice = Notice::MoneyFlagged { amount: &amount };
    // A payment that is looked at is told of once, whatever else becomes of it.
    let once = payment.map_or_else(
        || format!("money-queue:{id}"),
        |payment| format!("money:{payment}"),
    );
    tell(app, conn, provider, Topic::Money, &notice, &once).await
}

/// What the queue knows of a payment's money.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Nothing.
    Nothing,
    /// It was there, and is the payment's now.
    Taken(store::Candidate),
    /// It was there, and somebody has said already what became of it.
    Spent,
}

/// Takes a payment's money out of the queue, if it is there: by its receipt; where the rail told none, the one that can be meant. A money
/// that somebody dealt with before is not a payment's as well.
///
/// # Errors
/// When the database refuses.
pub async fn claim(
    conn: &mut PgConnection,
    payment: &Payment,
    receipt: Option<&str>,
    now: Timestamp,
) -> sqlx::Result<Claim> {
    let prompts = store::of_prompt(conn, payment).await?;
    let found = match receipt {
        Some(receipt) => {
            let named = store::by_receipt(conn, payment.provider, receipt).await?;
            // A prompt's own money of which the rail had told no receipt by then.
            let nameless = || prompts.into_iter().find(|one| one.receipt.is_none());
            let Some(found) = named.or_else(nameless) else {
                return Ok(Claim::Nothing);
            };
            let is_its = found.amount == payment.amount || found.prompt == Some(payment.id);
            if found.is_closed || !is_its {
                return Ok(Claim::Spent);
            }
            found
        }
        None if !prompts.is_empty() => match prompts.into_iter().find(|one| !one.is_closed) {
            Some(found) => found,
            None => return Ok(Claim::Spent),
        },
        None => match store::named(conn, payment).await? {
            // What a statement brought names the prompt's account.
            Some(found) if found.is_closed || found.amount != payment.amount => {
                return Ok(Claim::Spent);
            }
            Some(found) => found,
            None => match nameless(conn, payment).await? {
                Some(found) => found,
                None => return Ok(Claim::Nothing),
            },
        },
    };
    store::close_known(conn, payment, found.id, now).await?;
    Ok(Claim::Taken(found))
}

/// The one money by hand in the queue that can be a payment's of which no receipt was told.
async fn nameless(
    conn: &mut PgConnection,
    payment: &Payment,
) -> sqlx::Result<Option<store::Candidate>> {
    let within = (payment.created_at, payment.created_at + BEGUN_WITHIN);
    let open = store::nameless(conn, payment.provider, payment.amount, within).await?;
    let mut meant = open
        .into_iter()
        .filter(|one| payment.phone.is_some_and(|phone| one.payer.may_be(&phone)));
    Ok(match (meant.next(), meant.next()) {
        (Some(found), None) => Some(found),
        _ => None,
    })
}

/// Writes that a payment's money, which stands in the books already, was in the queue as well.
///
/// # Errors
/// [`NotWritten`].
pub async fn undo(
    app: &App,
    conn: &mut PgConnection,
    payment: &Payment,
    found: &store::Candidate,
    now: Timestamp,
) -> Result<(), NotWritten> {
    let id = found.id;
    let line = Line {
        cause: Cause::Known,
        payment: Some(payment.id),
        unmatched: Some(id),
        turn: 0,
        debit: Account::Unmatched,
        credit: Account::Till,
        amount: found.amount,
        receipt: None,
        site: store::site_of(conn, payment.provider, id).await?,
        at: now,
    };
    ledger::write(app, conn, payment.provider, line).await
}
