//! The public API: who may ask for a prompt, who is told of a payment or a ticket, and that no address of the controller lets one
//! tenant at another's.

mod buying;
mod codes;
mod open;

use mnara_protocol::ids::PlanId;
use mnara_protocol::message::{Fact, Printed, RedeemedFact};

use super::*;

struct Asked {
    status: StatusCode,
    body: Value,
}

/// Checks that an answer is a problem document as RFC 9457 has it.
fn problem(asked: &(StatusCode, String, Value), status: StatusCode, kind: &str) {
    let (found, content, body) = asked;
    assert_eq!(
        (*found, content.as_str()),
        (status, "application/problem+json"),
        "{body}"
    );
    assert!(body["type"].as_str().unwrap().ends_with(kind), "{body}");
    assert_eq!(body["status"], json!(status.as_u16()));
    assert!(!body["title"].as_str().unwrap().is_empty());
}

impl World {
    async fn initiate(
        &self,
        provider: ProviderId,
        token: Option<&str>,
        order: Value,
    ) -> (StatusCode, String, Value) {
        let path = format!("/api/captive/{provider}/initiate-mpesa");
        self.send(Method::POST, &path, token, order.to_string().into_bytes())
            .await
    }

    async fn ask_status(&self, path: &str, token: Option<&str>) -> Asked {
        let (status, _, body) = self.send(Method::GET, path, token, Vec::new()).await;
        Asked { status, body }
    }
}

fn order(plan: PlanId) -> Value {
    json!({"phone": "0708 374 149", "plan_id": plan.to_string()})
}

/// Buys a ticket by M-PESA; gives its code and the payment's token.
async fn bought(world: &World, n: u8) -> (String, String) {
    let phone = format!("25470837415{n}");
    let begun = world.begin(world.shop.ask(n, &phone)).await.unwrap();
    let receipt = format!("NLJ7RT61S{n}");
    world
        .call_back(&world.daraja.secret(), success(n.into(), &receipt))
        .await;
    world.work().await;
    let sql = format!(
        "select code from tickets where payment_id = '{}'",
        begun.payment.uuid()
    );
    (read(&world.app, &sql).await, begun.token)
}
