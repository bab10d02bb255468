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
        Err(refusal) => refuse::envelope(&mut state.rng, &refusal),
        Ok(asked) => {
            let found = state.ledger.iter().find(|booked| {
                booked.receipt == asked.receipt && booked.shortcode == app.shortcode
            });
            let truth = match found {
                Some(transaction) => Ok(status_parameters(transaction)),
                // The code for an unknown receipt is documented for Reversal only.
                None => Err((
                    Code::Text("R000002".into()),
                    "The OriginalTransactionID is invalid.",
                )),
            };
            let receipt = asked.receipt.clone();
            promise(state, app, &asked, truth, &receipt, now)
        }
    })
}

/// Answers `reversal/v1/request`.
pub(super) fn reversal(shared: &Shared, call: &Call, app: &App) -> Answer {
    let now = shared.clock.now();
    shared.change(|state| match read_reversal(call, app, state) {
        Err(refusal) => refuse::envelope(&mut state.rng, &refusal),
        Ok((asked, amount)) => {
            let own = ids::receipt(&mut state.rng, now);
            let decided = !matches!(
                state.scripts.results.front(),
                None | Some(ResultScript::Truth)
            );
            let found = state.ledger.iter_mut().find(|booked| {
                booked.receipt == asked.receipt && booked.shortcode == app.shortcode
            });
            let truth = match found {
                Some(transaction) if transaction.reversed => Err((
                    Code::Text("R000001".into()),
                    "The transaction has already been reversed.",
                )),
                Some(transaction) if amount <= transaction.amount => {
                    transaction.reversed = !decided;
                    Ok(transaction.clone())
                }
                Some(_) | None => Err((
                    Code::Text("R000002".into()),
                    "The OriginalTransactionID is invalid.",
                )),
            };
            let truth =
                truth.map(|transaction| reversal_parameters(state, app, &transaction, amount, now));
            promise(state, app, &asked, truth, &own, now)
        }
    })
}

struct Asked {
    receipt: String,
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
    let mut receipt = fields.optional("TransactionID")?;
    if receipt.is_empty() {
        receipt = fields
            .text("OriginalConversationID")
            .map_err(|_| invalid("TransactionID"))?;
    }
    if fields.text("PartyA")? != app.shortcode {
        return Err(invalid("PartyA"));
    }
    if !["1", "2", "4"].contains(&fields.text("IdentifierType")?.as_str()) {
        return Err(invalid("IdentifierType"));
    }
    fields.text("Remarks")?;
    asked(&fields, receipt, state)
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
    if fields.text("ReceiverParty")? != app.shortcode {
        return Err(invalid("ReceiverParty"));
    }
    // The real service spells it so.
    if fields.text("RecieverIdentifierType")? != "11" {
        return Err(invalid("RecieverIdentifierType"));
    }
    if !(2..=100).contains(&fields.text("Remarks")?.chars().count()) {
        return Err(invalid("Remarks"));
    }
    Ok((asked(&fields, receipt, state)?, amount))
}

fn asked(fields: &Fields, receipt: String, state: &State) -> Result<Asked, Refusal> {
    Ok(Asked {
        receipt,
        result_url: fields.callback_url("ResultURL", &state.knobs)?,
        time_out_url: fields.callback_url("QueueTimeOutURL", &state.knobs)?,
    })
}

/// Plans the Result and writes the acknowledgement.
fn promise(
    state: &mut State,
    app: &App,
    asked: &Asked,
    truth: Result<Json, (Code, &'static str)>,
    transaction_id: &str,
    now: Timestamp,
) -> Answer {
    let originator = ids::originator_conversation_id(&mut state.rng);
    let conversation = ids::conversation_id(&mut state.rng, now);
    let script = state.scripts.results.pop_front().unwrap_or_default();
    let write = |code: &Code, words: &str, parameters: Option<Json>| {
        let mut result = vec![
            ("ConversationID", text(&conversation)),
            ("OriginatorConversationID", text(&originator)),
            (
                "ReferenceData",
                object([("ReferenceItem", object([("Key", text("Occasion"))]))]),
            ),
            ("ResultCode", code.plain()),
            ("ResultDesc", text(words)),
        ];
        if let Some(parameters) = parameters {
            result.push((
                "ResultParameters",
                object([("ResultParameter", parameters)]),
            ));
        }
        result.push(("ResultType", digits(0)));
        result.push(("TransactionID", text(transaction_id)));
        object([("Result", Json::Object(result))]).to_string()
    };
    let out = match script {
        ResultScript::Nothing => None,
        ResultScript::QueueTimeOut => {
            let body = write(
                &Code::Number(1),
                "The request timed out in the queue.",
                None,
            );
            Some((DeliveryKind::QueueTimeOut, &asked.time_out_url, body))
        }
        ResultScript::Code(code) => {
            let body = write(&code, code.description(), None);
            Some((DeliveryKind::Result, &asked.result_url, body))
        }
        ResultScript::Truth => {
            let body = match truth {
                Ok(parameters) => write(&Code::PAID, Code::PAID.description(), Some(parameters)),
                Err((code, words)) => write(&code, words, None),
            };
            Some((DeliveryKind::Result, &asked.result_url, body))
        }
    };
    if let Some((kind, url, body)) = out {
        let post = Post {
            kind,
            payment: None,
            shortcode: app.shortcode.clone(),
            url: url.clone(),
            body,
        };
        state.plan(now, Due::Send(Box::new(post)));
    }
    Answer::json(
        200,
        &object([
            ("OriginatorConversationID", text(originator)),
            ("ConversationID", text(conversation)),
            ("ResponseCode", text("0")),
            (
                "ResponseDescription",
                text("Accept the service request successfully."),
            ),
        ]),
    )
}

fn parameter(key: &'static str, value: impl Into<String>) -> Json {
    object([("Key", text(key)), ("Value", text(value))])
}

fn status_parameters(transaction: &Transaction) -> Json {
    let time = ids::stamp(transaction.at);
    let status = if transaction.reversed {
        "Reversed"
    } else {
        "Completed"
    };
    Json::Array(vec![
        parameter(
            "DebitPartyName",
            format!("{} - NICHOLAS", transaction.msisdn),
        ),
        parameter("DebitPartyName", transaction.shortcode.clone()),
        parameter("InitiatedTime", time.clone()),
        object([("Key", text("TransactionReason"))]),
        parameter("TransactionStatus", status),
        parameter("FinalisedTime", time),
        parameter("Amount", transaction.amount.to_string()),
        parameter("ReceiptNo", transaction.receipt.clone()),
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
            format!("Utility Account|KES|{balance}.00|{balance}.00|0.00|0.00"),
        ),
        parameter("Amount", format!("{amount}.00")),
        parameter("TransCompletedTime", ids::stamp(now)),
        parameter("OriginalTransactionID", transaction.receipt.clone()),
        parameter("Charge", "0.00"),
        parameter(
            "CreditPartyPublicName",
            format!("{} - NICHOLAS", transaction.msisdn),
        ),
        parameter(
            "DebitPartyPublicName",
            format!("{} - {}", app.shortcode, app.business),
        ),
    ])
}
