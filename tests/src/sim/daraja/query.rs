//! `POST /mpesa/stkpushquery/v1/query`: what is known about a push, in the truth's words or a script's, at the pace the
//! gateway allows.

use std::time::Duration;

use jiff::Timestamp;

use super::{
    Shared,
    clock::later,
    config::{App, Pending},
    fields::{Fields, invalid},
    http::{Answer, Call, Handled},
    json::{object, text},
    push::{check_password, check_timestamp},
    refuse,
    results::Code,
    script::{QueryAnswer, Refusal},
    state::{Payment, Stage, State},
};

/// Answers one query.
pub(super) fn query(shared: &Shared, call: &Call, app: &App) -> Handled {
    let now = shared.clock.now();
    shared.change(|state| {
        state.counters.queries += 1;
        if let Some(refused) = pace(state, app, now) {
            return refused.into();
        }
        let checkout = match read(call, app, state, now) {
            Ok(checkout) => checkout,
            Err(refusal) => return refuse::envelope(&mut state.rng, &refusal).into(),
        };
        let known = state
            .payment_by_checkout(&checkout)
            .filter(|payment| payment.shortcode == app.shortcode);
        let Some(number) = known.map(|payment| payment.number) else {
            return refuse::envelope(&mut state.rng, &invalid("CheckoutRequestID")).into();
        };
        Handled {
            answer: tell(state, number),
            payment: Some(number),
        }
    })
}

/// Lets one query through per so many seconds and app.
fn pace(state: &mut State, app: &App, now: Timestamp) -> Option<Answer> {
    let per_minute = state.knobs.query_per_minute?;
    let gap = Duration::from_secs(60) / per_minute.max(1);
    if let Some(next) = state.next_query.get(&app.consumer_key)
        && now < *next
    {
        return Some(refuse::spike_arrest(per_minute));
    }
    state
        .next_query
        .insert(app.consumer_key.clone(), later(now, gap));
    None
}

fn read(call: &Call, app: &App, state: &State, now: Timestamp) -> Result<String, Refusal> {
    let fields = Fields::parse(&call.body)?;
    let shortcode = fields.text("BusinessShortCode")?;
    let password = fields.text("Password")?;
    let timestamp = fields.text("Timestamp")?;
    check_timestamp(&timestamp, &state.knobs, now)?;
    let checkout = fields.text("CheckoutRequestID")?;
    if shortcode != app.shortcode {
        return Err(Refusal::MerchantUnknown);
    }
    check_password(&password, &timestamp, app)?;
    Ok(checkout)
}

fn tell(state: &mut State, number: u64) -> Answer {
    let scripted = match state.payments.get_mut(&number) {
        Some(payment) if !payment.script.query.is_empty() => payment.script.query.remove(0),
        _ => QueryAnswer::Truth,
    };
    let answer = match scripted {
        QueryAnswer::Truth => truth(state, number),
        other => other,
    };
    match answer {
        QueryAnswer::InvalidCheckoutRequestId => {
            refuse::envelope(&mut state.rng, &invalid("CheckoutRequestID"))
        }
        QueryAnswer::StillProcessing => result(&state.payments[&number], &Code::Number(4999)),
        QueryAnswer::BeingProcessed | QueryAnswer::Truth => refuse::coded(
            &mut state.rng,
            500,
            "500.001.1001",
            "The transaction is being processed",
        ),
        QueryAnswer::DoesNotExist => refuse::coded(
            &mut state.rng,
            500,
            "500.001.1001",
            "The transaction does not Exist",
        ),
        QueryAnswer::RateLimited => refuse::spike_arrest(state.knobs.query_per_minute.unwrap_or(5)),
        QueryAnswer::Code(code) => result(&state.payments[&number], &code),
        QueryAnswer::InternalError => refuse::envelope(&mut state.rng, &Refusal::InternalError),
        QueryAnswer::Html => refuse::html(),
        QueryAnswer::Empty => refuse::empty(),
        QueryAnswer::HangUp => Answer::HangUp,
    }
}

fn truth(state: &State, number: u64) -> QueryAnswer {
    match (&state.payments[&number].stage, state.knobs.pending) {
        (Stage::Ended(ended), _) => QueryAnswer::Code(ended.code.clone()),
        (Stage::Live { .. }, Pending::BeingProcessed) => QueryAnswer::BeingProcessed,
        (Stage::Live { .. }, Pending::StillProcessing) => QueryAnswer::StillProcessing,
    }
}

fn result(payment: &Payment, code: &Code) -> Answer {
    let body = object([
        ("ResponseCode", text("0")),
        // The real service spells it so.
        (
            "ResponseDescription",
            text("The service request has been accepted successsfully"),
        ),
        ("MerchantRequestID", text(&payment.merchant_request_id)),
        ("CheckoutRequestID", text(&payment.checkout_request_id)),
        ("ResultCode", code.quoted()),
        ("ResultDesc", text(code.query_description())),
    ]);
    Answer::json(200, &body)
}
