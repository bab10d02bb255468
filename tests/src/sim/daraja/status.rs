//! `TransactionStatus` and Reversal: an acknowledgement at once, and a Result (or a queue time-out) sent later. The security
//! credential has to be there; it cannot be opened, since the private key is Safaricom's.

use jiff::Timestamp;

use super::{
    Shared,
    config::App,
    deliver::Post,
    fields::{Fields, invalid},
    http::{Answer, Call},
    ids,
    json::{Json, digits, object, text},
    refuse,
    results::Code,
    script::{Refusal, ResultScript},
    state::{DeliveryKind, Due, State, Transaction},
};

/// Answers `transactionstatus/v1/query`.
pub(super) fn transaction_status(shared: &Shared, call: &Call, app: &App) -> Answer {
    let now = shared.clock.now();
    shared.change(|state| match read_status(call, app, state) {
        Err(refusal) => refuse::c2b_and_status(&mut state.rng, &refusal),
        Ok(asked) => {
            let found = state
                .ledger
                .iter()
                .find(|booked| asked.transaction.is(booked) && booked.shortcode == app.shortcode);
            let truth = match found {
                Some(transaction) => Ok(status_parameters(transaction, app)),
                // The code for an unknown receipt is documented for Reversal only.
                None => Err(Code::Text("R000002".into())),
            };
            promise(state, app, Product::Status, &asked, truth, now)
        }
    })
}

/// Answers `reversal/v1/request`.
pub(super) fn reversal(shared: &Shared, call: &Call, app: &App) -> Answer {
    let now = shared.clock.now();
    shared.change(|state| match read_reversal(call, app, state) {
        Err(refusal) => refuse::envelope(&mut state.rng, &refusal),
        Ok((asked, amount)) => {
            let decided = !matches!(
                state.scripts.results.front(),
                None | Some(ResultScript::Truth)
            );
            let found = state
                .ledger
                .iter_mut()
                .find(|booked| asked.transaction.is(booked) && booked.shortcode == app.shortcode);
            let truth = match found {
                Some(transaction) if transaction.reversed => Err(Code::Text("R000001".into())),
                // It goes back whole; what another amount is answered with is documented nowhere.
                Some(transaction) if amount == transaction.amount => {
                    transaction.reversed = !decided;
                    Ok(transaction.clone())
                }
                Some(_) | None => Err(Code::Text("R000002".into())),
            };
            let truth =
                truth.map(|transaction| reversal_parameters(state, app, &transaction, amount, now));
            promise(state, app, Product::Reversal, &asked, truth, now)
        }
    })
}

/// The two products write the same things in different orders and shapes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Product {
    Status,
    Reversal,
}

/// What a transaction is asked for by.
enum Named {
    Receipt(String),
    /// What the request that moved the money was answered with, for whoever never learnt the receipt.
    Conversation(String),
}

impl Named {
    fn is(&self, booked: &Transaction) -> bool {
        match self {
            Self::Receipt(receipt) => booked.receipt == *receipt,
            Self::Conversation(id) => booked.conversation.as_ref() == Some(id),
        }
    }
}

struct Asked {
    transaction: Named,
    result_url: String,
    time_out_url: String,
}

fn read_status(call: &Call, app: &App, state: &State) -> Result<Asked, Refusal> {
    let fields = Fields::parse(&call.body)?;
    fields.text("Initiator")?;
    fields.text("SecurityCredential")?;
    if fields.text("CommandID")? != "TransactionStatusQuery" {
        return Err(invalid("CommandID"));
    }
    let receipt = fields.optional("TransactionID")?;
    let transaction = if receipt.is_empty() {
        let id = fields.text("OriginalConversationID");
        Named::Conversation(id.map_err(|_| invalid("TransactionID"))?)
    } else {
        Named::Receipt(receipt)
    };
    if !app.is_called(&fields.text("PartyA")?) {
        return Err(invalid("PartyA"));
    }
    if !["1", "2", "4"].contains(&fields.text("IdentifierType")?.as_str()) {
        return Err(invalid("IdentifierType"));
    }
    fields.text("Remarks")?;
    asked(&fields, transaction, state)
}

fn read_reversal(call: &Call, app: &App, state: &State) -> Result<(Asked, i64), Refusal> {
    let fields = Fields::parse(&call.body)?;
    fields.text("Initiator")?;
    fields.text("SecurityCredential")?;
    if fields.text("CommandID")? != "TransactionReversal" {
        return Err(invalid("CommandID"));
    }
    let receipt = fields.text("TransactionID")?;
    let amount = fields.amount("Amount", state.knobs.max_amount)?;
    if !app.is_called(&fields.text("ReceiverParty")?) {
        return Err(invalid("ReceiverParty"));
    }
    // The real service spells it so.
    if fields.text("RecieverIdentifierType")? != "11" {
        return Err(invalid("RecieverIdentifierType"));
    }
    if !(2..=100).contains(&fields.text("Remarks")?.chars().count()) {
        return Err(invalid("Remarks"));
    }
    Ok((asked(&fields, Named::Receipt(receipt), state)?, amount))
}

fn asked(fields: &Fields, transaction: Named, state: &State) -> Result<Asked, Refusal> {
    Ok(Asked {
        transaction,
        result_url: fields.callback_url("ResultURL", &state.knobs)?,
        time_out_url: fields.callback_url("QueueTimeOutURL", &state.knobs)?,
    })
}

/// Plans the Result and writes the acknowledgement.
fn promise(
    state: &mut State,
    app: &App,
    product: Product,
    asked: &Asked,
    truth: Result<Json, Code>,
    now: Timestamp,
) -> Answer {
    let script = state.scripts.results.pop_front().unwrap_or_default();
    let conversation = Conversation {
        originator: match product {
            Product::Status => ids::originator_conversation_id(&mut state.rng),
            Product::Reversal => ids::request_id(&mut state.rng),
        },
        id: ids::conversation_id(&mut state.rng, now),
        // Only a reversal moves money, so only it has a receipt of its own.
        transaction: match (&script, &truth, product) {
            (ResultScript::Truth, Ok(_), Product::Reversal) => state.draw_receipt(now),
            _ => ids::no_receipt(now),
        },
    };
    let ended = match script {
        ResultScript::Nothing => None,
        ResultScript::QueueTimeOut => Some((DeliveryKind::QueueTimeOut, Err(Code::Number(1)))),
        ResultScript::Code(code) => Some((DeliveryKind::Result, Err(code))),
        ResultScript::Truth => Some((DeliveryKind::Result, truth)),
    };
    if let Some((kind, ended)) = ended {
        let (url, words) = match kind {
            DeliveryKind::QueueTimeOut => (
                &asked.time_out_url,
                Some("The request timed out in the queue."),
            ),
            _ => (&asked.result_url, None),
        };
        let body = match product {
            Product::Status => conversation.status_result(ended, words),
            Product::Reversal => conversation.reversal_result(ended, words, &asked.time_out_url),
        };
        let post = Post {
            kind,
            payment: None,
            shortcode: app.shortcode.clone(),
            url: url.clone(),
            body: body.to_string(),
        };
        state.plan(now, Due::Send(Box::new(post)));
    }
    Answer::json(
        200,
        &object([
            ("OriginatorConversationID", text(conversation.originator)),
            ("ConversationID", text(conversation.id)),
            ("ResponseCode", text("0")),
            (
                "ResponseDescription",
                text("Accept the service request successfully."),
            ),
        ]),
    )
}

/// What ties a Result to its request.
struct Conversation {
    originator: String,
    id: String,
    transaction: String,
}

impl Conversation {
    fn status_result(&self, ended: Result<Json, Code>, words: Option<&str>) -> Json {
        let (code, parameters) = split(ended);
        let occasion = object([("Key", text("Occasion"))]);
        let mut result = vec![
            ("ConversationID", text(&self.id)),
            ("OriginatorConversationID", text(&self.originator)),
            ("ReferenceData", object([("ReferenceItem", occasion)])),
            ("ResultCode", code.plain()),
            ("ResultDesc", text(words.unwrap_or(code.description()))),
        ];
        result.extend(parameters);
        result.push(("ResultType", digits(0)));
        result.push(("TransactionID", text(&self.transaction)));
        object([("Result", Json::Object(result))])
    }

    fn reversal_result(
        &self,
        ended: Result<Json, Code>,
        words: Option<&str>,
        time_out_url: &str,
    ) -> Json {
        let (code, parameters) = split(ended);
        let time_out = object([
            ("Key", text("QueueTimeoutURL")),
            ("Value", text(time_out_url)),
        ]);
        let mut result = vec![
            ("ResultType", digits(0)),
            ("ResultCode", code.plain()),
            ("ResultDesc", text(words.unwrap_or(code.description()))),
            ("OriginatorConversationID", text(&self.originator)),
            ("ConversationID", text(&self.id)),
            ("TransactionID", text(&self.transaction)),
        ];
        result.extend(parameters);
        result.push(("ReferenceData", object([("ReferenceItem", time_out)])));
        object([("Result", Json::Object(result))])
    }
}

fn split(ended: Result<Json, Code>) -> (Code, Option<(&'static str, Json)>) {
    match ended {
        Ok(all) => (
            Code::PAID,
            Some(("ResultParameters", object([("ResultParameter", all)]))),
        ),
        Err(code) => (code, None),
    }
}

fn parameter(key: &'static str, value: Json) -> Json {
    object([("Key", text(key)), ("Value", value)])
}

fn status_parameters(transaction: &Transaction, app: &App) -> Json {
    let time = ids::stamp(transaction.at);
    let status = if transaction.reversed {
        "Reversed"
    } else {
        "Completed"
    };
    Json::Array(vec![
        parameter(
            "DebitPartyName",
            text(format!("{} - {}", app.shortcode, app.business)),
        ),
        // The key is there twice in the documents too.
        parameter(
            "DebitPartyName",
            text(format!("{} - NICHOLAS", transaction.msisdn)),
        ),
        parameter("InitiatedTime", text(&time)),
        object([("Key", text("TransactionReason"))]),
        parameter("TransactionStatus", text(status)),
        parameter("FinalisedTime", text(&time)),
        parameter("Amount", text(transaction.amount.to_string())),
        parameter("ReceiptNo", text(&transaction.receipt)),
    ])
}

fn reversal_parameters(
    state: &State,
    app: &App,
    transaction: &Transaction,
    amount: i64,
    now: Timestamp,
) -> Json {
    let balance = state.balance(&app.shortcode);
    Json::Array(vec![
        parameter(
            "DebitAccountBalance",
            text(format!(
                "Utility Account|KES|{balance}.00|{balance}.00|0.00|0.00"
            )),
        ),
        parameter("Amount", digits(format!("{amount}.00"))),
        parameter("TransCompletedTime", digits(ids::stamp(now))),
        parameter("OriginalTransactionID", text(&transaction.receipt)),
        parameter("Charge", digits("0.00")),
        parameter(
            "CreditPartyPublicName",
            text(format!("{} - NICHOLAS", transaction.msisdn)),
        ),
        parameter(
            "DebitPartyPublicName",
            text(format!("{} - {}", app.shortcode, app.business)),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::sim::daraja::config::Knobs;

    fn transaction(receipt: &str, at: &str, msisdn: &str, amount: i64) -> Transaction {
        Transaction {
            receipt: receipt.into(),
            at: ids::parse_stamp(at).unwrap(),
            shortcode: "600992".into(),
            transaction_type: "Pay Bill",
            amount,
            msisdn: msisdn.into(),
            reference: "S1".into(),
            conversation: None,
            reversed: false,
        }
    }

    fn app(shortcode: &str, business: &str) -> App {
        App {
            shortcode: shortcode.into(),
            business: business.into(),
            ..App::sandbox_paybill()
        }
    }

    #[test]
    fn a_status_result_is_written_as_documented() {
        let found = transaction("MBN31H462N", "20180223054112", "254708374149", 300);
        let parameters = status_parameters(&found, &app("600310", "Safaricom333"));
        let conversation = Conversation {
            originator: "3213-416199-2".into(),
            id: "AG_20180223_0000493344ae97d86f75".into(),
            transaction: ids::no_receipt(found.at),
        };
        assert_eq!(
            conversation.status_result(Ok(parameters), None).to_string(),
            r#"{"Result":{"ConversationID":"AG_20180223_0000493344ae97d86f75","OriginatorConversationID":"3213-416199-2","ReferenceData":{"ReferenceItem":{"Key":"Occasion"}},"ResultCode":0,"ResultDesc":"The service request is processed successfully.","ResultParameters":{"ResultParameter":[{"Key":"DebitPartyName","Value":"600310 - Safaricom333"},{"Key":"DebitPartyName","Value":"254708374149 - NICHOLAS"},{"Key":"InitiatedTime","Value":"20180223054112"},{"Key":"TransactionReason"},{"Key":"TransactionStatus","Value":"Completed"},{"Key":"FinalisedTime","Value":"20180223054112"},{"Key":"Amount","Value":"300"},{"Key":"ReceiptNo","Value":"MBN31H462N"}]},"ResultType":0,"TransactionID":"MBN0000000"}}"#
        );
    }

    #[test]
    fn reversal_results_are_written_as_documented() {
        let now = ids::parse_stamp("20211114132711").unwrap();
        let mut state = State::new(StdRng::seed_from_u64(1), Knobs::default(), Vec::new());
        state.book(transaction(
            "PKE00LEFT0",
            "20211114000000",
            "254700000000",
            7,
        ));
        let found = transaction("PKC82PACB8", "20211112100000", "254705912645", 1);
        let app = app("600992", "Safaricom Daraja 992");
        let parameters = reversal_parameters(&state, &app, &found, 1, now);
        let url = "https://shop.example/reversal/late";
        let conversation = Conversation {
            originator: "dad6-4c34-8787-c8cb963a496d1268232".into(),
            id: "AG_20211114_201018edbbf9f1582eaa".into(),
            transaction: "SKE52PAWR9".into(),
        };
        assert_eq!(
            conversation
                .reversal_result(Ok(parameters), None, url)
                .to_string(),
            r#"{"Result":{"ResultType":0,"ResultCode":0,"ResultDesc":"The service request is processed successfully.","OriginatorConversationID":"dad6-4c34-8787-c8cb963a496d1268232","ConversationID":"AG_20211114_201018edbbf9f1582eaa","TransactionID":"SKE52PAWR9","ResultParameters":{"ResultParameter":[{"Key":"DebitAccountBalance","Value":"Utility Account|KES|7.00|7.00|0.00|0.00"},{"Key":"Amount","Value":1.00},{"Key":"TransCompletedTime","Value":20211114132711},{"Key":"OriginalTransactionID","Value":"PKC82PACB8"},{"Key":"Charge","Value":0.00},{"Key":"CreditPartyPublicName","Value":"254705912645 - NICHOLAS"},{"Key":"DebitPartyPublicName","Value":"600992 - Safaricom Daraja 992"}]},"ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://shop.example/reversal/late"}}}}"#
        );
        let failed = Conversation {
            originator: "3124-481d-b706-10bdd6fbc8e21792398".into(),
            id: "AG_20211114_2010573069aefb6b625a".into(),
            transaction: ids::no_receipt(now),
        };
        assert_eq!(
            failed
                .reversal_result(Err(Code::Text("R000002".into())), None, url)
                .to_string(),
            r#"{"Result":{"ResultType":0,"ResultCode":"R000002","ResultDesc":"The OriginalTransactionID is invalid.","OriginatorConversationID":"3124-481d-b706-10bdd6fbc8e21792398","ConversationID":"AG_20211114_2010573069aefb6b625a","TransactionID":"PKE0000000","ReferenceData":{"ReferenceItem":{"Key":"QueueTimeoutURL","Value":"https://shop.example/reversal/late"}}}}"#
        );
    }
}
