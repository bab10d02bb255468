//! What a business's operator may do at M-PESA: it is set with every proof, each right proves itself, money goes back once, and a receipt
//! that nobody told of is asked about; whatever is posted about it comes in any order and number.

mod asking;
mod back;
mod learnt;
mod refused;
mod reversed;
mod setting;
mod sure;

use super::mpesa_change::Authenticator;
use super::*;
use crate::providers::staff::roles::Role;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::pages::doors::member;

const STATUS: &str = "/transactionstatus/v1/query";
const REVERSAL: &str = "/reversal/v1/request";

/// What the Daraja portal makes of a password.
fn credential(byte: u8) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode([byte; 256])
}

/// Sets the operator as its owner does.
async fn set(world: &World, owner: &mut Browser<'_>, phone: &Authenticator) {
    let (digits, sealed) = (phone.next(world), credential(7));
    let form = [
        ("initiator", "apiop37"),
        ("credential", sealed.as_str()),
        ("password", PASSWORD),
        ("digits", &digits),
    ];
    let got = owner.post("/settings/mpesa/operator", &form).await;
    assert_eq!(got.onward(), "/settings/mpesa/operator?done=set");
}

/// An owner whose operator has proved both rights.
async fn proven(world: &World) -> Browser<'_> {
    let mut owner = member(world, Role::Owner, 1).await;
    let phone = Authenticator::set_up(world, &mut owner).await;
    world.app.clock.advance(Duration::from_secs(86_400));
    set(world, &mut owner, &phone).await;
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    sqlx::query("update mpesa_operators set status_proven_at = since, reversal_proven_at = since")
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    owner
}

/// The secrets of the latest request: where its Result comes, and where M-PESA gives up.
fn secrets(world: &World, path: &str) -> (String, String) {
    let asked = world.daraja.seen(path).pop().unwrap();
    let secret = |name: &str| {
        let address = asked[name].as_str().unwrap();
        address.rsplit('/').next().unwrap().to_owned()
    };
    (secret("ResultURL"), secret("QueueTimeOutURL"))
}

/// A Result as Daraja posts it.
fn result(number: u32, code: Value, receipt: &str, parameters: Option<Value>) -> Vec<u8> {
    let (originator, conversation) = request_ids(number);
    let mut result = json!({"ResultType": 0, "ResultCode": code, "ResultDesc": "as it <ended>", "OriginatorConversationID": originator,
                            "ConversationID": conversation, "TransactionID": receipt,
                            "ReferenceData": {"ReferenceItem": {"Key": "Occasion"}}});
    if let Some(parameters) = parameters {
        result["ResultParameters"] = json!({"ResultParameter": parameters});
    }
    json!({"Result": result}).to_string().into_bytes()
}

/// Money that went back.
fn went_back(number: u32, receipt: &str, back: &str) -> Vec<u8> {
    let parameters = json!([{"Key": "DebitAccountBalance"}, {"Key": "Amount", "Value": 1.00}, {"Key": "OriginalTransactionID", "Value": receipt}]);
    result(number, json!(0), back, Some(parameters))
}

/// What M-PESA knows of a receipt.
fn known(number: u32, receipt: &str, status: &str, amount: &str, party: &str) -> Vec<u8> {
    let parameters = json!([
        {"Key": "DebitPartyName", "Value": format!("{party} - Business")}, {"Key": "DebitPartyName", "Value": "254708374149 - NICHOLAS"},
        {"Key": "TransactionReason"}, {"Key": "TransactionStatus", "Value": status}, {"Key": "FinalisedTime", "Value": "20270115110130"},
        {"Key": "Amount", "Value": amount}, {"Key": "ReceiptNo", "Value": receipt}]);
    result(number, json!(0), "AAA0000000", Some(parameters))
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

async fn assert_balanced(world: &World) {
    let found = crate::reports::books::check_all(&world.app, world.shop.provider)
        .await
        .unwrap();
    assert_eq!(found.wrong, []);
    assert_eq!(world.count("jobs where dead_at is not null").await, 0);
}
