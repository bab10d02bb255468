//! The page that plays the phone: what it shows, what its buttons do, and when it loads again.

use std::time::Duration;

use mnara_tests::sim::daraja::{Act, Answer, Code, Script};
use serde_json::{Value, json};

use super::world::{PHONE, STAMP, World};

#[tokio::test]
async fn the_phone_page_shows_the_prompt_and_takes_the_answer() {
    let mut world = World::hand().await;
    let page = format!("/phone/{PHONE}");
    let empty = shown(&world, &page).await;
    assert!(empty.contains("No M-PESA prompt"));
    assert!(!empty.contains("<form"));
    let mut order = world.order(1_500);
    order["AccountReference"] = json!("S123");
    let accepted = world.push_order(&order).await;
    let checkout = accepted["CheckoutRequestID"].as_str().unwrap();
    for page in [page.as_str(), "/phone"] {
        let shown = shown(&world, page).await;
        for part in [
            "<small>Ksh</small>1,500",
            "MNARA WIFI",
            "S123",
            "254708374149",
            "Do you want to pay Ksh1500.00 to MNARA WIFI Account no. S123?",
            "gone at 12:01:00",
            "value=\"accept\"",
            "value=\"wrong-pin\"",
            "value=\"cancel\"",
            "value=\"no-answer\"",
            "value=\"no-money\"",
            checkout,
            "autofocus",
        ] {
            assert!(shown.contains(part), "{page}: {part}");
        }
        assert!(
            shown.contains("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"),
            "a phone without script looks again too"
        );
        assert!(
            !shown.contains("src=") && !shown.contains("http://"),
            "nothing comes from outside"
        );
    }
    assert!(
        !shown(&world, "/phone/254110000000").await.contains("<form"),
        "another phone shows nothing of it"
    );
    let (status, place) = press(&world, PHONE, checkout, "cancel").await;
    assert_eq!((status, place.as_str()), (303, page.as_str()));
    assert_eq!(world.next_code().await, json!(1032));
    let after = shown(&world, &page).await;
    assert!(after.contains("Not paid.") && after.contains("Request cancelled by user"));
    let (status, _) = press(&world, PHONE, checkout, "accept").await;
    assert_eq!(status, 409);
    world.daraja.stop().await;
}

#[tokio::test]
async fn a_button_answers_the_prompt_it_was_shown_with() {
    let mut world = World::hand().await;
    let first = world.push(10).await;
    world.daraja.answer(PHONE, &Answer::Cancel).unwrap();
    assert_eq!(world.next_code().await, json!(1032));
    let second = world.push(20).await;
    let id = |answer: &Value| answer["CheckoutRequestID"].as_str().unwrap().to_owned();
    let (status, _) = press(&world, PHONE, &id(&first), "accept").await;
    assert_eq!(status, 409, "the button belonged to the first prompt");
    assert!(world.daraja.payment(&id(&second)).unwrap().is_live());
    let (status, _) = press(&world, PHONE, &id(&second), "accept").await;
    assert_eq!(status, 303);
    assert_eq!(world.next_code().await, json!(0));
    let receipt = world.daraja.ledger()[0].receipt.clone();
    let shown = shown(&world, &format!("/phone/{PHONE}")).await;
    assert!(shown.contains(&format!(
        "<b class=\"ok\">{receipt} Confirmed.</b> Ksh20.00 sent to MNARA WIFI for account S123 on 22/11/26 at 12:00 PM."
    )));
}

#[tokio::test]
async fn the_page_is_told_when_it_would_look_different() {
    let world = World::hand().await;
    let page = format!("/phone/{PHONE}");
    let ends = |code| Script {
        prompt: Some(Act::End {
            code: Code::Number(code),
            after_ms: 1_000,
        }),
        late_success_ms: Some(1_000),
        ..Script::default()
    };
    world.daraja.script(|scripts| {
        scripts.by_msisdn.insert(PHONE.into(), ends(1037));
    });
    let mut seen = Vec::new();
    for step in 0..3 {
        let changes = changes(&shown(&world, &page).await);
        seen.push(changes.clone());
        let (http, url) = (world.http.clone(), world.daraja.control_url());
        let waiting = tokio::spawn(async move {
            let answer = http.get(format!("{url}{changes}")).send().await.unwrap();
            answer.status().as_u16()
        });
        // What happens on other phones is no news here.
        if step == 0 {
            let elsewhere = world.order_at(5, "254110000000", STAMP);
            world.push_order(&elsewhere).await;
            world.push(10).await;
        } else {
            world.daraja.advance(Duration::from_secs(1));
        }
        assert_eq!(waiting.await.unwrap(), 205, "step {step}");
    }
    let last = changes(&shown(&world, &page).await);
    seen.push(last);
    seen.dedup();
    assert_eq!(
        seen.len(),
        4,
        "prompt, end and late success each look different"
    );
}

async fn shown(world: &World, page: &str) -> String {
    let url = format!("{}{page}", world.daraja.control_url());
    let answer = world.http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.text().await.unwrap()
}

/// Finds what a page asks to learn of changes.
fn changes(page: &str) -> String {
    let (_, rest) = page.split_once("data-changes=\"").unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

async fn press(world: &World, msisdn: &str, checkout: &str, answer: &str) -> (u16, String) {
    let url = format!("{}/phone/{msisdn}/answer", world.daraja.control_url());
    let pressed = world
        .http
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("answer={answer}&alone=true&checkout={checkout}"))
        .send()
        .await
        .unwrap();
    let place = pressed.headers().get("location");
    let place = place.map_or("", |place| place.to_str().unwrap()).to_owned();
    (pressed.status().as_u16(), place)
}

#[tokio::test]
async fn the_phones_own_menu_pays_by_hand() {
    let mut world = World::hand().await;
    world.register_c2b("v2", "Completed").await;
    let form = shown(&world, &format!("/menu/{PHONE}")).await;
    assert!(form.contains("174379") && form.contains(PHONE), "{form}");
    let url = format!("{}/menu", world.daraja.control_url());
    let pay = async |world: &World, phone: &str, amount: &str| {
        let answer = world
            .http
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!(
                "msisdn={phone}&shortcode=174379&account=D4820175&amount={amount}"
            ))
            .send()
            .await
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    };
    let (status, said) = pay(&world, PHONE, "x").await;
    assert!(status == 422 && said.contains("Not paid.") && said.contains("D4820175"));
    let (status, said) = pay(&world, PHONE, "20").await;
    let receipt = world.daraja.ledger()[0].receipt.clone();
    assert!(status == 200 && said.contains(&receipt), "{said}");
    let told = world.callbacks.recv().await.unwrap().json();
    assert_eq!(
        (&told["TransID"], &told["BillRefNumber"]),
        (&json!(receipt), &json!("D4820175"))
    );
    // As somebody dials it, who typed it so on the portal too.
    let (status, said) = pay(&world, "0708+374+149", "21").await;
    assert_eq!(status, 200, "{said}");
    assert_eq!(world.daraja.ledger()[1].msisdn, PHONE);
}
