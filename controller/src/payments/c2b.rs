//! Payments to a provider's shortcode as its C2B confirmations tell them.
//!
//! A prompt that was paid raises one too, with the same receipt: it is proof of our own payment and never a second one. Other money was paid by
//! hand: for a device, or it is in the queue, for a person.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::callback::{Intake, take};
use super::hand::code::DeviceCode;
use super::settle::{Decision, Evidence, Source};
use super::store::messages::{self, Kind};
use super::store::{Anothers, Candidate, Stand, Waiting};
use super::unmatched::{self, Arrived, BEGUN_WITHIN, CLOCKS_APART, Reason};
use super::{DELIVERED_WITHIN, confirm, hand, store};
use crate::app::App;
use crate::db;
use crate::plans;
use crate::providers;
use crate::providers::mpesa;
use crate::providers::notices::{Notice, Topic, tell};
use crate::rails::daraja::ShortcodeKind;
use crate::rails::daraja::callback::{C2b, parse_c2b};
use crate::ratelimit::{Act, By};
use crate::web::{Caller, Json, Path, Problem, Raw};

/// A payment to a till names no account, and its payer may tell us only afterwards: for so long it waits. Where it may answer a prompt of ours
/// it waits for that prompt's end, however long it takes, if that end can be heard.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How often it looks meanwhile.
pub(super) const PAUSE: Duration = Duration::from_secs(30);

/// M-PESA waits eight seconds for our word about a payment; what is not known by then is let through.
const WORD_WITHIN: Duration = Duration::from_secs(5);

/// Why a payment is sent back before it is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SentBack {
    /// The account looks like a device's code and is none: a slip of the finger.
    Account,
    /// It is a device's, and no plan costs as much, or the business takes no such amount.
    Amount,
}

impl SentBack {
    const fn code(self) -> &'static str {
        match self {
            Self::Account => "C2B00012",
            Self::Amount => "C2B00013",
        }
    }
}

/// `POST /api/pay/{provider}/{secret}/validation`: sends back a slip of the finger in a device's code, and what a business does not take for one.
///
/// So the money stays where it is. All else goes through: who it was for is found out afterwards. So does what comes from elsewhere, where only
/// the rail's addresses are believed: whoever else has the secret does not learn by trying which codes there are.
pub async fn validate(
    State(app): State<App>,
    Caller(source): Caller,
    Path((_, secret)): Path<(String, String)>,
    Raw(body): Raw,
) -> Response {
    let judged = async {
        if app.config.daraja.believes(source) {
            judge(&app, &secret, &body).await
        } else {
            Ok(None)
        }
    };
    let answer = match tokio::time::timeout(WORD_WITHIN, judged).await {
        Ok(Ok(Some(why))) => json!({ "ResultCode": why.code(), "ResultDesc": "Rejected" }),
        Ok(Ok(None)) => json!({ "ResultCode": "0", "ResultDesc": "Accepted" }),
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("a payment by hand was let through unseen");
            json!({ "ResultCode": "0", "ResultDesc": "Accepted" })
        }
    };
    (StatusCode::OK, Json(answer)).into_response()
}

/// Why a payment is sent back, if it is.
async fn judge(app: &App, secret: &str, body: &[u8]) -> sqlx::Result<Option<SentBack>> {
    let Ok(said) = parse_c2b(body) else {
        return Ok(None);
    };
    let hash = Sha256::digest(secret.as_bytes());
    let mut tx = app.db.platform(db::Reason::Payments).await?;
    let Some(provider) = providers::store::by_c2b_secret(&mut tx, &hash).await? else {
        return Ok(None);
    };
    let device = neighbours_device(&mut tx, provider, &said).await?;
    drop(tx);
    let seller = device.map_or(provider, |(seller, _)| seller);
    let mut tx = app.db.tenant(seller).await?;
    let fault = fault(app, &mut tx, seller, &said).await?;
    // Beyond it whoever tries codes hears the same of all, and a customer's money goes through as what is not judged does.
    let limits = &app.limits;
    Ok(fault.filter(|_| limits.check(Act::SentBack, By::Provider(provider)).is_ok()))
}

/// What is wrong with a payment that is meant for a device.
async fn fault(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    said: &C2b,
) -> sqlx::Result<Option<SentBack>> {
    let reference = said.reference.as_deref().unwrap_or_default();
    if !DeviceCode::is_meant(reference) {
        return Ok(None);
    }
    let payer = match DeviceCode::read(reference) {
        Some(code) => hand::store::by_code(conn, provider, &code).await?,
        None => None,
    };
    let Some(payer) = payer else {
        return Ok(Some(SentBack::Account));
    };
    let all = plans::store::plans(conn, provider, plans::edit::MOST).await?;
    if hand::choose(&all, payer.plan, said.amount, app.clock.now()).is_none() {
        return Ok(Some(SentBack::Amount));
    }
    let phone = payer.phone.filter(|phone| said.payer.may_be(phone));
    let paid = (said.amount, phone);
    let is_taken = hand::ask::is_within_limits(app, conn, provider, paid).await?;
    Ok((!is_taken).then_some(SentBack::Amount))
}

/// `POST /api/pay/{provider}/{secret}/confirmation`: kept like a callback, settled in the same job.
///
/// # Errors
/// A problem only when the body could not be kept.
pub async fn confirm(
    State(app): State<App>,
    Extension(intake): Extension<Intake>,
    Caller(source): Caller,
    Path((provider, secret)): Path<(String, String)>,
    Raw(body): Raw,
) -> Result<Response, Problem> {
    take(&app, &intake, &provider, &secret, &body, source).await?;
    Ok((
        StatusCode::OK,
        Json(json!({ "ResultCode": 0, "ResultDesc": "Success" })),
    )
        .into_response())
}

/// Finds out what a confirmation is about and carries it out; says what became of it, or nothing while it should be asked again.
///
/// # Errors
/// When the database is away.
pub async fn settle(app: &App, waiting: &Waiting) -> anyhow::Result<Option<&'static str>> {
    let is_early = app.clock.now() < waiting.received_at + PATIENCE;
    let (provider, said, whose) = match match_up(app, waiting).await? {
        Outcome::Known(word) => return Ok(Some(word)),
        Outcome::Money(provider, said, whose) => (provider, *said, whose),
    };
    let names_none = said.names_none();
    let paid_at = said.paid_at(waiting.received_at);
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: said.amount,
        receipt: said.receipt,
        payer: said.payer,
        reference: said.reference.filter(|_| !names_none),
        payment: None,
        site: None,
        at: waiting.received_at,
        paid_at,
    };
    match whose {
        Whose::Prompt(payment) => {
            let evidence = Evidence::C2b {
                receipt: arrived.receipt.clone(),
                amount: arrived.amount,
                payer: arrived.payer.clone(),
                paid_at,
                source: Source::Posted,
            };
            if !keep(app, provider, payment, waiting).await? {
                return Ok(Some("gone"));
            }
            let done = confirm::apply(app, provider, payment, &evidence, None).await?;
            if !matches!(done, Some(Decision::AskFirst { .. })) {
                return Ok(Some(
                    done.map_or("gone", |done| confirm::result_word(&done)),
                ));
            }
            // The rail is asked first. What it answers decides; where it never does, a person.
            if app.clock.now() < waiting.received_at + DELIVERED_WITHIN {
                return Ok(None);
            }
            let arrived = Arrived {
                payment: Some(payment),
                ..arrived
            };
            let mut tx = app.db.tenant(provider).await?;
            unmatched::take::take(app, &mut tx, provider, &arrived).await?;
            tx.commit().await?;
            Ok(Some("unmatched"))
        }
        Whose::PromptsEnd => Ok(None),
        Whose::Device(payer) => {
            let settled = hand::settle::settle(app, provider, &payer, &arrived, waiting).await?;
            Ok(Some(settled.word()))
        }
        Whose::Nobody if names_none && is_early => Ok(None),
        Whose::Nobody | Whose::Elsewhere => {
            let mut tx = app.db.tenant(provider).await?;
            if matches!(whose, Whose::Nobody)
                && let Some(payer) = claimed_since(app, &mut tx, provider, &arrived).await?
            {
                tx.rollback().await?;
                let settled =
                    hand::settle::settle(app, provider, &payer, &arrived, waiting).await?;
                return Ok(Some(settled.word()));
            }
            unmatched::take::take(app, &mut tx, provider, &arrived).await?;
            tx.commit().await?;
            Ok(Some("unmatched"))
        }
    }
}

/// Who named the receipt of nobody's money since it was looked for. A claim looks for its money behind the same lock, so one of the two
/// sees the other.
///
/// # Errors
/// When the database is away.
pub async fn claimed_since(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    arrived: &Arrived,
) -> sqlx::Result<Option<hand::Payer>> {
    let (receipt, payer) = (arrived.receipt.as_str(), &arrived.payer);
    unmatched::store::lock_receipt(conn, receipt).await?;
    hand::store::by_claim(conn, provider, receipt, payer, app.clock.now()).await
}

/// Keeps the confirmation with the payment it is about; says whether there is such a payment.
async fn keep(
    app: &App,
    provider: ProviderId,
    payment: PaymentId,
    waiting: &Waiting,
) -> sqlx::Result<bool> {
    let mut tx = app.db.tenant(provider).await?;
    let Some(payment) = store::lock(&mut tx, provider, payment).await? else {
        return Ok(false);
    };
    messages::keep_callback(&mut tx, &payment, Kind::Confirmation, waiting).await?;
    tx.commit().await?;
    Ok(true)
}

enum Outcome {
    /// It is no news, or cannot be used.
    Known(&'static str),
    /// Money came.
    Money(ProviderId, Box<C2b>, Whose),
}

/// Whose money is.
#[derive(Debug)]
pub enum Whose {
    /// A prompt's.
    Prompt(PaymentId),
    /// It may be a prompt's whose end is still to come.
    PromptsEnd,
    /// A device's whose owner paid by hand.
    Device(hand::Payer),
    /// Nobody's that is known.
    Nobody,
    /// It came to a number that is not the account's.
    Elsewhere,
}

async fn match_up(app: &App, waiting: &Waiting) -> anyhow::Result<Outcome> {
    let known = |word| Ok(Outcome::Known(word));
    let mut tx = app.db.platform(db::Reason::Payments).await?;
    let Some(provider) = providers::store::by_c2b_secret(&mut tx, &waiting.secret_hash).await?
    else {
        return known("stranger");
    };
    let Ok(mut said) = parse_c2b(&waiting.body) else {
        drop(tx);
        let mut tx = app.db.tenant(provider).await?;
        unread(app, &mut tx, provider).await?;
        tx.commit().await?;
        return known("unreadable");
    };
    let Some(account) = providers::store::account(&mut tx, provider).await? else {
        return known("no-account");
    };
    said.is_till |= matches!(account.kind, ShortcodeKind::Till { .. });
    let told = std::slice::from_ref(&said);
    let anothers = store::anothers(&mut tx, provider, told, app.clock.now()).await?;
    let device = neighbours_device(&mut tx, provider, &said).await?;
    drop(tx);
    let mut tx = app.db.tenant(provider).await?;
    let is_ours = if account.is_called(&said.shortcode) {
        hand::heard(app, &mut tx, provider, &account.shortcode).await?;
        true
    } else {
        mpesa::store::was_used(&mut tx, provider, &said.shortcode).await?
    };
    let (provider, whose) = match (anothers.into_values().next(), device) {
        (Some(Anothers::Named), _) => {
            tx.commit().await?;
            return known("anothers");
        }
        (Some(Anothers::Unnamed(theirs, payment)), _) => (theirs, Whose::Prompt(payment)),
        // Told to one business it ends no prompt of another's: that has a callback and a question of its own.
        (Some(Anothers::Open), _) => (provider, Whose::PromptsEnd),
        (None, Some((theirs, payer))) => (theirs, Whose::Device(payer)),
        (None, None) if is_ours => {
            let arrived = waiting.received_at;
            let times = (said.paid_at(arrived), arrived);
            let whose = whose(app, &mut tx, provider, &said, times).await?;
            (provider, whose)
        }
        (None, None) => {
            // Told on the business's own secret, of a number it never set here: money that a person should see.
            tracing::warn!(provider.id = %provider, "money came to a shortcode that is not set");
            (provider, Whose::Elsewhere)
        }
    };
    tx.commit().await?;
    Ok(Outcome::Money(provider, Box::new(said), whose))
}

/// The device of another business that sells on the same number, if its code is the account. Needs the platform's door.
async fn neighbours_device(
    conn: &mut PgConnection,
    provider: ProviderId,
    said: &C2b,
) -> sqlx::Result<Option<(ProviderId, hand::Payer)>> {
    let Some(code) = said.reference.as_deref().and_then(DeviceCode::read) else {
        return Ok(None);
    };
    let number = said.shortcode.as_str();
    let Some(theirs) = store::neighbour(conn, provider, code.as_str(), number).await? else {
        return Ok(None);
    };
    let payer = hand::store::by_code(conn, theirs, &code).await?;
    Ok(payer.map(|payer| (theirs, payer)))
}

/// What of told money is another business's that sells on the same number, by its place among what is told: a prompt's, or a device's by its code.
///
/// M-PESA posts all that comes in there to one address, and writes it on one statement.
///
/// # Errors
/// When the database is away.
pub async fn anothers(
    app: &App,
    provider: ProviderId,
    told: &[C2b],
) -> sqlx::Result<BTreeMap<usize, Anothers>> {
    let mut tx = app.db.platform(db::Reason::Payments).await?;
    let mut found = store::anothers(&mut tx, provider, told, app.clock.now()).await?;
    for (place, one) in told.iter().enumerate() {
        if !found.contains_key(&place) && neighbours_device(&mut tx, provider, one).await?.is_some()
        {
            // Its business is told of it, or takes it in from its own statement.
            found.insert(place, Anothers::Named);
        }
    }
    Ok(found)
}

/// Money came, and what was told of it cannot be read: it is kept as it came, and a statement has the rest. Told of once a day.
async fn unread(app: &App, conn: &mut PgConnection, provider: ProviderId) -> sqlx::Result<()> {
    tracing::warn!(provider.id = %provider, "a confirmation on a business's own address cannot be read");
    let day = app.clock.now().as_secs().div_euclid(86_400);
    let once = format!("money-unread:{provider}:{day}");
    let notice = Notice::MoneyUnread;
    tell(app, conn, provider, Topic::Money, &notice, &once).await
}

/// Says whose money is: before it counts as paid by hand it is matched to prompts, by receipt, else by the account, else, where there is none, by
/// amount, time and what is told of the number.
///
/// While a prompt that is meant by the last is pending the money waits for its end. Who names the receipt has it then, if the prompt failed, and
/// does not wait for an end that nobody tells of: once no phone shows the prompt of that device any more, it was what was paid.
///
/// It goes by when the money was paid, by M-PESA's clock, and by when it was told of, by ours.
///
/// # Errors
/// When the database is away.
pub async fn whose(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    said: &C2b,
    (paid_at, arrived): (Timestamp, Timestamp),
) -> sqlx::Result<Whose> {
    let now = app.clock.now();
    let reference = said.reference.as_deref().unwrap_or_default();
    if let Some(payment) = store::by_reference(conn, provider, reference, &said.receipt).await? {
        return Ok(Whose::Prompt(payment));
    }
    if let Some(code) = DeviceCode::read(reference)
        && let Some(payer) = hand::store::by_code(conn, provider, &code).await?
    {
        return Ok(Whose::Device(payer));
    }
    let claimed = hand::store::by_claim(conn, provider, &said.receipt, &said.payer, now).await?;
    if !said.names_none() {
        return Ok(claimed.map_or(Whose::Nobody, Whose::Device));
    }
    let within = (paid_at - BEGUN_WITHIN, arrived.min(paid_at + CLOCKS_APART));
    let paid = (said.shortcode.as_str(), said.amount);
    let mut prompts = store::candidates(conn, provider, paid, &said.payer, within, now).await?;
    if prompts.iter().any(|prompt| prompt.stand == Stand::Pending) {
        return Ok(claimed.map_or(Whose::PromptsEnd, |payer| of_open(&prompts, payer)));
    }
    // Each of several was paid and will be told of: which of them has which receipt changes no sum.
    if let Some(prompt) = prompts.iter().find(|one| one.stand == Stand::Ended) {
        return Ok(Whose::Prompt(prompt.id));
    }
    // Those that are left may never have been shown: what is paid by hand soon after is for the same, if only one device can be meant.
    let is_claimed = claimed.is_some();
    let payers = match claimed {
        Some(payer) => {
            prompts.retain(|prompt| prompt.device == Some((payer.site, payer.mac)));
            vec![payer]
        }
        None => {
            let times = (paid_at, now);
            hand::store::at_till(conn, provider, said.amount, &said.payer, times).await?
        }
    };
    Ok(match prompts.last() {
        Some(last) if is_alone(last, &prompts, &payers) => Whose::Prompt(last.id),
        Some(_) if !is_claimed => Whose::Nobody,
        Some(_) | None => hand::only(payers).map_or(Whose::Nobody, Whose::Device),
    })
}

/// Whose money is that a device names while prompts are pending: of several of its own nobody can tell which was paid, and it has its voucher.
fn of_open(prompts: &[Candidate], payer: hand::Payer) -> Whose {
    let is_own = |prompt: &&Candidate| {
        prompt.stand != Stand::Ended && prompt.device == Some((payer.site, payer.mac))
    };
    let own: Vec<&Candidate> = prompts.iter().filter(is_own).collect();
    if own.is_empty() || own.iter().any(|prompt| !prompt.is_over) {
        return Whose::PromptsEnd;
    }
    if let [prompt] = own.as_slice() {
        Whose::Prompt(prompt.id)
    } else {
        Whose::Device(payer)
    }
}

/// Whether nobody can be meant but who has this prompt.
fn is_alone(prompt: &Candidate, prompts: &[Candidate], payers: &[hand::Payer]) -> bool {
    let is_same = |one: &Candidate| (one.phone, one.device) == (prompt.phone, prompt.device);
    let is_its = |payer: &hand::Payer| prompt.device == Some((payer.site, payer.mac));
    prompts.iter().all(is_same) && payers.iter().all(is_its)
}
