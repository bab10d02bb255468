//! C2B: registering addresses, paying by hand or by the sandbox's simulation, validation with its eight seconds, and the
//! confirmation, which a paid push on a registered shortcode raises too.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    Shared,
    config::{App, Kind, Knobs, Mask},
    deliver,
    deliver::Post,
    fields::{Fields, invalid, is_msisdn},
    http::{Answer, Call},
    ids,
    json::{Json, object, text},
    refuse,
    script::Refusal,
    state::{DeliveryKind, State, Transaction},
};

/// The longest account number a customer can type.
const REFERENCE: usize = 20;

/// Which version of the API a shortcode was registered through; it decides how phones are hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Version {
    Hashed,
    Masked,
}

/// The addresses of one shortcode.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Registration {
    version: Version,
    /// What happens to a payment whose validation does not answer.
    completes: bool,
    confirmation_url: String,
    validation_url: String,
}

/// A payment made from the phone's own menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HandPayment {
    /// The paybill, or a till by its own number or its store's.
    pub shortcode: String,
    pub msisdn: String,
    pub amount: i64,
    /// The account number typed by the customer; tills have none.
    #[serde(default)]
    pub reference: String,
}

impl HandPayment {
    /// Tells what a phone would not let its owner type.
    pub(super) fn check(&self, knobs: &Knobs) -> Result<(), String> {
        if !is_msisdn(&self.msisdn) {
            return Err("write msisdn as 2547XXXXXXXX or 2541XXXXXXXX".into());
        }
        if !(1..=knobs.max_amount).contains(&self.amount) {
            return Err(format!("amount is from 1 to {}", knobs.max_amount));
        }
        if self.reference.chars().count() > REFERENCE {
            return Err(format!("reference has at most {REFERENCE} characters"));
        }
        Ok(())
    }
}

/// The receiver's validation refused the payment, nobody has the shortcode, or the phone has paid its day's share (4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the payment was declined with {code}")]
pub struct Declined {
    pub code: String,
}

/// Answers `registerurl`.
pub(super) fn register(shared: &Shared, call: &Call, app: &App, version: Version) -> Answer {
    shared.change(|state| {
        let registration = match read_registration(call, app, state, version) {
            Ok(registration) => registration,
            Err(refusal) => return refuse::c2b_and_status(&mut state.rng, &refusal),
        };
        if state.knobs.c2b_once && state.registrations.contains_key(&app.shortcode) {
            return refuse::coded(
                &mut state.rng,
                500,
                "500.003.1001",
                "Urls are already registered.",
            );
        }
        state
            .registrations
            .insert(app.shortcode.clone(), registration);
        acknowledge(ids::request_id(&mut state.rng), "Success")
    })
}

fn read_registration(
    call: &Call,
    app: &App,
    state: &State,
    version: Version,
) -> Result<Registration, Refusal> {
    let fields = Fields::parse(&call.body)?;
    if !app.is_called(&fields.text("ShortCode")?) {
        return Err(invalid("ShortCode"));
    }
    let completes = match fields.text("ResponseType")?.as_str() {
        "Completed" => true,
        "Cancelled" => false,
        _ => return Err(invalid("ResponseType")),
    };
    Ok(Registration {
        version,
        completes,
        confirmation_url: fields.callback_url("ConfirmationURL", &state.knobs)?,
        validation_url: fields.callback_url("ValidationURL", &state.knobs)?,
    })
}

/// Answers the sandbox's `simulate`: the payment then goes its way.
pub(super) fn simulate(shared: &Arc<Shared>, call: &Call, app: &App) -> Answer {
    let payment = shared.read(|state| read_simulation(call, app, state.knobs.max_amount));
    match payment {
        Err(refusal) => shared.change(|state| refuse::c2b_and_status(&mut state.rng, &refusal)),
        Ok(payment) => {
            let paying = Arc::clone(shared);
            let id = shared.change(|state| ids::request_id(&mut state.rng));
            let conversation = Some(id.clone());
            shared.tracker.spawn(async move {
                if let Err(declined) = pay(&paying, payment, conversation).await {
                    tracing::info!(%declined, "a simulated payment did not go through");
                }
            });
            acknowledge(id, "Accept the service request successfully.")
        }
    }
}

fn read_simulation(call: &Call, app: &App, max: i64) -> Result<HandPayment, Refusal> {
    let fields = Fields::parse(&call.body)?;
    let shortcode = fields.text("ShortCode")?;
    if !app.is_called(&shortcode) {
        return Err(invalid("ShortCode"));
    }
    if fields.text("CommandID")? != app.transaction_type() {
        return Err(invalid("CommandID"));
    }
    let reference = fields.optional("BillRefNumber")?;
    if reference.chars().count() > REFERENCE {
        return Err(invalid("BillRefNumber"));
    }
    Ok(HandPayment {
        shortcode: app.shortcode.clone(),
        msisdn: fields.msisdn("Msisdn")?,
        amount: fields.amount("Amount", max)?,
        reference,
    })
}

fn acknowledge(id: String, words: &str) -> Answer {
    Answer::json(
        200,
        &object([
            // The real service spells it so.
            ("OriginatorCoversationID", text(id)),
            ("ResponseCode", text("0")),
            ("ResponseDescription", text(words)),
        ]),
    )
}

/// Takes a payment through validation to its confirmation and gives back the receipt.
pub(super) async fn pay(
    shared: &Arc<Shared>,
    payment: HandPayment,
    conversation: Option<String>,
) -> Result<String, Declined> {
    let now = shared.clock.now();
    let (transaction, registration, validates) = shared.change(|state| {
        let app = state
            .apps
            .values()
            .find(|app| app.is_called(&payment.shortcode));
        let Some((shortcode, kind)) = app.map(|app| (app.shortcode.clone(), app.kind.clone()))
        else {
            return Err(Declined {
                code: "C2B00015".into(),
            });
        };
        if state.is_beyond_the_day(&payment.msisdn, payment.amount, now) {
            return Err(Declined { code: "4".into() });
        }
        let paybill = kind == Kind::Paybill;
        let transaction = Transaction {
            receipt: state.draw_receipt(now),
            at: now,
            shortcode,
            transaction_type: if paybill { "Pay Bill" } else { "Buy Goods" },
            amount: payment.amount,
            msisdn: payment.msisdn.clone(),
            reference: if paybill {
                payment.reference.clone()
            } else {
                String::new()
            },
            conversation,
            reversed: false,
        };
        let registration = state.registrations.get(&transaction.shortcode).cloned();
        Ok((transaction, registration, state.knobs.c2b_validation))
    })?;
    let mut third_party = String::new();
    if let (Some(registration), true) = (&registration, validates) {
        third_party = validate(shared, registration, &transaction).await?;
    }
    let receipt = transaction.receipt.clone();
    shared.change(|state| state.book(transaction));
    confirm(shared, &receipt, &third_party, 1);
    Ok(receipt)
}

async fn validate(
    shared: &Shared,
    registration: &Registration,
    transaction: &Transaction,
) -> Result<String, Declined> {
    let mask = shared.read(|state| state.knobs.mask);
    let post = Post {
        kind: DeliveryKind::Validation,
        payment: None,
        shortcode: transaction.shortcode.clone(),
        url: registration.validation_url.clone(),
        body: body(registration, transaction, "", "", mask).to_string(),
    };
    let verdict = deliver::send(shared, post)
        .await
        .filter(|(status, _)| *status == 200)
        .and_then(|(_, body)| serde_json::from_str::<Value>(&body).ok())
        .and_then(|body| {
            Some((
                plain(body.get("ResultCode")?),
                body.get("ThirdPartyTransID").map(plain),
            ))
        });
    match verdict {
        Some((code, third_party)) if code == "0" => Ok(third_party.unwrap_or_default()),
        Some((code, _)) => Err(Declined { code }),
        None if registration.completes => Ok(String::new()),
        None => Err(Declined {
            code: "C2B00016".into(),
        }),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Sends the confirmation of a booked transaction when its shortcode is registered.
pub(super) fn confirm(shared: &Arc<Shared>, receipt: &str, third_party: &str, copies: u16) {
    let Some(post) = shared.read(|state| compose(state, receipt, third_party)) else {
        return;
    };
    for _ in 0..copies {
        let (sending, post) = (Arc::clone(shared), post.clone());
        shared
            .tracker
            .spawn(async move { deliver::send(&sending, post).await });
    }
}

/// As [`confirm`], once, and waits for the answer.
pub(super) async fn confirm_now(shared: &Shared, receipt: &str) {
    if let Some(post) = shared.read(|state| compose(state, receipt, "")) {
        deliver::send(shared, post).await;
    }
}

fn compose(state: &State, receipt: &str, third_party: &str) -> Option<Post> {
    let transaction = state
        .ledger
        .iter()
        .rev()
        .find(|transaction| transaction.receipt == receipt)?;
    let registration = state.registrations.get(&transaction.shortcode)?;
    let balance = format!("{}.00", state.balance(&transaction.shortcode));
    let mask = state.knobs.mask;
    Some(Post {
        kind: DeliveryKind::Confirmation,
        payment: None,
        shortcode: transaction.shortcode.clone(),
        url: registration.confirmation_url.clone(),
        body: body(registration, transaction, &balance, third_party, mask).to_string(),
    })
}

fn body(
    registration: &Registration,
    transaction: &Transaction,
    balance: &str,
    third_party: &str,
    mask: Mask,
) -> Json {
    let phone = match registration.version {
        Version::Hashed => hex::encode(Sha256::digest(transaction.msisdn.as_bytes())),
        Version::Masked => masked(&transaction.msisdn, mask),
    };
    object([
        ("TransactionType", text(transaction.transaction_type)),
        ("TransID", text(&transaction.receipt)),
        ("TransTime", text(ids::stamp(transaction.at))),
        ("TransAmount", text(format!("{}.00", transaction.amount))),
        ("BusinessShortCode", text(&transaction.shortcode)),
        ("BillRefNumber", text(&transaction.reference)),
        ("InvoiceNumber", text("")),
        ("OrgAccountBalance", text(balance)),
        ("ThirdPartyTransID", text(third_party)),
        ("MSISDN", text(phone)),
        ("FirstName", text("NICHOLAS")),
        ("MiddleName", text("")),
        ("LastName", text("")),
    ])
}

fn masked(msisdn: &str, mask: Mask) -> String {
    let front = |length| msisdn.get(..length).unwrap_or_default();
    let tail = msisdn
        .get(msisdn.len().saturating_sub(3)..)
        .unwrap_or_default();
    match mask {
        Mask::Stars => format!("{}****{tail}", front(5)),
        Mask::Spaced => format!("{} ***** {tail}", front(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confirmation_is_written_as_documented() {
        let registration = Registration {
            version: Version::Masked,
            completes: true,
            confirmation_url: String::new(),
            validation_url: String::new(),
        };
        let transaction = Transaction {
            receipt: "RKL51ZDR4F".into(),
            at: ids::parse_stamp("20231121121325").unwrap(),
            shortcode: "600966".into(),
            transaction_type: "Pay Bill",
            amount: 5,
            msisdn: "254708374126".into(),
            reference: "Sample Transaction".into(),
            conversation: None,
            reversed: false,
        };
        assert_eq!(
            body(&registration, &transaction, "25.00", "", Mask::Spaced).to_string(),
            r#"{"TransactionType":"Pay Bill","TransID":"RKL51ZDR4F","TransTime":"20231121121325","TransAmount":"5.00","BusinessShortCode":"600966","BillRefNumber":"Sample Transaction","InvoiceNumber":"","OrgAccountBalance":"25.00","ThirdPartyTransID":"","MSISDN":"2547 ***** 126","FirstName":"NICHOLAS","MiddleName":"","LastName":""}"#
        );
        assert_eq!(masked("254708374149", Mask::Stars), "25470****149");
        assert_eq!(masked("é", Mask::Stars), "****é");
    }
}
