//! The books of a till: whatever happens to money, in whatever order it is told, stands in them once, and they balance to the cent. The queue
//! of what nobody can be matched to, and a statement of the rail beside the books.

mod afterwards;
mod beside;
mod brought;
mod credit;
mod gone;
mod lines;
mod queue;
mod statement;
mod stories;

use std::collections::BTreeSet;

use axum::http::header;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::jobs::tasks::stand;
use crate::payments::confirm::apply;
use crate::payments::deeds::{Noted, note};
use crate::payments::settle::{Evidence, Outcome};
use crate::payments::unmatched::resolve;
use crate::providers::staff::roles::Role;
use crate::reports::books;
use crate::tests::browser::Browser;
use crate::tests::pages::doors::member;

const DAY: u64 = 86_400;

/// Where the rail tells of payments by hand.
async fn till(world: &World) -> String {
    crate::payments::hand::open(
        &world.app,
        world.shop.provider,
        providers::c2b::Choice::USUAL,
        Actor::Command,
    )
    .await
    .unwrap();
    let asked = world.daraja.seen("registerurl").pop().unwrap();
    let address = asked["ConfirmationURL"].as_str().unwrap().to_owned();
    let secret = address.rsplit('/').nth(1).unwrap();
    format!("/api/pay/{}/{secret}/confirmation", world.shop.provider)
}

async fn by_hand(world: &World, till: &str, receipt: &str, reference: &str, amount: &str) {
    let body = json!({"TransactionType": "Pay Bill", "TransID": receipt, "TransTime": "20270115110130", "TransAmount": amount,
                      "BusinessShortCode": "174371", "BillRefNumber": reference, "MSISDN": "2547 ***** 149", "FirstName": "NICHOLAS"});
    let body = body.to_string().into_bytes();
    let (status, ..) = world.send(Method::POST, till, None, body).await;
    assert_eq!(status, StatusCode::OK);
}

fn reference(world: &World) -> String {
    let pushed = world.daraja.seen("stkpush/v1/").pop().unwrap();
    pushed["AccountReference"].as_str().unwrap().to_owned()
}

/// Somebody who works here.
async fn somebody(world: &World) -> Actor {
    let person = read(&world.app, "select person_id from staff limit 1").await;
    Actor::Staff(mnara_protocol::ids::PersonId::from_uuid(person))
}

/// A payment that is paid at once.
async fn sold(world: &World, n: u8, phone: &str, receipt: &str) -> PaymentId {
    let number = world.daraja.0.lock().unwrap().accepted + 1;
    let begun = world.begin(world.shop.ask(n, phone)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(number, receipt))
        .await;
    world.work().await;
    assert_eq!(world.status(begun.payment).await, "success");
    begun.payment
}

/// In cents, what an account has.
async fn balance(world: &World, account: &str) -> i64 {
    let sql = format!(
        "select coalesce(sum(case when credit = '{account}' then cents else -cents end), 0)::bigint from ledger
         where debit = '{account}' or credit = '{account}'"
    );
    read(&world.app, &sql).await
}

async fn assert_balanced(world: &World, what: &str) {
    let found = books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, [], "{what}");
    let (till, rest) = (
        balance(world, "till").await,
        balance(world, "tickets").await
            + balance(world, "own").await
            + balance(world, "unmatched").await
            + balance(world, "credit").await
            + balance(world, "refunded").await,
    );
    assert_eq!(-till, rest, "{what}");
}

/// Writes the lines that are missing as the run-book has it, by an owner who is no superuser.
async fn open_by_the_run_book(db: &mut PgConnection) {
    let (_, rest) = include_str!("../../../../../deploy/RUNBOOK.md")
        .split_once("```sql\n")
        .unwrap();
    let (told, _) = rest.split_once("```").unwrap();
    assert!(told.contains("ledger_open"), "{told}");
    sqlx::raw_sql("set role mnara_owner")
        .execute(&mut *db)
        .await
        .unwrap();
    sqlx::raw_sql(told).execute(&mut *db).await.unwrap();
    sqlx::raw_sql("reset role").execute(db).await.unwrap();
}

/// What waits in the queue, as its page names it.
fn waiting(page: &str) -> Vec<String> {
    page.split("action=\"/payments/unmatched/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/ticket").map(|(id, _)| id.to_owned()))
        .filter(|id| id.len() == "unm_".len() + 32)
        .collect()
}
