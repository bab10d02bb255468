//! Selling by M-PESA: each way a prompt can end, each way its news can arrive, and what must come of it: a success is
//! exactly one ticket and a phone online, anything else is none.

use std::time::Duration;

use mnara_tests::sim::daraja::{
    Act, Answer, Balance, Body, Callback, Code, DateStyle, Metadata, Mode, PhoneStyle, QueryAnswer,
    Refusal, Reply, Script, When,
};
use mnara_tests::world::buyer::Buyer;
use mnara_tests::world::{Setup, World};
use serde_json::json;

async fn world() -> World {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Hand;
    World::start(setup).await.unwrap()
}

#[tokio::test]
async fn each_end_of_a_prompt_is_told_and_only_money_opens_the_door() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let ends = [
        (Answer::WrongPin, "wrong-pin"),
        (Answer::Cancel, "cancelled"),
        (Answer::NoMoney, "no-money"),
        (Answer::Code(Code::Number(1001)), "other-prompt"),
        (Answer::Code(Code::Number(1019)), "expired"),
        (Answer::Code(Code::Number(17)), "too-soon"),
        (Answer::Code(Code::Number(4)), "limit-reached"),
        (Answer::Code(Code::Number(8)), "provider-account"),
        (Answer::Code(Code::Number(26)), "busy"),
        (Answer::Code(Code::Number(8006)), "locked"),
        (Answer::Code(Code::Number(2028)), "provider-setup"),
        (
            Answer::Code(Code::Text("SFC_IC0003".into())),
            "provider-setup",
        ),
    ];
    for (index, (answer, failure)) in ends.into_iter().enumerate() {
        let buyer = Buyer::join(&world.site, 10_000_000 + u32::try_from(index).unwrap()).unwrap();
        let order = buyer.order(&world, plan).await.unwrap();
        let prompt = world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
        assert_eq!(prompt.amount, 20);
        world.daraja.answer(&buyer.msisdn, &answer).unwrap();
        let books = world.settled(&order.payment).await.unwrap();
        assert_eq!(
            (books.status.as_str(), books.failure.as_str(), books.tickets),
            ("failed", failure, 0)
        );
        assert!(
            !buyer.phone.online(&world.site.router),
            "{failure} opened the door"
        );
    }

    let buyer = Buyer::join(&world.site, 11_000_000).unwrap();
    let order = buyer.order(&world, plan).await.unwrap();
    world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn nobody_answers_and_money_that_comes_after_all_is_honoured() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let buyer = Buyer::join(&world.site, 12_000_000).unwrap();
    world.daraja.script_next(Script {
        late_success_ms: Some(120_000),
        ..Script::default()
    });
    let order = buyer.order(&world, plan).await.unwrap();
    world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
    world.daraja.answer(&buyer.msisdn, &Answer::Ignore).unwrap();
    world.daraja.advance(Duration::from_secs(61));
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!(
        (books.status.as_str(), books.failure.as_str(), books.tickets),
        ("failed", "no-answer", 0)
    );

    world.daraja.advance(Duration::from_secs(121));
    world
        .until("the late success is honoured", async || {
            let books = world.books(&order.payment).await?;
            Ok((books.status == "success" && books.tickets == 1).then_some(()))
        })
        .await
        .unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.end().await.unwrap();
}

/// What becomes of a customer who enters the PIN, whatever the news of it looks like.
#[tokio::test]
async fn a_paid_prompt_is_one_ticket_however_its_news_arrives() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let body = |body: Body| Script {
        body,
        ..Script::default()
    };
    let callback = |callback: Callback| Script {
        callback,
        ..Script::default()
    };
    let scripts = [
        (
            "before the push is answered",
            callback(Callback {
                when: When::BeforeReply,
                ..Callback::default()
            }),
        ),
        (
            "four times at once",
            callback(Callback {
                copies: 4,
                parallel: true,
                ..Callback::default()
            }),
        ),
        (
            "again half a minute later",
            callback(Callback {
                again_after_ms: vec![100, 200],
                ..Callback::default()
            }),
        ),
        (
            "to a push whose answer was lost",
            Script {
                reply: Reply::HangUp,
                accepted: true,
                ..Script::default()
            },
        ),
        (
            "to a push that was answered with a web page",
            Script {
                reply: Reply::Html,
                accepted: true,
                ..Script::default()
            },
        ),
        (
            "with its code as text",
            body(Body {
                code_as_text: true,
                ..Body::default()
            }),
        ),
        (
            "with a balance without value",
            body(Body {
                balance: Balance::WithoutValue,
                ..Body::default()
            }),
        ),
        (
            "with a masked phone",
            body(Body {
                phone: PhoneStyle::Masked,
                ..Body::default()
            }),
        ),
        (
            "without a phone",
            body(Body {
                phone: PhoneStyle::Absent,
                ..Body::default()
            }),
        ),
        (
            "with its date as text, in another order",
            body(Body {
                date: DateStyle::Text,
                reversed_items: true,
                ..Body::default()
            }),
        ),
    ];
    let count = scripts.len();
    for (index, (how, script)) in scripts.into_iter().enumerate() {
        let buyer = Buyer::join(&world.site, 13_000_000 + u32::try_from(index).unwrap()).unwrap();
        world.daraja.script_next(Script {
            prompt: Some(Act::Accept { after_ms: 50 }),
            ..script
        });
        let order = buyer
            .order(&world, plan)
            .await
            .unwrap_or_else(|error| panic!("{how}: {error:#}"));
        let books = world
            .settled(&order.payment)
            .await
            .unwrap_or_else(|error| panic!("{how}: {error:#}"));
        assert_eq!(
            (books.status.as_str(), books.tickets),
            ("success", 1),
            "{how}"
        );
        buyer
            .phone
            .comes_online(&world.site.router)
            .await
            .unwrap_or_else(|error| panic!("{how}: {error:#}"));
    }
    // Nothing more comes of what still arrives.
    world.callbacks_handled(count).await.unwrap();
    let tickets = world
        .controller
        .value("select count(*) from tickets")
        .await
        .unwrap();
    assert_eq!(tickets, count.to_string());
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_lost_callback_is_found_by_asking() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let silent = Callback {
        when: When::Never,
        ..Callback::default()
    };
    let scripts = [
        ("at the first question", vec![]),
        (
            "after answers that mean nothing yet",
            vec![
                QueryAnswer::StillProcessing,
                QueryAnswer::BeingProcessed,
                QueryAnswer::RateLimited,
                QueryAnswer::Html,
            ],
        ),
    ];
    for (index, (when, query)) in scripts.into_iter().enumerate() {
        let buyer = Buyer::join(&world.site, 14_000_000 + u32::try_from(index).unwrap()).unwrap();
        world.daraja.script_next(Script {
            prompt: Some(Act::Accept { after_ms: 10 }),
            callback: silent.clone(),
            query,
            ..Script::default()
        });
        let order = buyer.order(&world, plan).await.unwrap();
        let checkout = world
            .daraja
            .await_payment(|payment| payment.msisdn == buyer.msisdn)
            .await
            .unwrap()
            .checkout_request_id;
        world.daraja.await_end(&checkout).await.unwrap();
        assert_eq!(world.books(&order.payment).await.unwrap().status, "pending");
        world
            .until(when, async || {
                // Time passes only as far as it must: the controller asks ever less often, and Daraja counts questions a minute.
                world.daraja.advance(Duration::from_secs(5));
                world.controller.advance(Duration::from_secs(5)).await?;
                let books = world.books(&order.payment).await?;
                Ok((books.status == "success" && books.tickets == 1).then_some(()))
            })
            .await
            .unwrap();
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    world.end().await.unwrap();
}

/// A customer who has not paid, and somebody who says otherwise.
#[tokio::test]
async fn a_forged_callback_opens_nothing() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let buyer = Buyer::join(&world.site, 15_000_000).unwrap();
    let order = buyer.order(&world, plan).await.unwrap();
    let prompt = world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
    let says = |checkout: &str, merchant: &str, amount: i64| {
        json!({"Body": {"stkCallback": {
            "MerchantRequestID": merchant, "CheckoutRequestID": checkout, "ResultCode": 0, "ResultDesc": "ok",
            "CallbackMetadata": {"Item": [
                {"Name": "Amount", "Value": amount}, {"Name": "MpesaReceiptNumber", "Value": "SKF00REC3T"},
                {"Name": "TransactionDate", "Value": 20_261_122_101_010_u64}, {"Name": "PhoneNumber", "Value": 254_715_000_000_u64},
            ]},
        }}})
    };
    let (checkout, merchant) = (
        prompt.checkout_request_id.as_str(),
        prompt.merchant_request_id.as_str(),
    );
    let path = url::Url::parse(&prompt.callback_url)
        .unwrap()
        .path()
        .to_owned();
    let (with_secret, secret) = (
        world.controller.url(&path),
        path.rsplit('/').next().unwrap(),
    );
    let other: String = secret
        .chars()
        .map(|c| if c == 'f' { 'e' } else { 'f' })
        .collect();
    let provider = &world.business.provider;
    let forged = [
        // Everything right but the secret.
        (
            world
                .controller
                .url(&format!("/api/pay/{provider}/{other}")),
            says(checkout, merchant, 20),
        ),
        (
            world
                .controller
                .url(&format!("/api/mpesa/callback/{provider}/{other}")),
            says(checkout, merchant, 20),
        ),
        (
            world
                .controller
                .url(&format!("/api/mpesa/callback/{provider}")),
            says(checkout, merchant, 20),
        ),
        // The secret right, and something else wrong.
        (with_secret.clone(), says(checkout, merchant, 1)),
        (
            with_secret.clone(),
            says("ws_CO_somebody_elses", merchant, 20),
        ),
        (with_secret.clone(), says(checkout, "somebody-elses", 20)),
    ];
    for (url, body) in forged {
        let answer = world.caller.post(&url, &body).await.unwrap();
        assert_eq!(
            answer.status, 200,
            "whoever forges learns nothing: {answer:?}"
        );
    }
    world.callbacks_handled(3).await.unwrap();
    let books = world.books(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("pending", 0));
    assert!(
        !books.flag.is_empty(),
        "nobody is told of the wrong amount and ids"
    );

    // The customer cancels; after that nothing was paid and nothing was given.
    world.daraja.answer(&buyer.msisdn, &Answer::Cancel).unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("failed", 0));
    assert!(!buyer.phone.online(&world.site.router));
    world.end().await.unwrap();
}

#[tokio::test]
async fn two_taps_are_one_prompt() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let buyer = Buyer::join(&world.site, 16_000_000).unwrap();
    let attempt = "0190b0b0-0000-7000-8000-000000000001";
    let first = buyer.ask(&world, plan, Some(attempt)).await.unwrap();
    let again = buyer.ask(&world, plan, Some(attempt)).await.unwrap();
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!(
        first.json().unwrap()["payment_id"],
        again.json().unwrap()["payment_id"],
        "{again:?}"
    );
    // Another try while the prompt is on the phone would kill it, so it is refused.
    let other = buyer.ask(&world, plan, None).await.unwrap();
    assert_eq!(other.status, 409, "{other:?}");
    assert_eq!(other.json().unwrap()["reason"], "other-prompt");
    let pushes = world.daraja.payments().len();
    assert_eq!(pushes, 1, "the phone was asked {pushes} times");
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_refused_push_is_told_at_once_and_charges_nothing() {
    let mut world = world().await;
    let plan = world.business.plan("One hour").clone();
    let refusals = [
        (Refusal::SubscriberLocked, "other-prompt"),
        (Refusal::SystemBusy, "busy"),
        (Refusal::InvalidField("PhoneNumber".to_owned()), "no-mpesa"),
        (Refusal::MerchantUnknown, "provider-setup"),
        (Refusal::WrongCredentials, "provider-setup"),
    ];
    for (index, (refusal, reason)) in refusals.into_iter().enumerate() {
        let buyer = Buyer::join(&world.site, 17_000_000 + u32::try_from(index).unwrap()).unwrap();
        world.daraja.script_next(Script {
            reply: Reply::Error(refusal.clone()),
            ..Script::default()
        });
        let answer = buyer.ask(&world, &plan, None).await.unwrap();
        assert_eq!(answer.status, 409, "{refusal:?}: {answer:?}");
        assert_eq!(answer.json().unwrap()["reason"], reason, "{refusal:?}");
    }
    let money = world
        .controller
        .ask("select distinct status from payments")
        .await
        .unwrap();
    assert_eq!(money, [["failed"]]);
    // A wrong set-up is for the provider to mend, and is said loudly.
    world.allow("M-PESA");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_site_that_is_away_delivers_what_was_paid_when_it_is_back() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    let buyer = Buyer::join(&world.site, 18_000_000).unwrap();
    world.site.cable.cut();
    let order = buyer.order(&world, plan).await.unwrap();
    world.daraja.await_prompt(&buyer.msisdn).await.unwrap();
    world.daraja.answer(&buyer.msisdn, &Answer::Accept).unwrap();
    let books = world.settled(&order.payment).await.unwrap();
    assert_eq!((books.status.as_str(), books.tickets), ("success", 1));
    assert!(!buyer.phone.online(&world.site.router));
    world.site.cable.mend();
    buyer.phone.comes_online(&world.site.router).await.unwrap();
    world.drained(&world.site).await.unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_missing_body_part_is_asked_about_before_anything_is_given() {
    let world = world().await;
    let plan = world.business.plan("One hour");
    for (index, metadata) in [Metadata::Null, Metadata::Missing].into_iter().enumerate() {
        let buyer = Buyer::join(&world.site, 19_000_000 + u32::try_from(index).unwrap()).unwrap();
        world.daraja.script_next(Script {
            prompt: Some(Act::Accept { after_ms: 10 }),
            body: Body {
                metadata,
                ..Body::default()
            },
            ..Script::default()
        });
        let order = buyer.order(&world, plan).await.unwrap();
        let books = world.settled(&order.payment).await.unwrap();
        assert_eq!(
            (books.status.as_str(), books.tickets),
            ("success", 1),
            "{metadata:?}"
        );
        assert!(world.daraja.counters().queries > 0, "nobody asked");
        buyer.phone.comes_online(&world.site.router).await.unwrap();
    }
    world.end().await.unwrap();
}
