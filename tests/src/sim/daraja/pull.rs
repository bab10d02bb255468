//! Pull: a shortcode is registered once and then lists what was paid to it in the last 48 hours.

use std::time::Duration;

use super::{
    Shared,
    clock::earlier,
    config::{App, PullMethod},
    fields::Fields,
    http::{Answer, Call},
    ids,
    json::{Json, digits, object, text},
    refuse,
    script::Refusal,
    state::{State, Transaction},
};

const WINDOW: Duration = Duration::from_secs(48 * 3_600);
const PAGE: usize = 1_000;

/// Answers `register`.
pub(super) fn register(shared: &Shared, call: &Call, app: &App) -> Answer {
    shared.change(|state| {
        let callback = match read_registration(call, app, state) {
            Ok(callback) => callback,
            Err(refusal) => return refused(state, &refusal),
        };
        let again = state
            .pull_registered
            .insert(app.shortcode.clone(), callback)
            .is_some();
        let (status, words) = if again {
            ("1001", "Shortcode already Registered")
        } else {
            ("1000", "Shortcode Registered Successfully")
        };
        let id = ids::uuid(&mut state.rng);
        Answer::json(
            200,
            &object([
                ("ResponseRefID", text(id)),
                ("ResponseStatus", text(status)),
                ("ShortCode", text(&app.shortcode)),
                ("ResponseDescription", text(words)),
            ]),
        )
    })
}

fn read_registration(call: &Call, app: &App, state: &State) -> Result<String, Refusal> {
    let fields = Fields::parse(&call.body)?;
    if !app.is_called(&fields.text("ShortCode")?) {
        return Err(super::fields::invalid("ShortCode"));
    }
    if fields.text("RequestType")? != "Pull" {
        return Err(super::fields::invalid("RequestType"));
    }
    fields.text("NominatedNumber")?;
    fields.callback_url("CallBackURL", &state.knobs)
}

/// Answers `query`.
pub(super) fn query(shared: &Shared, call: &Call, app: &App) -> Answer {
    let now = shared.clock.now();
    shared.change(|state| {
        let fits = match state.knobs.pull_method {
            PullMethod::Both => true,
            PullMethod::Get => call.method == hyper::Method::GET,
            PullMethod::Post => call.method == hyper::Method::POST,
        };
        if !fits {
            return refuse::envelope(&mut state.rng, &Refusal::MethodNotAllowed);
        }
        let asked = match Asked::read(call, app) {
            Ok(asked) => asked,
            Err(refusal) => return refused(state, &refusal),
        };
        if !state.pull_registered.contains_key(&app.shortcode) {
            return refuse::coded(
                &mut state.rng,
                400,
                "400.001",
                "Shortcode is not registered",
            );
        }
        let from = asked.from.max(earlier(now, WINDOW));
        let rows: Vec<Json> = state
            .ledger
            .iter()
            .filter(|booked| {
                booked.shortcode == app.shortcode && (from..=asked.to).contains(&booked.at)
            })
            .skip(asked.offset)
            .take(PAGE)
            .map(|booked| row(booked, app))
            .collect();
        let (code, words, rows) = if rows.is_empty() {
            ("1001", "No transactions found", text("[[]]"))
        } else if state.knobs.pull_nested {
            ("1000", "Success", Json::Array(vec![Json::Array(rows)]))
        } else {
            ("1000", "Success", Json::Array(rows))
        };
        let id = ids::uuid(&mut state.rng);
        Answer::json(
            200,
            &object([
                ("ResponseRefID", text(id)),
                ("ResponseCode", text(code)),
                ("ResponseMessage", text(words)),
                ("Response", rows),
            ]),
        )
    })
}

struct Asked {
    from: jiff::Timestamp,
    to: jiff::Timestamp,
    offset: usize,
}

impl Asked {
    fn read(call: &Call, app: &App) -> Result<Self, Refusal> {
        let invalid = super::fields::invalid;
        let fields = Fields::parse(&call.body)?;
        if !app.is_called(&fields.text("ShortCode")?) {
            return Err(invalid("ShortCode"));
        }
        let date = |name| {
            fields
                .text(name)
                .and_then(|text| ids::parse_pull_date(&text).ok_or_else(|| invalid(name)))
        };
        Ok(Self {
            from: date("StartDate")?,
            to: date("EndDate")?,
            offset: fields
                .text("OffSetValue")?
                .parse()
                .map_err(|_| invalid("OffSetValue"))?,
        })
    }
}

fn refused(state: &mut State, refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::InvalidField(field) => refuse::coded(
            &mut state.rng,
            400,
            "400.001",
            format!("Bad Request - Invalid {field}"),
        ),
        Refusal::InvalidPayload => {
            refuse::coded(&mut state.rng, 400, "400.001", "Invalid Request Payload")
        }
        other => refuse::envelope(&mut state.rng, other),
    }
}

fn row(booked: &Transaction, app: &App) -> Json {
    let kind = if booked.transaction_type == "Pay Bill" {
        "c2b-pay-bill-debit"
    } else {
        "c2b-buy-goods-debit"
    };
    object([
        ("transactionId", text(&booked.receipt)),
        ("trxDate", text(ids::pull_date(booked.at))),
        ("msisdn", digits(&booked.msisdn)),
        ("transactiontype", text(kind)),
        ("billreference", text(&booked.reference)),
        ("amount", text(format!("{}.00", booked.amount))),
        ("organizationname", text(&app.business)),
    ])
}
