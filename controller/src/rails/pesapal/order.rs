//! The order: what a business is sent to Pesapal's page with.
//!
//! Its reference is refused a second time, and nothing finds an order by it; so whoever loses the answer makes another order.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use url::Url;

use super::price::Price;
use super::wire::Reply;
use super::{CallError, Exchange, Name, Pesapal};

/// The path of the call.
const PATH: &str = "/api/Transactions/SubmitOrderRequest";
/// The longest reference Pesapal takes.
const REFERENCE: usize = 50;
/// The longest description.
const DESCRIPTION: usize = 100;

/// How often a card is charged by itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Frequency {
    /// Each day.
    Daily,
    /// Each week.
    Weekly,
    /// Each month.
    Monthly,
    /// Each year.
    Yearly,
}

impl Frequency {
    /// The word on the wire.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

/// That a card may be charged again by itself; whoever pays still has to agree on Pesapal's page.
#[derive(Clone, Copy, Debug)]
pub struct Recurring<'a> {
    /// Ours; every later charge names it.
    pub account: &'a str,
    /// The day of the first charge by itself.
    pub start: jiff::civil::Date,
    /// The last day of it.
    pub end: jiff::civil::Date,
    /// How often.
    pub frequency: Frequency,
}

/// Who pays; an e-mail address or a phone number is needed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Billed<'a> {
    /// The e-mail address, or nothing.
    pub email: &'a str,
    /// The phone number, or nothing.
    pub phone: &'a str,
    /// A name for people.
    pub name: &'a str,
}

/// An order.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Ours, never used before: up to fifty letters, digits and `-_.:`.
    pub reference: &'a str,
    /// How much.
    pub price: Price,
    /// What it is for; cut to what Pesapal takes.
    pub description: &'a str,
    /// Where the browser comes back to.
    pub callback: &'a str,
    /// The name of our registered address.
    pub notification: &'a Name,
    /// Who pays.
    pub billed: Billed<'a>,
    /// Whether a card may be charged again.
    pub recurring: Option<Recurring<'a>>,
}

/// Pesapal took the order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Submitted {
    /// Pesapal's name for it; the status asks by it.
    pub tracking: Name,
    /// Where the browser goes to pay.
    pub redirect: String,
}

/// Why there is no order. Only [`SubmitError::Unknown`] leaves it open whether Pesapal has one.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The order itself cannot be sent; nothing was.
    #[error("the order cannot be sent: {0}")]
    Order(&'static str),
    /// The call was turned away; no order was made.
    #[error(transparent)]
    Call(CallError),
    /// It may have been taken. Nobody has its page, so a new order is safe.
    #[error("the outcome of the order is not known")]
    Unknown(#[source] anyhow::Error),
}

impl SubmitError {
    /// Its stable name, for rows and counters.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Order(_) => "order",
            Self::Call(error) => error.name(),
            Self::Unknown(_) => "unknown",
        }
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    id: &'a str,
    currency: &'static str,
    amount: Box<RawValue>,
    description: String,
    redirect_mode: &'static str,
    callback_url: &'a str,
    cancellation_url: &'a str,
    notification_id: &'a Name,
    branch: &'static str,
    billing_address: Address<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscription_details: Option<Details>,
}

#[derive(Serialize)]
struct Address<'a> {
    email_address: &'a str,
    phone_number: &'a str,
    country_code: &'static str,
    first_name: &'a str,
    middle_name: &'static str,
    last_name: &'static str,
    line_1: &'static str,
    line_2: &'static str,
    city: &'static str,
    state: &'static str,
    postal_code: &'static str,
    zip_code: &'static str,
}

#[derive(Serialize)]
struct Details {
    start_date: String,
    end_date: String,
    frequency: &'static str,
}

/// Takes out whose telephone and mailbox it is: nobody may read that.
fn veil(fields: &mut Map<String, Value>) {
    if let Some(address) = fields.get_mut("billing_address") {
        *address = Value::from("…");
    }
}

impl Pesapal {
    /// Hands an order in. Its row must be stored before. What went over the wire is given back beside the outcome.
    pub async fn submit(&self, order: &Order<'_>) -> (Result<Submitted, SubmitError>, Exchange) {
        let wire = match wire(order) {
            Ok(wire) => wire,
            Err(error) => return (Err(error), Exchange::default()),
        };
        let mut exchange = Exchange::sending(&wire, veil);
        let outcome = match self.post(PATH, &wire).await {
            Ok(reply) => {
                exchange.heard(reply.status, &reply.text);
                judge(&reply, order.reference, self.base())
            }
            Err(CallError::Lost(error)) => Err(SubmitError::Unknown(error)),
            Err(error) => Err(SubmitError::Call(error)),
        };
        let result = outcome
            .as_ref()
            .map_or_else(SubmitError::name, |_| "accepted");
        metrics::counter!("mnara_pesapal_orders_total", "result" => result).increment(1);
        (outcome, exchange)
    }
}

fn wire<'a>(order: &Order<'a>) -> Result<Wire<'a>, SubmitError> {
    let is_plain = order
        .reference
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    if !(1..=REFERENCE).contains(&order.reference.len()) || !is_plain {
        return Err(SubmitError::Order(
            "the reference must be 1 to 50 letters, digits and -_.:",
        ));
    }
    if order.price.cents <= 0 {
        return Err(SubmitError::Order("there is nothing to pay"));
    }
    if order.billed.email.is_empty() && order.billed.phone.is_empty() {
        return Err(SubmitError::Order(
            "an e-mail address or a phone number is needed",
        ));
    }
    let day = |date: jiff::civil::Date| date.strftime("%d-%m-%Y").to_string();
    Ok(Wire {
        id: order.reference,
        currency: order.price.currency.code(),
        amount: order.price.number(),
        description: order.description.chars().take(DESCRIPTION).collect(),
        redirect_mode: "TOP_WINDOW",
        callback_url: order.callback,
        cancellation_url: order.callback,
        notification_id: order.notification,
        branch: "",
        billing_address: Address {
            email_address: order.billed.email,
            phone_number: order.billed.phone,
            country_code: "KE",
            first_name: order.billed.name,
            middle_name: "",
            last_name: "",
            line_1: "",
            line_2: "",
            city: "",
            state: "",
            postal_code: "",
            zip_code: "",
        },
        account_number: order.recurring.map(|recurring| recurring.account),
        subscription_details: order.recurring.map(|recurring| Details {
            start_date: day(recurring.start),
            end_date: day(recurring.end),
            frequency: recurring.frequency.word(),
        }),
    })
}

fn judge(reply: &Reply, reference: &str, base: &str) -> Result<Submitted, SubmitError> {
    let unknown = |what: &str| SubmitError::Unknown(anyhow::anyhow!("{what}"));
    let Some(fields) = reply.fields() else {
        return Err(match reply.status {
            429 => SubmitError::Call(CallError::Busy),
            _ => unknown("an answer that cannot be read"),
        });
    };
    if reply.good().is_none() {
        return Err(SubmitError::Call(CallError::refused(reply)));
    }
    let is_other = fields
        .filled("merchant_reference")
        .is_some_and(|told| told != reference);
    if is_other {
        return Err(unknown("the answer to another order"));
    }
    let tracking = fields
        .text("order_tracking_id")
        .and_then(|id| id.parse().ok());
    let redirect = fields
        .text("redirect_url")
        .filter(|url| leads_on(url, base));
    match (tracking, redirect) {
        (Some(tracking), Some(redirect)) => Ok(Submitted { tracking, redirect }),
        _ => Err(unknown("an order without its name or its page")),
    }
}

/// Whether a browser may be sent there: in the clear only to this machine, and to the host that the platform calls in the clear itself.
fn leads_on(address: &str, base: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return false;
    };
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => {
            let is_here = match &host {
                url::Host::Ipv4(host) => host.is_loopback(),
                url::Host::Ipv6(host) => host.is_loopback(),
                url::Host::Domain(host) => *host == "localhost",
            };
            is_here
                || Url::parse(base)
                    .is_ok_and(|base| base.scheme() == "http" && base.host() == Some(host))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::leads_on;

    #[test]
    fn a_browser_is_sent_over_tls_or_to_where_the_platform_itself_goes() {
        const PESAPAL: &str = "https://pay.pesapal.com/v3";
        for (address, base, may) in [
            ("https://pay.pesapal.com/x", PESAPAL, true),
            ("http://pay.pesapal.com/x", PESAPAL, false),
            ("http://127.0.0.1:8792/x", PESAPAL, true),
            ("http://[::1]:8792/x", PESAPAL, true),
            ("http://localhost/x", PESAPAL, true),
            ("http://sim:9000/x", "http://sim:8000", true),
            ("http://SIM/x", "http://sim:8000/v3", true),
            ("http://other/x", "http://sim:8000", false),
            ("javascript:alert(1)", "http://sim:8000", false),
            ("/x", "http://sim:8000", false),
        ] {
            assert_eq!(leads_on(address, base), may, "{address} from {base}");
        }
    }
}
