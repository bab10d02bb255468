//! How requests of the operator stand, in words, for every page that shows one.

use std::time::Duration;

use axum::http::StatusCode;
use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::ProviderId;
use sqlx::PgConnection;

use super::ask::NotAsked;
use super::in_use::may;
use super::{Purpose, Request, Right, State as Stage, store};
use crate::payments::unmatched::store::Queued;
use crate::providers::pages::proof::Fault;
use crate::providers::pages::trouble::Trouble;
use crate::providers::pages::words::{OperatorWords, Words};
use crate::rails::daraja::answered::{DONE_BEFORE, Refusal};
use crate::web::show;

/// Receipts that customers named, those that were asked about, and for how long back.
const NAMED: u16 = 20;
const ASKED: u16 = 5;
const NAMED_WITHIN: Duration = Duration::from_secs(7 * 86_400);

/// How a request stands, in words.
#[derive(Clone, Debug)]
pub struct Stands {
    /// The class of its tag.
    pub class: &'static str,
    /// In a word.
    pub word: &'static str,
    /// What that means, and what to do.
    pub text: &'static str,
    /// What M-PESA said.
    pub said: Option<String>,
    /// About which receipt.
    pub receipt: String,
    /// When it was asked, or ended.
    pub at: String,
    /// Whether it may still be done.
    pub is_open: bool,
    /// Whether a person may ask once more.
    pub is_silent: bool,
    /// Whether M-PESA says that money went back of which the books do not say so.
    pub is_reversed: bool,
}

impl Stands {
    /// Says how a request stands.
    #[must_use]
    pub fn of(request: &Request, now: Timestamp, words: &Words) -> Self {
        let w = &words.operator;
        let (class, word, text) = match (request.state, request.right) {
            _ if request.is_silent(now) => ("wait", w.unknown, w.unknown_text),
            (Stage::Made | Stage::Taken, _) => ("wait", w.asked, w.asked_text),
            (Stage::Unknown, _) => ("wait", w.unknown, w.unknown_text),
            (Stage::Replaced, _) => ("wait", w.replaced, w.asked_text),
            (Stage::Done, Right::Status) => match request.found.as_deref() {
                Some("payment") => ("good", w.told, w.found_payment),
                Some("queue") => ("good", w.told, w.found_queue),
                Some("known") => ("good", w.told, w.found_known),
                Some("other") => ("bad", w.told, w.found_other),
                Some("reversed") if request.is_booked => ("good", w.told, w.went_back_text),
                Some("reversed") => ("bad", w.told, w.found_reversed),
                Some("not-completed") => ("wait", w.told, w.found_not_completed),
                _ => ("good", w.told, w.told_text),
            },
            // What M-PESA had done before went back once, whoever wrote it down.
            (Stage::Done, Right::Reversal)
                if request.is_booked || request.code.as_deref() == Some(DONE_BEFORE) =>
            {
                ("good", w.went_back, w.went_back_text)
            }
            (Stage::Done, Right::Reversal) => ("wait", w.went_back, w.went_back_twice),
            (Stage::Failed, _) => ("bad", w.refused, w.why(request.code.as_deref())),
        };
        Self {
            class,
            word,
            text,
            said: request.said.clone().filter(|said| !said.is_empty()),
            receipt: request.receipt.clone(),
            at: words.calendar.moment(request.ended.unwrap_or(request.at)),
            is_open: request.state.is_open(),
            is_silent: request.is_silent(now),
            is_reversed: request.found.as_deref() == Some("reversed") && !request.is_booked,
        }
    }
}

impl OperatorWords {
    /// Why something was refused, and what to do about it.
    fn why(&self, code: Option<&str>) -> &'static str {
        let code = code.unwrap_or_default();
        match (Refusal::read(code), code) {
            (Some(Refusal::NoMoney), _) => self.no_money,
            (Some(Refusal::BadState), _) => self.bad_state,
            (Some(Refusal::NoRole), _) => self.no_role,
            (Some(Refusal::BadOperator), _) => self.bad_operator,
            (Some(Refusal::AccountRule), _) => self.account_rule,
            (Some(Refusal::NotAssigned), _) => self.not_assigned,
            (Some(Refusal::Locked), _) => self.locked,
            (Some(Refusal::NoSuchReceipt), _) => self.no_receipt,
            (None, "keys") => self.keys,
            (None, "product-missing") => self.product,
            (None, "busy") => self.busy,
            (None, "away") => self.away,
            (None, _) => self.other_refusal,
        }
    }
}

/// What somebody hears whose request was not made.
///
/// # Errors
/// When it was nobody's fault, or there is no such thing.
pub fn not_asked(error: NotAsked, words: &Words) -> Result<Fault, Trouble> {
    let w = &words.operator;
    let text = match error {
        NotAsked::NoOperator => w.no_operator,
        NotAsked::NotProven => w.right_not_proven,
        NotAsked::NoMoney => w.nothing_there,
        NotAsked::Over => w.over,
        NotAsked::OtherAccount => w.other_account,
        NotAsked::Open => w.is_open,
        NotAsked::Receipt => w.bad_receipt,
        NotAsked::Reason => w.bad_reason,
        NotAsked::TooMany(too) => {
            return Ok((StatusCode::TOO_MANY_REQUESTS, words.people.wait(too.wait)));
        }
        NotAsked::Missing => return Err(Trouble::Nothing),
        NotAsked::Ending => return Err(Trouble::Away),
        NotAsked::Database(error) => return Err(error.into()),
        NotAsked::Account(error) => {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "an operator could not be used"
            );
            return Err(Trouble::Inside);
        }
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, text.to_owned()))
}

/// What is on its way back of the money on a page, and whether more may go.
pub struct Backs {
    requests: Vec<Request>,
    may_send: bool,
}

impl Backs {
    /// Reads it for the receipts of a page.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(
        conn: &mut PgConnection,
        provider: ProviderId,
        rows: impl Iterator<Item = &Queued>,
        may_send: bool,
    ) -> sqlx::Result<Self> {
        let receipts: Vec<_> = rows.filter_map(|row| row.receipt.clone()).collect();
        Ok(Self {
            requests: store::going_back(conn, provider, &receipts).await?,
            may_send: may_send && may(conn, provider, Right::Reversal).await?,
        })
    }

    /// How it stands with the receipt of a line, and whether its money may be sent back.
    #[must_use]
    pub fn of(&self, row: &Queued, now: Timestamp, words: &Words) -> (Option<Stands>, bool) {
        let request = self
            .requests
            .iter()
            .find(|request| Some(&request.receipt) == row.receipt.as_ref());
        let is_free = request.is_none_or(|one| !one.state.is_open() || one.is_silent(now));
        let stands = request.map(|request| Stands::of(request, now, words));
        let may_send = self.may_send && row.receipt.is_some() && row.is_whole && is_free;
        (stands, may_send)
    }
}

/// A receipt that a customer named.
pub struct NamedShown {
    /// The receipt.
    pub receipt: String,
    /// The number that is said to have paid.
    pub phone: String,
    /// Where.
    pub site: String,
    /// When.
    pub at: String,
}

/// Receipts that M-PESA can be asked about.
pub struct Receipts {
    /// What customers named.
    pub named: Vec<NamedShown>,
    /// What was asked of late.
    pub asked: Vec<Stands>,
}

impl Receipts {
    /// Reads them; nothing where M-PESA cannot be asked.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn read(
        conn: &mut PgConnection,
        provider: ProviderId,
        now: Timestamp,
        words: &Words,
    ) -> sqlx::Result<Option<Self>> {
        if !may(conn, provider, Right::Status).await? {
            return Ok(None);
        }
        let since = now - NAMED_WITHIN;
        let named = store::receipts::named(conn, provider, since, NAMED).await?;
        let of = (Right::Status, Purpose::Claim);
        let asked = store::latest(conn, provider, of, ASKED).await?;
        Ok(Some(Self {
            named: named
                .into_iter()
                .map(|one| NamedShown {
                    receipt: one.receipt,
                    phone: show::phone(&one.phone),
                    site: one.site,
                    at: words.calendar.moment(one.at),
                })
                .collect(),
            asked: asked
                .iter()
                .map(|request| Stands::of(request, now, words))
                .collect(),
        }))
    }
}
