//! One piece of money in the queue, as its page shows it.

use mnara_protocol::ids::{CustomerId, PaymentId, TicketId, UnmatchedId};
use mnara_protocol::ticket::code::TicketCode;

use crate::payments::operator::stands::Stands;
use crate::payments::tried::Tried;
use crate::payments::unmatched::Reason;
use crate::payments::unmatched::store::Queued;
use crate::providers::pages::words::{QueueWords, Words};
use crate::rails::daraja::callback::Payer;
use crate::tickets::masked;
use crate::web::show;

pub(super) struct Choice {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
}

pub(super) struct Item {
    pub(super) id: UnmatchedId,
    pub(super) amount: String,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    pub(super) is_late: bool,
    /// The number that gets the credit, if it is known in full.
    pub(super) credits: Option<String>,
    pub(super) at: String,
    pub(super) payer: String,
    pub(super) receipt: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) site: Option<String>,
    pub(super) payment: Option<PaymentId>,
    pub(super) plans: Vec<Choice>,
    pub(super) became: Option<(&'static str, String)>,
    pub(super) person: Option<String>,
    pub(super) ticket: Option<TicketId>,
    /// With all but its ends hidden: on its own page it is whole, and who sees it there is written down.
    pub(super) code: Option<String>,
    pub(super) back: Option<(String, String)>,
    pub(super) customer: Option<CustomerId>,
    pub(super) going: Option<Stands>,
    pub(super) may_reverse: bool,
    pub(super) tried: Tried,
}

pub(super) fn shown_item(
    row: Queued,
    plans: Vec<Choice>,
    may_work: bool,
    (going, may_reverse): (Option<Stands>, bool),
    words: &Words,
) -> Item {
    let w = &words.queue;
    let (name, text) = match row.reason {
        Some(Reason::Amount) => (w.amount, w.amount_text),
        Some(Reason::Double) => (w.double, w.double_text),
        Some(Reason::Statement) => (w.statement, w.statement_text),
        Some(Reason::Late) => (w.late, w.late_text),
        Some(Reason::Asked) => (w.asked, w.asked_text),
        Some(Reason::Short) => (w.short, w.short_text),
        Some(Reason::Nobody) | None => (w.nobody, w.nobody_text),
    };
    let became = row.closed.map(|(outcome, at)| {
        let word = match outcome.as_str() {
            "ticket" => w.was_ticket,
            "refund" => w.was_refund,
            "credit" => w.was_credit,
            _ => w.was_known,
        };
        (word, words.calendar.moment(at))
    });
    let (ticket, code) = row.ticket.unzip();
    Item {
        id: row.id,
        amount: show::money(row.amount),
        name,
        text,
        is_late: row.reason == Some(Reason::Late),
        credits: match &row.payer {
            Payer::Number(phone) => Some(show::phone(&phone.digits())),
            Payer::Masked { .. } | Payer::Hash(_) | Payer::Untold => None,
        },
        at: words.calendar.moment(row.at),
        payer: payer(&row.payer, w),
        receipt: row.receipt,
        reference: row.reference,
        site: row.site,
        payment: row.payment,
        plans,
        became,
        person: row.person,
        ticket,
        code: code
            .filter(|_| may_work)
            .and_then(|code| TicketCode::parse(&code).ok())
            .map(|code| masked(&code)),
        back: row.back,
        customer: row.customer,
        going,
        may_reverse,
        tried: Tried::Nothing,
    }
}

/// Who paid, as far as it is known.
#[must_use]
pub fn payer(payer: &Payer, w: &QueueWords) -> String {
    match payer {
        Payer::Number(phone) => show::phone(&phone.digits()),
        Payer::Masked { head, tail } => format!("{head}•••{tail}"),
        Payer::Hash(_) => w.hidden.to_owned(),
        Payer::Untold => w.untold.to_owned(),
    }
}
