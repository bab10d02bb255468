//! Cards that may be charged again by themselves: only those of which whoever paid ticked that on the page.

use mnara_tests::sim::pesapal::NotNow;

use super::*;

#[tokio::test]
async fn a_card_is_charged_again_only_where_whoever_paid_ticked_that() {
    let sim = sim().await;
    let caller = Caller::new(&sim).await;
    let address = caller.register("http://127.0.0.1:9/ipn", "POST").await;
    assert_eq!(sim.charge("ISP-77"), Err(NotNow::Unknown));
    // By M-PESA, and by card without the box, whatever the merchant asked for.
    for (n, act) in ["mpesa", "mpesa&again=yes", "card"].iter().enumerate() {
        let order = caller.order(&address, &format!("S-{n}")).await;
        let tracking = order["order_tracking_id"].as_str().unwrap();
        assert_eq!(caller.press(tracking, act).await.0, StatusCode::SEE_OTHER);
        assert_eq!(sim.charge("ISP-77"), Err(NotNow::Otherwise), "{act}");
    }
    let order = caller.order(&address, "S-9").await;
    let tracking = order["order_tracking_id"].as_str().unwrap();
    let page = caller.http.get(order["redirect_url"].as_str().unwrap());
    let page = page.send().await.unwrap().text().await.unwrap();
    assert_eq!(page.matches("name=\"again\"").count(), 1, "{page}");
    caller.press(tracking, "card&again=yes").await;
    let charge = sim.charge("ISP-77").unwrap();
    assert!(sim.order(&charge).unwrap().is_charge);
    // It is ended at Pesapal, by whoever paid.
    let control = format!("{}/accounts/ISP-77/opt-out", sim.control_url());
    let ended = caller.http.post(control).send().await.unwrap();
    assert_eq!(ended.status(), StatusCode::NO_CONTENT);
    assert_eq!(sim.charge("ISP-77"), Err(NotNow::Otherwise));
    // The account alone is enough to ask: whoever pays says then how often.
    let mut body = ask(&address, "S-11");
    body["account_number"] = json!("ISP-78");
    body.as_object_mut().unwrap().remove("subscription_details");
    let path = "/api/Transactions/SubmitOrderRequest";
    let answer: Value = serde_json::from_str(&caller.post(path, &body).await).unwrap();
    let alone = answer["order_tracking_id"].as_str().unwrap();
    let (status, ..) = caller.press(alone, "card&again=yes").await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(sim.charge("ISP-78").is_ok());
    // Where the merchant does not ask there is no box, and ticking it all the same is nothing.
    let mut body = ask(&address, "S-10");
    body.as_object_mut()
        .unwrap()
        .retain(|name, _| !matches!(name.as_str(), "account_number" | "subscription_details"));
    let answer = caller
        .post("/api/Transactions/SubmitOrderRequest", &body)
        .await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let once = answer["order_tracking_id"].as_str().unwrap();
    assert_eq!(
        caller.press(once, "card&again=yes").await.0,
        StatusCode::CONFLICT
    );
    sim.stop().await;
}
