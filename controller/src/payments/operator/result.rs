//! What M-PESA posts about a request of the operator: what came of it, or that it gave up waiting.
//!
//! Whatever comes is kept first ([`super::super::callback`]); here it is carried out, in any order and number, once.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId, RequestId};
use sqlx::PgConnection;

use super::{Purpose, Request, Right, State, store};
use crate::app::App;
use crate::audit::Actor;
use crate::payments::c2b::{self, Whose};
use crate::payments::confirm;
use crate::payments::deeds::{self, NotDone, Noted};
use crate::payments::hand::settle::{Settled, Unsettled, settle_in};
use crate::payments::reversal::{self, stand_in};
use crate::payments::settle::{Evidence, Source};
use crate::payments::store as payments;
use crate::payments::store::{Stand, Waiting};
use crate::payments::unmatched::resolve::{self, NotResolved};
use crate::payments::unmatched::{self, Arrived, BEGUN_WITHIN, CLOCKS_APART, Reason};
use crate::providers;
use crate::rails::daraja::answered::{Answered, Ending, Known, Refusal, parse_result};
use crate::rails::daraja::callback::{C2b, Payer};
use crate::tickets::revoke::RevokeError;

/// Carries out what came for a request; says what became of it, or nothing while it should be looked at again.
///
/// # Errors
/// When the database is away.
pub async fn settle(
    app: &App,
    (provider, id, is_time_out): (ProviderId, RequestId, bool),
    waiting: &Waiting,
) -> anyhow::Result<Option<&'static str>> {
    if is_time_out {
        return gave_up(app, provider, id).await.map(Some);
    }
    let Ok(said) = parse_result(&waiting.body) else {
        tracing::warn!(request.id = %id, "a Result on a request's own address cannot be read");
        return Ok(Some("unreadable"));
    };
    let is_anothers = is_anothers(app, provider, &said).await?;
    let mut tx = app.db.tenant(provider).await?;
    let Some(mut request) = lock(&mut tx, provider, id).await? else {
        return Ok(Some("gone"));
    };
    if is_others(&request, &said) {
        tracing::warn!(request.id = %id, "a Result with the names of another request");
        return Ok(Some("other-ids"));
    }
    if request.state == State::Done {
        return Ok(Some("nothing"));
    }
    let now = app.clock.now();
    request.originator = request
        .originator
        .or(said.originator_conversation_id.clone());
    request.conversation = request.conversation.or(said.conversation_id.clone());
    match said.ending() {
        Ending::Done | Ending::DoneBefore => match request.right {
            Right::Reversal => went_back(app, tx, provider, (request, &said), now).await,
            Right::Status => told(app, tx, provider, (request, &said, is_anothers), now).await,
        },
        Ending::Refused(refusal) => {
            refused(&mut tx, provider, (request, &said), refusal, now).await?;
            tx.commit().await?;
            Ok(Some("refused"))
        }
        // Money may have moved: a person has to look.
        Ending::Unrecognised => {
            if request.state.is_open() {
                request.state = State::Unknown;
                request.code = Some(said.code.as_str().to_owned());
                request.said = Some(said.words);
                store::save(&mut tx, provider, &request).await?;
                tx.commit().await?;
            }
            Ok(Some("unknown"))
        }
    }
}

/// Whether a receipt that was asked about is a prompt's of another business that sells on the same number.
async fn is_anothers(app: &App, provider: ProviderId, said: &Answered) -> sqlx::Result<bool> {
    let Some(known) = said.known().filter(Known::is_completed) else {
        return Ok(false);
    };
    let (Some(receipt), Some(amount)) = (&known.receipt, known.amount) else {
        return Ok(false);
    };
    let told = known.paid().map(|number| C2b {
        receipt: receipt.clone(),
        amount,
        shortcode: number.to_owned(),
        is_till: false,
        reference: None,
        at: known.at,
        payer: Payer::Untold,
    });
    let told: Vec<C2b> = told.collect();
    let others = c2b::anothers(app, provider, &told).await?;
    Ok(!others.is_empty())
}

/// Locks a request behind the money it is about, in the order of whoever asks.
async fn lock(
    conn: &mut PgConnection,
    provider: ProviderId,
    id: RequestId,
) -> sqlx::Result<Option<Request>> {
    let Some((receipt, unmatched)) = store::about(conn, provider, id).await? else {
        return Ok(None);
    };
    if let Some(payment) = payments::by_receipt(conn, provider, &receipt).await? {
        payments::lock(conn, provider, payment).await?;
    }
    if let Some(unmatched) = unmatched {
        resolve::held(conn, provider, unmatched).await?;
    }
    store::lock(conn, provider, id).await
}

/// The secret says whose it is; where both names are known, one of them has to fit as well.
fn is_others(request: &Request, said: &Answered) -> bool {
    let differs = |ours: &Option<String>, theirs: &Option<String>| {
        ours.as_ref()
            .zip(theirs.as_ref())
            .map(|(ours, theirs)| ours != theirs)
    };
    let originator = differs(&request.originator, &said.originator_conversation_id);
    let conversation = differs(&request.conversation, &said.conversation_id);
    match (originator, conversation) {
        (Some(false), _) | (_, Some(false)) => false,
        (Some(true), _) | (_, Some(true)) => true,
        (None, None) => false,
    }
}

/// M-PESA gave up waiting for itself: it may have been done all the same.
async fn gave_up(app: &App, provider: ProviderId, id: RequestId) -> anyhow::Result<&'static str> {
    let mut tx = app.db.tenant(provider).await?;
    let Some(mut request) = store::lock(&mut tx, provider, id).await? else {
        return Ok("gone");
    };
    if !matches!(request.state, State::Made | State::Taken) {
        return Ok("nothing");
    }
    request.state = State::Unknown;
    request.code = Some("time-out".to_owned());
    store::save(&mut tx, provider, &request).await?;
    tx.commit().await?;
    Ok("time-out")
}

/// M-PESA refused. What it would refuse each time is not tried again before somebody has put it right: a credential locks.
async fn refused(
    conn: &mut PgConnection,
    provider: ProviderId,
    (mut request, said): (Request, &Answered),
    refusal: Refusal,
    now: Timestamp,
) -> sqlx::Result<()> {
    if refusal.is_operators() {
        let right = match refusal {
            Refusal::NoRole | Refusal::NotAssigned => Some(request.right),
            _ => None,
        };
        store::lost(conn, provider, (right, request.operator_since)).await?;
    }
    if request.state.is_open() {
        request.state = State::Failed;
        request.ended = Some(now);
    }
    request.code = Some(refusal.code().to_owned());
    request.said = Some(said.words.clone());
    store::save(conn, provider, &request).await
}

/// Money went back: the right has proved itself, and the books hear of it once.
async fn went_back(
    app: &App,
    mut tx: crate::db::Tx,
    provider: ProviderId,
    (mut request, said): (Request, &Answered),
    now: Timestamp,
) -> anyhow::Result<Option<&'static str>> {
    if said
        .original()
        .is_some_and(|receipt| receipt != request.receipt)
    {
        tracing::warn!(request.id = %request.id, "a Result about another receipt");
        return Ok(Some("other-receipt"));
    }
    // What was done before is answered with a number that is no receipt.
    let theirs = said
        .receipt
        .clone()
        .filter(|back| said.ending() == Ending::Done && *back != request.receipt);
    let back = theirs.unwrap_or_else(|| stand_in(&request.receipt));
    request.state = State::Done;
    request.ended = Some(now);
    request.code = Some(said.code.as_str().to_owned());
    request.said = Some(said.words.clone());
    request.back = Some(back.clone());
    let right = (Right::Reversal, request.operator_since);
    match book(app, &mut tx, provider, &request, &back).await {
        Ok(is_booked) => {
            request.is_booked = is_booked;
            store::save(&mut tx, provider, &request).await?;
            store::proved(&mut tx, provider, right, now).await?;
            tx.commit().await?;
            app.jobs.wake();
            Ok(Some(if is_booked {
                "went-back"
            } else {
                "went-back-before"
            }))
        }
        Err(NotBooked::Database(error)) => Err(error.into()),
        // Somebody was quicker with a word of their own: nothing is written twice, and the page says so.
        Err(NotBooked::Other(error)) => {
            drop(tx);
            tracing::warn!(request.id = %request.id, %error, "money that went back was not written into the books");
            let mut tx = app.db.tenant(provider).await?;
            if lock(&mut tx, provider, request.id)
                .await?
                .is_none_or(|now| now.state == State::Done)
            {
                return Ok(Some("nothing"));
            }
            store::save(&mut tx, provider, &request).await?;
            store::proved(&mut tx, provider, right, now).await?;
            tx.commit().await?;
            Ok(Some("went-back-before"))
        }
    }
}

enum NotBooked {
    Database(sqlx::Error),
    Other(NotResolved),
}

impl From<sqlx::Error> for NotBooked {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<NotResolved> for NotBooked {
    fn from(error: NotResolved) -> Self {
        match error {
            NotResolved::Database(error)
            | NotResolved::Payment(NotDone::Database(error))
            | NotResolved::Revoke(RevokeError::Database(error)) => Self::Database(error),
            error => Self::Other(error),
        }
    }
}

/// Writes that money went back, by the way of a refund that somebody notes; says whether anything was left to write.
async fn book(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    request: &Request,
    back: &str,
) -> Result<bool, NotBooked> {
    let actor = Actor::Staff(request.person);
    let why = request.reason.as_deref().unwrap_or("M-PESA");
    if let Some(id) = request.unmatched
        && resolve::refund_in(app, conn, (provider, actor), id, (back, why)).await?
    {
        return Ok(true);
    }
    // It may have turned out to be a payment's meanwhile.
    let Some(id) = payments::by_receipt(conn, provider, &request.receipt).await? else {
        return Ok(false);
    };
    let Some(payment) = payments::lock(conn, provider, id).await? else {
        return Ok(false);
    };
    // No more than came by this receipt, whatever else was paid with credit.
    let amount = deeds::left(conn, &payment).await?.min(payment.amount);
    if amount.cents() <= 0 {
        return Ok(false);
    }
    let noted = Noted {
        amount,
        receipt: back,
        reason: why,
    };
    deeds::note_in(app, conn, (provider, actor), id, noted)
        .await
        .map_err(NotResolved::from)?;
    Ok(true)
}

/// M-PESA told what it knows of a receipt.
async fn told(
    app: &App,
    mut tx: crate::db::Tx,
    provider: ProviderId,
    (mut request, said, is_anothers): (Request, &Answered, bool),
    now: Timestamp,
) -> anyhow::Result<Option<&'static str>> {
    let Some(known) = said.known() else {
        if request.state.is_open() {
            request.state = State::Unknown;
            request.code = Some("unreadable".to_owned());
            store::save(&mut tx, provider, &request).await?;
            tx.commit().await?;
        }
        return Ok(Some("unknown"));
    };
    let mut is_written = false;
    let found = match request.purpose {
        // Whoever names it here paid there.
        Purpose::Claim if is_anothers && known.receipt.as_ref() == Some(&request.receipt) => {
            Some("known")
        }
        Purpose::Claim => match judge(app, &mut tx, provider, &request, &known, now).await? {
            None => return Ok(None),
            Some(Judged::Found(word)) => Some(word),
            Some(Judged::Reversed { is_booked }) => {
                is_written = is_booked;
                Some("reversed")
            }
            // Each has a transaction of its own, and does nothing twice.
            Some(Judged::Prompt(payment, evidence)) => {
                drop(tx);
                confirm::apply(app, provider, payment, &evidence, None).await?;
                tx = app.db.tenant(provider).await?;
                Some("payment")
            }
            Some(Judged::Elsewhere(arrived)) => {
                drop(tx);
                tx = app.db.tenant(provider).await?;
                let is_new = unmatched::take::take(app, &mut tx, provider, &arrived).await?;
                Some(if is_new { "queue" } else { "known" })
            }
        },
        Purpose::Test | Purpose::Refund => None,
    };
    request.state = State::Done;
    request.ended = Some(now);
    request.code = Some(said.code.as_str().to_owned());
    request.said = Some(known.status.chars().take(60).collect());
    request.found = found.map(str::to_owned);
    request.is_booked = is_written || matches!(found, Some("payment" | "queue"));
    let right = (Right::Status, request.operator_since);
    store::proved(&mut tx, provider, right, now).await?;
    store::save(&mut tx, provider, &request).await?;
    tx.commit().await?;
    app.jobs.wake();
    Ok(Some(found.unwrap_or("told")))
}

enum Judged {
    Found(&'static str),
    /// It is money of ours that went back; whether the books say so as well.
    Reversed {
        is_booked: bool,
    },
    Prompt(PaymentId, Evidence),
    /// A receipt that another business has. It is money all the same, and a person sees it.
    Elsewhere(Arrived),
}

/// Says whose the money of a receipt is, as for a confirmation that was never sent; nothing while a prompt may still turn out to be it.
async fn judge(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    request: &Request,
    known: &Known,
    now: Timestamp,
) -> anyhow::Result<Option<Judged>> {
    let found = |word| Ok(Some(Judged::Found(word)));
    if !known.is_completed() {
        if known.is_reversed()
            && known
                .receipt
                .as_ref()
                .is_none_or(|receipt| *receipt == request.receipt)
            && let Some(is_booked) =
                reversal::heard(app, conn, provider, &request.receipt, now).await?
        {
            return Ok(Some(Judged::Reversed { is_booked }));
        }
        return found("not-completed");
    }
    let account = providers::store::account(conn, provider).await?;
    let (Some(account), Some(amount)) = (account, known.amount) else {
        return found("other");
    };
    // Money that went to somebody else is nobody's here, whoever names its receipt.
    let is_ours = known.paid().any(|number| account.is_called(number));
    // What names no receipt is the answer to what was asked: it came to the request's own secret.
    let is_another = known
        .receipt
        .as_ref()
        .is_some_and(|receipt| *receipt != request.receipt);
    if !is_ours || is_another {
        return found("other");
    }
    if payments::by_receipt(conn, provider, &request.receipt)
        .await?
        .is_some()
    {
        return found("known");
    }
    // A way back tells the same two sides, and whoever got it was told its receipt.
    if store::receipts::went_out(conn, provider, &request.receipt).await? {
        return found("other");
    }
    let payer = known
        .numbers()
        .filter(|number| !account.is_called(number))
        .map(Payer::read)
        .find(|payer| *payer != Payer::Untold)
        .unwrap_or(Payer::Untold);
    let at = known.at.unwrap_or(now);
    let evidence = Evidence::C2b {
        receipt: request.receipt.clone(),
        amount,
        payer: payer.clone(),
        paid_at: at,
        source: Source::Seen,
    };
    let said = C2b {
        receipt: request.receipt.clone(),
        amount,
        shortcode: request.shortcode.clone(),
        is_till: false,
        reference: None,
        at: known.at,
        payer: payer.clone(),
    };
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount,
        receipt: request.receipt.clone(),
        payer,
        reference: None,
        payment: None,
        site: None,
        // It is heard of now, whatever M-PESA's clock says.
        at: now,
        paid_at: at,
    };
    let mut whose = c2b::whose(app, conn, provider, &said, (at, now)).await?;
    if matches!(whose, Whose::Nobody)
        && let Some(payer) = c2b::claimed_since(app, conn, provider, &arrived).await?
    {
        whose = Whose::Device(payer);
    }
    // The number is told whole, so the one prompt on it that is pending is what was paid, also where its own device named the receipt.
    if matches!(whose, Whose::PromptsEnd | Whose::Device(_))
        && matches!(said.payer, Payer::Number(_))
    {
        let within = (at - BEGUN_WITHIN, now.min(at + CLOCKS_APART));
        let paid = (said.shortcode.as_str(), amount);
        let prompts = payments::candidates(conn, provider, paid, &said.payer, within, now).await?;
        let mut meant = prompts.iter();
        if let (Some(prompt), None) = (meant.next(), meant.next())
            && prompt.stand == Stand::Pending
        {
            return Ok(Some(Judged::Prompt(prompt.id, evidence)));
        }
    }
    match whose {
        Whose::Prompt(payment) => Ok(Some(Judged::Prompt(payment, evidence))),
        Whose::PromptsEnd => Ok(None),
        Whose::Device(payer) => {
            let settled = settle_in(app, conn, provider, &payer, &arrived, None).await;
            match settled {
                Ok(Settled::Bought(_)) => found("payment"),
                Ok(Settled::NoPlan) => found("queue"),
                Ok(Settled::Known) => found("known"),
                Err(Unsettled::ReceiptTaken) => Ok(Some(Judged::Elsewhere(arrived))),
                Err(Unsettled::Error(error)) => Err(error.into()),
            }
        }
        Whose::Nobody | Whose::Elsewhere => {
            let is_new = unmatched::take::take(app, conn, provider, &arrived).await?;
            found(if is_new { "queue" } else { "known" })
        }
    }
}
