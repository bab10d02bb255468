//! The phone's own M-PESA menu: paying a paybill or till by hand, without having been asked.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::{Form, Path, State as Extract};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::Shared;
use super::super::c2b::{self, HandPayment};
use super::super::config::Kind;
use super::super::state::State;
use super::{document, grouped, phone, shown};
use crate::sim::escaped;

/// What was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    msisdn: String,
    shortcode: String,
    account: String,
    amount: String,
}

pub(super) async fn anybody(Extract(shared): Extract<Arc<Shared>>) -> Response {
    one(Extract(shared), Path(String::new())).await
}

pub(super) async fn one(
    Extract(shared): Extract<Arc<Shared>>,
    Path(msisdn): Path<String>,
) -> Response {
    let typed = Typed {
        msisdn,
        ..Typed::default()
    };
    shown(menu(&shared, &typed, ""))
}

pub(super) async fn pay(
    Extract(shared): Extract<Arc<Shared>>,
    Form(typed): Form<Typed>,
) -> Response {
    let payment = HandPayment {
        shortcode: typed.shortcode.trim().to_owned(),
        msisdn: number(&typed.msisdn),
        amount: typed.amount.trim().parse().unwrap_or(0),
        reference: typed.account.trim().to_owned(),
    };
    let checked = shared.read(|state| payment.check(&state.knobs));
    let amount = payment.amount;
    let said = match checked {
        Err(words) => Err(words),
        Ok(()) => c2b::pay(&shared, payment, None)
            .await
            .map_err(|declined| format!("M-PESA did not take it ({}).", declined.code)),
    };
    let (status, said) = match said {
        Ok(receipt) => (
            StatusCode::OK,
            format!(
                "<p role=\"status\"><b class=\"ok\">{} Confirmed.</b> Ksh{}.00 paid. Look at the hotspot's page.</p>",
                escaped(&receipt),
                grouped(amount)
            ),
        ),
        Err(words) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            format!(
                "<p role=\"alert\"><b class=\"no\">Not paid.</b> {}</p>",
                escaped(&words)
            ),
        ),
    };
    (status, shown(menu(&shared, &typed, &said))).into_response()
}

/// A phone's number, which people type as they dial it.
fn number(typed: &str) -> String {
    let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix('0') {
        Some(rest) if rest.len() == 9 => format!("254{rest}"),
        _ => digits,
    }
}

fn menu(shared: &Shared, typed: &Typed, said: &str) -> String {
    let body = shared.read(|state| form(state, typed, said));
    let now = shared.clock.now();
    document("Lipa na M-PESA", "", &phone(now, &body), "")
}

fn form(state: &State, typed: &Typed, said: &str) -> String {
    let mut businesses = String::new();
    for app in state.apps.values() {
        let (kind, number) = match &app.kind {
            Kind::Paybill => ("Pay Bill", &app.shortcode),
            Kind::Till { number } => ("Buy Goods", number),
        };
        let _ = write!(
            businesses,
            "<option value=\"{number}\">{kind} {number}, {}</option>",
            escaped(&app.business),
            number = escaped(number),
        );
    }
    format!(
        "<main><h1>Lipa na M-PESA<small>Paying by hand, from the phone's own menu</small></h1>{said}\
         <section class=\"prompt\"><form method=\"post\" action=\"/menu\">\
         <p><label>This phone<br><input name=\"msisdn\" required value=\"{msisdn}\" placeholder=\"0712345678\"></label></p>\
         <p><label>Business or till number<br><input name=\"shortcode\" list=\"businesses\" required value=\"{shortcode}\"></label>\
         <datalist id=\"businesses\">{businesses}</datalist></p>\
         <p><label>Account number (Pay Bill only)<br><input name=\"account\" maxlength=\"20\" value=\"{account}\"></label></p>\
         <p><label>Amount<br><input name=\"amount\" inputmode=\"numeric\" required value=\"{amount}\"></label></p>\
         <button class=\"go\">Enter PIN and pay</button></form></section>\
         <p><a href=\"/phone\">Prompts</a></p></main>",
        msisdn = escaped(&typed.msisdn),
        shortcode = escaped(&typed.shortcode),
        account = escaped(&typed.account),
        amount = escaped(&typed.amount),
    )
}
