//! The STK callback: its body in every shape seen in the wild, and its sending once, often, late or forged.

use std::sync::Arc;

use futures_util::future::join_all;
use rand::rngs::StdRng;

use super::{
    Shared, deliver,
    deliver::Post,
    ids,
    json::{Json, digits, object, text},
    results::Code,
    script::{AmountStyle, Balance, Body, Callback, DateStyle, Forged, Metadata, PhoneStyle},
    state::{DeliveryKind, Ended, Payment, State},
};

/// Sends a payment's callback as its script says, in the background.
pub(super) fn send(shared: &Arc<Shared>, number: u64) {
    let shared = Arc::clone(shared);
    let tracker = shared.tracker.clone();
    tracker.spawn(async move { send_now(&shared, number).await });
}

/// Sends a payment's callback as its script says and waits for the answers.
pub(super) async fn send_now(shared: &Shared, number: u64) {
    let scripted = shared.read(|state| {
        state
            .payments
            .get(&number)
            .map(|payment| (payment.script.callback.clone(), payment.script.body.clone()))
    });
    if let Some((callback, body)) = scripted {
        send_as(shared, number, &callback, &body).await;
    }
}

/// Sends a payment's callback so many times with such a body.
pub(super) async fn send_as(shared: &Shared, number: u64, callback: &Callback, body: &Body) {
    let Some(post) = shared.change(|state| compose(state, number, body)) else {
        return;
    };
    let posts = (0..callback.copies).map(|_| deliver::send(shared, post.clone()));
    if callback.parallel {
        join_all(posts).await;
    } else {
        for post in posts {
            post.await;
        }
    }
}

fn compose(state: &mut State, number: u64, style: &Body) -> Option<Post> {
    let payment = state.payments.get(&number)?;
    let ended = payment.ended()?;
    let url = match style.forged {
        Forged::No => payment.callback_url.clone(),
        Forged::OtherSecret => ids::guess_secrets(&mut state.rng, &payment.callback_url),
        Forged::NoSecret => match payment.callback_url.rsplit_once('/') {
            Some((front, _)) => front.to_owned(),
            None => payment.callback_url.clone(),
        },
    };
    Some(Post {
        kind: DeliveryKind::StkCallback,
        payment: Some(number),
        shortcode: payment.shortcode.clone(),
        url,
        body: body(payment, ended, style, &mut state.rng).to_string(),
    })
}

/// Writes the documented body, bent as the style says.
pub(super) fn body(payment: &Payment, ended: &Ended, style: &Body, rng: &mut StdRng) -> Json {
    let (merchant, checkout) = if style.unknown_ids {
        (
            ids::request_id(rng),
            ids::checkout_request_id(ended.at, "254700000000"),
        )
    } else {
        (
            payment.merchant_request_id.clone(),
            payment.checkout_request_id.clone(),
        )
    };
    let code = if style.code_as_text {
        ended.code.quoted()
    } else {
        ended.code.plain()
    };
    let mut callback = vec![
        ("MerchantRequestID", text(merchant)),
        ("CheckoutRequestID", text(checkout)),
        ("ResultCode", code),
        ("ResultDesc", text(&ended.description)),
    ];
    if ended.code == Code::PAID {
        match style.metadata {
            Metadata::Present => {
                callback.push((
                    "CallbackMetadata",
                    object([("Item", Json::Array(items(payment, ended, style)))]),
                ));
            }
            Metadata::Null => callback.push(("CallbackMetadata", Json::Null)),
            Metadata::Missing => {}
        }
    }
    object([("Body", object([("stkCallback", Json::Object(callback))]))])
}

fn items(payment: &Payment, ended: &Ended, style: &Body) -> Vec<Json> {
    let item = |name: &str, value: Json| object([("Name", text(name)), ("Value", value)]);
    let amount = style.wrong_amount.unwrap_or(payment.amount);
    let amount = match style.amount {
        AmountStyle::Decimals => format!("{amount}.00"),
        AmountStyle::Whole => amount.to_string(),
        AmountStyle::Float => format!("{amount}.0"),
    };
    let mut items = vec![
        item("Amount", digits(amount)),
        item(
            "MpesaReceiptNumber",
            text(ended.receipt.as_deref().unwrap_or_default()),
        ),
    ];
    if style.balance == Balance::WithoutValue {
        items.push(object([("Name", text("Balance"))]));
    }
    let date = ids::stamp(ended.at);
    items.push(match style.date {
        DateStyle::Number => item("TransactionDate", digits(date)),
        DateStyle::Text => item("TransactionDate", text(date)),
    });
    match style.phone {
        PhoneStyle::Number => items.push(item("PhoneNumber", digits(&payment.msisdn))),
        PhoneStyle::Text => items.push(item("PhoneNumber", text(&payment.msisdn))),
        PhoneStyle::Masked => {
            let (front, back) = (&payment.msisdn[..6], &payment.msisdn[9..]);
            items.push(item("PhoneNumber", text(format!("{front}***{back}"))));
        }
        PhoneStyle::Absent => {}
    }
    if style.reversed_items {
        items.reverse();
    }
    items
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::sim::daraja::{script::Script, state::Stage};

    fn payment() -> Payment {
        let at = ids::parse_stamp("20191219102115").unwrap();
        Payment {
            number: 1,
            at,
            business: "X".into(),
            shortcode: "174379".into(),
            party_b: "174379".into(),
            transaction_type: "CustomerPayBillOnline".into(),
            amount: 1,
            msisdn: "254708374149".into(),
            reference: "S1".into(),
            description: String::new(),
            callback_url: "http://127.0.0.1/x/0123456789abcdef0123456789abcdef".into(),
            merchant_request_id: "29115-34620561-1".into(),
            checkout_request_id: "ws_CO_191220191020363925".into(),
            script: Script::default(),
            shown: true,
            stage: Stage::Live { until: at },
            held: false,
        }
    }

    fn ended(code: Code, receipt: Option<&str>) -> Ended {
        let description = code.description().to_owned();
        let at = ids::parse_stamp("20191219102115").unwrap();
        Ended {
            code,
            description,
            at,
            receipt: receipt.map(str::to_owned),
        }
    }

    fn written(ended: &Ended, style: &Body) -> String {
        body(&payment(), ended, style, &mut StdRng::seed_from_u64(1)).to_string()
    }

    #[test]
    fn a_success_is_written_as_documented() {
        assert_eq!(
            written(&ended(Code::PAID, Some("NLJ7RT61SV")), &Body::default()),
            r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":0,"ResultDesc":"The service request is processed successfully.","CallbackMetadata":{"Item":[{"Name":"Amount","Value":1.00},{"Name":"MpesaReceiptNumber","Value":"NLJ7RT61SV"},{"Name":"TransactionDate","Value":20191219102115},{"Name":"PhoneNumber","Value":254708374149}]}}}}"#
        );
    }

    #[test]
    fn a_failure_is_written_as_documented() {
        assert_eq!(
            written(&ended(Code::Number(1032), None), &Body::default()),
            r#"{"Body":{"stkCallback":{"MerchantRequestID":"29115-34620561-1","CheckoutRequestID":"ws_CO_191220191020363925","ResultCode":1032,"ResultDesc":"Request cancelled by user"}}}"#
        );
    }

    #[test]
    fn the_odd_shapes_are_written() {
        let paid = ended(Code::PAID, Some("NLJ7RT61SV"));
        let odd = Body {
            amount: AmountStyle::Whole,
            wrong_amount: Some(7),
            code_as_text: true,
            balance: Balance::WithoutValue,
            phone: PhoneStyle::Masked,
            date: DateStyle::Text,
            ..Body::default()
        };
        let text = written(&paid, &odd);
        assert!(text.contains(r#""ResultCode":"0""#));
        assert!(text.contains(r#"{"Name":"Amount","Value":7}"#));
        assert!(text.contains(r#"{"Name":"Balance"}"#));
        assert!(text.contains(r#""Value":"254708***149""#));
        assert!(text.contains(r#""Value":"20191219102115""#));
        let null = Body {
            metadata: Metadata::Null,
            ..Body::default()
        };
        assert!(written(&paid, &null).ends_with(r#""CallbackMetadata":null}}}"#));
        let unknown = Body {
            unknown_ids: true,
            ..Body::default()
        };
        assert!(!written(&paid, &unknown).contains("ws_CO_191220191020363925"));
        let operator = ended(Code::Text("SFC_IC0003".into()), None);
        assert!(written(&operator, &Body::default()).contains(r#""ResultCode":"SFC_IC0003""#));
    }
}
