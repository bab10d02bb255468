//! What a customer is sent after a payment: the code, a receipt, or both in one text.
//!
//! The portal that lets a buyer ask for it calls [`wish`] with the payment, in the transaction that makes it; whoever issues the ticket calls
//! [`sold`].

use std::time::Duration;

use mnara_protocol::ids::{PaymentId, ProviderId};
use mnara_protocol::money::Money;
use mnara_protocol::portal::Language;
use sqlx::PgConnection;

use super::store;
use super::{Codes, NewSms, Settings, post};
use crate::app::App;
use crate::providers::mail::fill;
use crate::providers::pages::words::Words;
use crate::rails::msisdn::Msisdn;
use crate::rails::sms::gsm7::{self, Size};
use crate::web::show;

/// A code is of use for so long; a text that could not leave meanwhile is dropped.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3_600);
/// The words of kinds in the database.
pub const CODE: &str = "code";
/// As above.
pub const RECEIPT: &str = "receipt";

/// A ticket that was just sold.
#[derive(Clone, Copy)]
pub struct Sold<'a> {
    /// The payment.
    pub payment: PaymentId,
    /// Who paid.
    pub phone: Msisdn,
    /// The ticket's code, as people type it.
    pub code: &'a str,
    /// What was bought.
    pub plan: &'a str,
    /// What came for it.
    pub amount: Money,
    /// What the phone's credit paid beside that.
    pub credit: Money,
    /// M-PESA's receipt, if it is known.
    pub receipt: Option<&'a str>,
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The code alone.
    Code,
    /// The receipt alone.
    Receipt,
    /// Both.
    Both,
}

/// What a buyer gets, by what the business chose and the buyer asked for.
#[must_use]
pub fn due(settings: &Settings, has_wish: bool) -> Option<Sent> {
    let code = match settings.codes {
        Codes::Never => false,
        Codes::Asked => has_wish,
        Codes::Always => true,
    };
    match (code, settings.receipts) {
        (true, true) => Some(Sent::Both),
        (true, false) => Some(Sent::Code),
        (false, true) => Some(Sent::Receipt),
        (false, false) => None,
    }
}

/// What a text to a customer says, and how long that is.
#[must_use]
pub fn text(language: Language, sent: Sent, business: &str, sold: &Sold<'_>) -> (String, Size) {
    let w = &Words::of(language).texts;
    let mut amount = show::money(sold.amount);
    if sold.credit.cents() > 0 {
        let credit = show::money(sold.credit);
        amount = fill(w.with_credit, &[("paid", &amount), ("credit", &credit)]);
    }
    let receipt = sold.receipt.unwrap_or("-");
    let template = match (sent, sold.receipt) {
        (Sent::Code, _) => w.code,
        (Sent::Receipt, None) => w.receipt_unknown,
        (Sent::Receipt, Some(_)) => w.receipt,
        (Sent::Both, None) => w.both_unknown,
        (Sent::Both, Some(_)) => w.both,
    };
    let places = [
        ("business", business),
        ("code", sold.code),
        ("plan", sold.plan),
        ("amount", amount.as_str()),
        ("receipt", receipt),
    ];
    let text = gsm7::plain(&fill(template, &places));
    let size = gsm7::size(&text);
    (text, size)
}

/// Notes that a buyer wants the code by SMS. It is sent if the business lets buyers ask.
///
/// # Errors
/// When the database refuses.
pub async fn wish(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    payment: PaymentId,
) -> sqlx::Result<()> {
    store::wish(conn, provider, payment, app.clock.now()).await
}

/// Whether buyers of a business may ask for the code by SMS.
///
/// # Errors
/// When the database is away.
pub async fn may_ask(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
) -> sqlx::Result<bool> {
    if !app.rails.sms.is_set_up() {
        return Ok(false);
    }
    let settings = store::settings(conn, provider).await?;
    Ok(settings.codes == Codes::Asked)
}

/// Sends a buyer what is due after a sale, in the transaction of the sale; once for a payment.
///
/// # Errors
/// When the database refuses.
pub async fn sold(
    app: &App,
    conn: &mut PgConnection,
    provider: ProviderId,
    sold: Sold<'_>,
) -> sqlx::Result<()> {
    if !app.rails.sms.is_set_up() {
        return Ok(());
    }
    let settings = store::settings(conn, provider).await?;
    let has_wish =
        settings.codes == Codes::Asked && store::has_wish(conn, provider, sold.payment).await?;
    let Some(due) = due(&settings, has_wish) else {
        return Ok(());
    };
    let Some(business) = crate::providers::store::provider(conn, provider).await? else {
        return Ok(());
    };
    let (text, _) = text(settings.language, due, &business.business_name, &sold);
    let sms = NewSms {
        provider,
        person: None,
        payment: Some(sold.payment),
        to: sold.phone,
        kind: if due == Sent::Receipt { RECEIPT } else { CODE },
        once: Some(&format!("sold:{}", sold.payment)),
        // Somebody stands there and waits for a code; a receipt can wait for the morning.
        is_urgent: due != Sent::Receipt,
        good_for: GOOD_FOR,
        text: &text,
    };
    post(app, conn, sms).await
}

/// A sale to show what a text looks like and how long it is.
#[must_use]
pub fn example(plan: &str) -> Sold<'_> {
    Sold {
        payment: PaymentId::from_bytes([0; 16]),
        phone: Msisdn::EXAMPLE,
        code: "ABCD-EFGH-JKMN",
        plan,
        amount: Money::from_shillings(50),
        credit: Money::from_cents(0),
        receipt: Some("NLJ7RT61SV"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buyer_gets_what_was_chosen_and_asked_for() {
        let settings = |codes, receipts| Settings {
            codes,
            receipts,
            ..Settings::default()
        };
        assert_eq!(due(&settings(Codes::Never, false), true), None);
        assert_eq!(due(&settings(Codes::Asked, false), false), None);
        assert_eq!(due(&settings(Codes::Asked, false), true), Some(Sent::Code));
        assert_eq!(
            due(&settings(Codes::Always, false), false),
            Some(Sent::Code)
        );
        assert_eq!(due(&settings(Codes::Always, true), false), Some(Sent::Both));
        assert_eq!(
            due(&settings(Codes::Never, true), true),
            Some(Sent::Receipt)
        );
    }

    #[test]
    fn each_text_fits_one_message_in_both_languages() {
        for language in Language::ALL {
            for sent in [Sent::Code, Sent::Receipt, Sent::Both] {
                for (receipt, credit) in [
                    (None, 0),
                    (Some("NLJ7RT61SV"), 0),
                    (Some("NLJ7RT61SV"), 1_050),
                ] {
                    let sold = Sold {
                        receipt,
                        credit: Money::from_shillings(credit),
                        ..example("1 hour")
                    };
                    for business in ["Njeri's Wi-Fi", "Ngũgĩ Wi-Fi"] {
                        let (text, size) = text(language, sent, business, &sold);
                        assert!(size.is_gsm7 && size.parts == 1, "{text}: {size:?}");
                        assert_eq!(text.contains("ABCD-EFGH-JKMN"), sent != Sent::Receipt);
                        assert!(!text.contains('{'), "{text}");
                    }
                }
            }
        }
    }
}
