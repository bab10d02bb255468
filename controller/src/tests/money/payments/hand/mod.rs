//! Paying by hand, and claims of what was paid.

use mnara_protocol::message::{
    ByHand, ByHandAnswer, ByHandQuestion, ClaimQuestion, ClaimedAnswer, NotClaimed, TicketRow,
};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::payments::unmatched::resolve;
use crate::providers::staff::roles::Role;
use crate::tests::pages::doors::member;
use crate::tests::sites::reports;

mod claims;
mod kept;
mod owner;
mod paying;
mod unheard;

pub(super) const TILL: &str = "9876543";

/// Where M-PESA tells of payments to the shop's paybill, or to its till.
pub(super) async fn open_till(world: &World, is_till: bool) -> String {
    if is_till {
        let account = Credentials {
            consumer_key: "key 1".into(),
            consumer_secret: "secret".into(),
            shortcode: "174371".to_owned(),
            passkey: "passkey".into(),
            kind: ShortcodeKind::Till {
                number: TILL.to_owned(),
            },
        };
        crate::payments::account::set(&world.app, world.shop.provider, &account, Actor::Command)
            .await
            .unwrap();
    }
    let choice = providers::c2b::Choice::USUAL;
    crate::payments::hand::open(&world.app, world.shop.provider, choice, Actor::Command)
        .await
        .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap().to_owned();
    let secret = address.rsplit('/').nth(1).unwrap();
    format!("/api/pay/{}/{secret}/confirmation", world.shop.provider)
}

pub(super) fn confirmation(receipt: &str, reference: &str, payer: &str, amount: &str) -> Vec<u8> {
    let (kind, code) = if reference.is_empty() {
        ("Buy Goods", TILL)
    } else {
        ("Pay Bill", "174371")
    };
    json!({"TransactionType": kind, "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount, "BusinessShortCode": code,
           "BillRefNumber": reference, "MSISDN": payer, "FirstName": "NICHOLAS"})
    .to_string()
    .into_bytes()
}

pub(super) async fn told(world: &World, path: &str, body: Vec<u8>) {
    let (status, ..) = world.send(Method::POST, path, None, body).await;
    assert_eq!(status, StatusCode::OK);
    world.work().await;
}

fn question(world: &World, n: u8, phone: Option<&str>) -> Question {
    Question::ByHand(ByHandQuestion {
        attempt: attempt(n),
        plan: world.shop.plan.id,
        revision: world.shop.plan.revision,
        price: world.shop.plan.price,
        phone: phone.map(str::to_owned),
        mac: mac(n),
        deadline: world.app.clock.now().plus_secs(30),
        by_sms: None,
    })
}

async fn asked(world: &World, n: u8, question: Question) -> Answer {
    let site = reports::Site::new(world, world.shop.site);
    let ask = crate::dispatch::DISPATCH.ask;
    ask(&world.app, &site.0, attempt(n), question)
        .await
        .unwrap()
}

/// What a device is told to type.
pub(super) async fn place(world: &World, n: u8, phone: Option<&str>) -> ByHandAnswer {
    let answer = asked(world, n, question(world, n, phone)).await;
    let Answer::ByHand(place) = answer else {
        panic!("{answer:?}")
    };
    place
}

async fn claim(world: &World, n: u8, receipt: &str, phone: &str) -> Option<NotClaimed> {
    claimed(world, n, receipt, phone).await.refusal
}

/// What a site is told of a receipt that a device names.
async fn claimed(world: &World, n: u8, receipt: &str, phone: &str) -> ClaimedAnswer {
    let question = Question::Claim(ClaimQuestion {
        attempt: attempt(n),
        receipt: receipt.to_owned(),
        phone: phone.to_owned(),
        mac: mac(n),
        deadline: world.app.clock.now().plus_secs(30),
    });
    let answer = asked(world, n, question).await;
    let Answer::Claimed(claimed) = answer else {
        panic!("{answer:?}")
    };
    world.work().await;
    claimed
}

/// Tickets on their way to a device.
async fn delivered(world: &World, n: u8) -> Vec<TicketRow> {
    let rows = world.feed(world.shop.site).await.into_iter();
    rows.filter_map(|row| match row {
        Row::Ticket(row) if row.deliver_to == Some(mac(n)) => Some(row),
        _ => None,
    })
    .collect()
}
