//! Asking M-PESA in the name of the operator: the row with its secrets first, then one call, then what came of the call. What came of the
//! request is posted later.

use mnara_protocol::ids::{PaymentId, PersonId, ProviderId, RequestId, UnmatchedId};
use mnara_protocol::money::Money;
use mnara_protocol::receipt;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;
use thiserror::Error;

use super::in_use::{current, opened};
use super::{Kept, Purpose, Request, Right, State, store};
use crate::app::App;
use crate::audit::{Actor, Deed, record};
use crate::db::Tx;
use crate::payments::customers::reason;
use crate::payments::store as payments;
use crate::payments::unmatched::resolve::{self, NotResolved};
use crate::payments::{self as all, deeds};
use crate::providers::mpesa::{self, AccountError};
use crate::providers::open::callback_path;
use crate::rails::daraja::{Answers, Credentials, Operator, ReversalOrder};
use crate::ratelimit::{Act, By, TooMany};

/// Why nothing was asked.
#[derive(Debug, Error)]
pub enum NotAsked {
    /// There is no operator, or it is another shortcode's.
    #[error("there is no operator of the M-PESA account in use")]
    NoOperator,
    /// The right has not proved itself.
    #[error("this right of the operator has not proved itself")]
    NotProven,
    /// There is no such payment or money.
    #[error("there is no such payment")]
    Missing,
    /// No money came by it, or its receipt is not known.
    #[error("no money with a receipt came in by this")]
    NoMoney,
    /// Some of it went back already, or somebody has dealt with it.
    #[error("it is dealt with already, or some of it went back")]
    Over,
    /// It came into another account.
    #[error("it came into another M-PESA account than the operator's")]
    OtherAccount,
    /// It may be on its way back already.
    #[error("it is being sent back already")]
    Open,
    /// That is no receipt.
    #[error("give an M-PESA receipt")]
    Receipt,
    /// The reason is missing or too long.
    #[error("give a reason")]
    Reason,
    /// Too many.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The account or the operator does not open.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The program is ending.
    #[error("the program is ending")]
    Ending,
    /// The database refused.
    #[error("the request could not be stored")]
    Database(#[from] sqlx::Error),
}

impl From<NotResolved> for NotAsked {
    fn from(error: NotResolved) -> Self {
        match error {
            NotResolved::Database(error) => Self::Database(error),
            _ => Self::Missing,
        }
    }
}

/// What goes back.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A payment.
    Payment(PaymentId),
    /// Money in the queue.
    Queue(UnmatchedId),
}

/// A request that is stored and not sent. Its secrets are kept nowhere else.
struct Ready {
    request: Request,
    secrets: (String, String),
    with: (Credentials, Operator),
}

/// Has the right to ask prove itself: by a receipt that is typed, or the newest that is known.
///
/// # Errors
/// [`NotAsked`].
pub async fn test_status(
    app: &App,
    provider: ProviderId,
    who: (PersonId, Actor),
    typed: &str,
) -> Result<(), NotAsked> {
    app.limits.check(Act::Operator, By::Provider(provider))?;
    let mut tx = app.db.tenant(provider).await?;
    let kept = current(&mut tx, provider).await?;
    let kept = kept.ok_or(NotAsked::NoOperator)?;
    let receipt = if typed.trim().is_empty() {
        store::receipts::newest(&mut tx, provider, &kept.shortcode)
            .await?
            .ok_or(NotAsked::NoMoney)?
    } else {
        receipt::read(typed).ok_or(NotAsked::Receipt)?
    };
    let new = New {
        right: Right::Status,
        purpose: Purpose::Test,
        receipt,
        amount: None,
        about: None,
        reason: None,
    };
    begin(app, tx, (provider, who), &kept, new).await
}

/// Has the right to send back prove itself: by the newest shilling that the business sent itself.
///
/// # Errors
/// [`NotAsked`].
pub async fn test_reversal(
    app: &App,
    provider: ProviderId,
    who: (PersonId, Actor),
) -> Result<(), NotAsked> {
    app.limits.check(Act::Operator, By::Provider(provider))?;
    let mut tx = app.db.tenant(provider).await?;
    let kept = current(&mut tx, provider).await?;
    let kept = kept.ok_or(NotAsked::NoOperator)?;
    let shilling = store::receipts::shilling(&mut tx, provider, &kept.shortcode)
        .await?
        .ok_or(NotAsked::NoMoney)?;
    let back = whole(&mut tx, provider, shilling.payment, &kept).await?;
    let new = New {
        right: Right::Reversal,
        purpose: Purpose::Test,
        about: Some(What::Payment(shilling.payment)),
        reason: Some("Test".to_owned()),
        receipt: back.0,
        amount: Some(back.1),
    };
    begin(app, tx, (provider, who), &kept, new).await
}

/// Sends a payment, or money in the queue, back to whoever paid it: all of it. Where nothing was heard of that for long it is asked for again,
/// which M-PESA does not do twice.
///
/// # Errors
/// [`NotAsked`].
pub async fn send_back(
    app: &App,
    provider: ProviderId,
    who: (PersonId, Actor),
    what: What,
    why: &str,
) -> Result<(), NotAsked> {
    let why = reason(why).ok_or(NotAsked::Reason)?.to_owned();
    app.limits.check(Act::Operator, By::Provider(provider))?;
    let mut tx = app.db.tenant(provider).await?;
    let kept = proven(&mut tx, provider, Right::Reversal).await?;
    let (receipt, amount) = match what {
        What::Payment(payment) => whole(&mut tx, provider, payment, &kept).await?,
        What::Queue(id) => {
            let held = resolve::open(&mut tx, provider, id).await?;
            let held = held.ok_or(NotAsked::Over)?;
            match held.payment.filter(|_| held.receipt.is_none()) {
                Some(payment) => whole(&mut tx, provider, payment, &kept).await?,
                None => (held.receipt.ok_or(NotAsked::NoMoney)?, held.amount),
            }
        }
    };
    let new = New {
        right: Right::Reversal,
        purpose: Purpose::Refund,
        receipt,
        amount: Some(amount),
        about: Some(what),
        reason: Some(why),
    };
    begin(app, tx, (provider, who), &kept, new).await
}

/// Asks about a receipt that nobody told us of.
///
/// # Errors
/// [`NotAsked`].
pub async fn ask(
    app: &App,
    provider: ProviderId,
    who: (PersonId, Actor),
    typed: &str,
) -> Result<(), NotAsked> {
    let receipt = receipt::read(typed).ok_or(NotAsked::Receipt)?;
    app.limits.check(Act::Operator, By::Provider(provider))?;
    let mut tx = app.db.tenant(provider).await?;
    let kept = proven(&mut tx, provider, Right::Status).await?;
    let new = New {
        right: Right::Status,
        purpose: Purpose::Claim,
        receipt,
        amount: None,
        about: None,
        reason: None,
    };
    begin(app, tx, (provider, who), &kept, new).await
}

/// Writes a request down, and sends it once that is on the disk.
async fn begin(
    app: &App,
    mut tx: Tx,
    (provider, who): (ProviderId, (PersonId, Actor)),
    kept: &Kept,
    new: New,
) -> Result<(), NotAsked> {
    let ready = make(app, &mut tx, (provider, who), kept, new).await?;
    tx.commit().await?;
    send(app, provider, ready).await
}

async fn proven(
    conn: &mut PgConnection,
    provider: ProviderId,
    right: Right,
) -> Result<Kept, NotAsked> {
    let kept = current(conn, provider).await?.ok_or(NotAsked::NoOperator)?;
    if kept.proven(right).is_none() {
        return Err(NotAsked::NotProven);
    }
    Ok(kept)
}

/// A payment that can go back as a whole, locked: its receipt and amount.
async fn whole(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: PaymentId,
    kept: &Kept,
) -> Result<(String, Money), NotAsked> {
    let payment = payments::lock(conn, provider, id)
        .await?
        .ok_or(NotAsked::Missing)?;
    let receipt = payment
        .receipt
        .clone()
        .filter(|_| payment.state == all::State::Success)
        .ok_or(NotAsked::NoMoney)?;
    let account = match payment.account {
        Some(account) => mpesa::store::find(conn, provider, account).await?,
        None => None,
    };
    if account.is_none_or(|account| account.shortcode != kept.shortcode) {
        return Err(NotAsked::OtherAccount);
    }
    // What a phone spent of its credit is no money of this receipt.
    if deeds::left(conn, &payment).await? != payment.amount {
        return Err(NotAsked::Over);
    }
    Ok((receipt, payment.amount))
}

struct New {
    right: Right,
    purpose: Purpose,
    receipt: String,
    amount: Option<Money>,
    about: Option<What>,
    reason: Option<String>,
}

/// Stores a request, in the caller's transaction.
async fn make(
    app: &App,
    conn: &mut PgConnection,
    (provider, (person, actor)): (ProviderId, (PersonId, Actor)),
    kept: &Kept,
    new: New,
) -> Result<Ready, NotAsked> {
    let now = app.clock.now();
    let with = opened(app, conn, provider, kept)
        .await?
        .ok_or(NotAsked::NoOperator)?;
    if new.right == Right::Reversal {
        let receipts = [new.receipt.clone()];
        let before = store::going_back(conn, provider, &receipts).await?;
        if let Some(before) = before.first().filter(|before| before.is_silent(now))
            && let Some(mut silent) = store::lock(conn, provider, before.id).await?
            && silent.is_silent(now)
        {
            silent.state = State::Replaced;
            store::save(conn, provider, &silent).await?;
        }
    }
    let (payment, unmatched) = match new.about {
        Some(What::Payment(id)) => (Some(id), None),
        Some(What::Queue(id)) => (None, Some(id)),
        None => (None, None),
    };
    let request = Request {
        id: RequestId::new(now, app.entropy.bytes()),
        right: new.right,
        purpose: new.purpose,
        shortcode: kept.shortcode.clone(),
        receipt: new.receipt,
        amount: new.amount,
        payment,
        unmatched,
        operator_since: kept.since,
        person,
        reason: new.reason,
        state: State::Made,
        originator: None,
        conversation: None,
        code: None,
        said: None,
        back: None,
        is_booked: false,
        found: None,
        at: now,
        ended: None,
    };
    let secrets = (app.entropy.url_secret(), app.entropy.url_secret());
    let hash = |secret: &str| -> [u8; 32] { Sha256::digest(secret.as_bytes()).into() };
    let hashes = (hash(&secrets.0), hash(&secrets.1));
    if !store::insert(conn, provider, &request, (&hashes.0, &hashes.1)).await? {
        return Err(NotAsked::Open);
    }
    let act = match (new.right, new.purpose) {
        (_, Purpose::Test) => "mpesa-operator-test",
        (Right::Reversal, _) => "payment-reverse",
        (Right::Status, _) => "receipt-ask",
    };
    let subject = match new.about {
        Some(What::Payment(id)) => id.to_string(),
        Some(What::Queue(id)) => id.to_string(),
        None => request.id.to_string(),
    };
    let deed = Deed {
        act,
        subject: &subject,
        before: None,
        after: Some(json!({
            "right": new.right.word(), "receipt": request.receipt, "amount": request.amount.map(Money::to_decimal), "reason": request.reason,
        })),
    };
    record(app, conn, Some(provider), actor, deed).await?;
    Ok(Ready {
        request,
        secrets,
        with,
    })
}

/// Sends a request that was committed; it goes on even if whoever asked goes away.
async fn send(app: &App, provider: ProviderId, ready: Ready) -> Result<(), NotAsked> {
    let calling = app.tasks.spawn({
        let app = app.clone();
        async move { call(&app, provider, &ready).await }
    });
    match calling.await {
        Ok(done) => Ok(done?),
        Err(_) => Err(NotAsked::Ending),
    }
}

/// One call, and what came of it. A word about the request may have come meanwhile, and knows better.
async fn call(app: &App, provider: ProviderId, ready: &Ready) -> sqlx::Result<()> {
    let request = &ready.request;
    let address = |secret: &str| {
        let path = format!("{}/{secret}", callback_path(provider));
        app.config.web.public().join(&path)
    };
    let (result, time_out) = (address(&ready.secrets.0), address(&ready.secrets.1));
    let answers = Answers {
        result: &result,
        time_out: &time_out,
    };
    let (credentials, operator) = &ready.with;
    let daraja = &app.rails.daraja;
    let (answer, _) = match (request.right, request.amount) {
        (Right::Reversal, Some(amount)) => {
            let order = ReversalOrder {
                receipt: &request.receipt,
                amount,
            };
            daraja.reverse(credentials, operator, order, answers).await
        }
        _ => {
            daraja
                .transaction_status(credentials, operator, &request.receipt, answers)
                .await
        }
    };
    let now = app.clock.now();
    let mut tx = app.db.tenant(provider).await?;
    let Some(mut request) = store::lock(&mut tx, provider, request.id).await? else {
        return Ok(());
    };
    match answer {
        Ok(taken) => {
            request
                .originator
                .get_or_insert(taken.originator_conversation_id);
            request.conversation.get_or_insert(taken.conversation_id);
            if request.state == State::Made {
                request.state = State::Taken;
            }
        }
        Err(error) => {
            tracing::warn!(provider.id = %provider, request.id = %request.id, reason = error.name(), "a request of an operator was not accepted");
            if request.state == State::Made {
                request.code = Some(error.name().to_owned());
                request.said = error.said();
                request.state = State::Unknown;
                if !error.may_have_been_taken() {
                    request.state = State::Failed;
                    request.ended = Some(now);
                }
            }
        }
    }
    store::save(&mut tx, provider, &request).await?;
    tx.commit().await
}
