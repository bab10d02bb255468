//! What people do about one payment.

use super::*;
use crate::tests::office::Office;

#[sqlx::test(migrations = "../migrations/controller")]
async fn asking_again_asks_the_rail_and_never_the_phone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world.app.clock.advance(Duration::from_secs(5));
    world.daraja.outcome("0");
    let path = format!("/payments/{}", begun.payment);
    let got = cashier.post(&format!("{path}/ask"), &[]).await;
    assert_eq!(got.onward(), format!("{path}?done=ask"));
    world.work().await;
    assert_eq!((world.daraja.pushes(), world.daraja.queries()), (1, 1));
    assert_eq!(world.status(begun.payment).await, "success");
    assert_eq!(
        deed(&world, "payment-ask").await,
        json!({"before": {"status": "pending"}, "after": {"status": "pending"}}),
        "asking changes nothing"
    );
    let page = cashier.get(&path).await.page();
    assert!(
        page.contains("We asked M-PESA how it stands") && page.contains("as it ended"),
        "{page}"
    );
    // Paid is paid.
    let got = cashier.post(&format!("{path}/ask"), &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    // One whose push came to no answer has no name to ask by.
    world.daraja.push(504, "");
    let lost = world
        .begin(world.shop.ask(2, "254722000002"))
        .await
        .unwrap();
    let got = cashier
        .post(&format!("/payments/{}/ask", lost.payment), &[])
        .await;
    assert!(
        got.text.contains("M-PESA never named this prompt"),
        "{}",
        got.text
    );
    assert_eq!(world.daraja.pushes(), 2);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_voucher_that_was_not_used_is_sent_to_its_site_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let [paid, cancelled, _] = three(&world).await;
    let delivery = async || {
        let rows = world.feed(world.shop.site).await;
        rows.into_iter()
            .find_map(|row| match row {
                Row::Ticket(row) => Some((row.deliver_to, row.deliver_until)),
                _ => None,
            })
            .unwrap()
    };
    let (to, until) = delivery().await;
    world.app.clock.advance(Duration::from_secs(2 * 86_400));
    // A log-in in use lasts.
    cashier
        .post(&format!("/payments/{paid}/send"), &[])
        .await
        .onward();
    let (again, later) = delivery().await;
    assert_eq!((to, again), (Some(mac(1)), Some(mac(1))));
    assert!(later > until && later > Some(world.app.clock.now()));
    let to = |until| {
        json!({
            "site": world.shop.site.to_string(),
            "mac": mac(1).to_string(),
            "until": web::show::utc(until),
        })
    };
    assert_eq!(
        deed(&world, "payment-send").await,
        json!({"before": to(until.unwrap()), "after": to(later.unwrap())})
    );
    assert_eq!(world.count("tickets").await, 1, "it is the same one");
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    site.lets_in(&world, ticket).await;
    let got = cashier.post(&format!("/payments/{paid}/send"), &[]).await;
    assert!(got.text.contains("was used already"), "{}", got.text);
    let got = cashier
        .post(&format!("/payments/{cancelled}/send"), &[])
        .await;
    assert!(got.text.contains("No money came in"), "{}", got.text);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_refund_is_written_down_once_and_no_more_than_was_paid(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let [paid, cancelled, _] = three(&world).await;
    let path = format!("/payments/{paid}/refund");
    for (amount, receipt, reason, says) in [
        ("0", "NLK0000001", "power cut", "Give an amount up to"),
        ("51", "NLK0000001", "power cut", "Give an amount up to"),
        ("lots", "NLK0000001", "power cut", "Give an amount up to"),
        (
            "20",
            "no",
            "power cut",
            "Give the M-PESA receipt of the refund",
        ),
        (
            "20",
            "NLJ7RT61SV",
            "power cut",
            "It is another than the payment",
        ),
        ("20", "NLK0000001", " ", "Say why"),
    ] {
        let got = cashier
            .post(
                &path,
                &[("amount", amount), ("receipt", receipt), ("reason", reason)],
            )
            .await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
        assert!(got.text.contains(says), "{says}: {}", got.text);
        assert!(
            got.text.contains(&format!("value=\"{amount}\"")),
            "what was typed stays"
        );
    }
    let form = [
        ("amount", "20"),
        ("receipt", "nlk0000001"),
        ("reason", "power cut <b>"),
    ];
    assert_eq!(
        cashier.post(&path, &form).await.onward(),
        format!("/payments/{paid}?done=refund")
    );
    let page = cashier.get(&format!("/payments/{paid}")).await.page();
    assert!(
        page.contains("KSh\u{a0}20")
            && page.contains("NLK0000001")
            && page.contains("power cut &#60;b&#62;"),
        "{page}"
    );
    let got = cashier.post(&path, &form).await;
    assert!(got.text.contains("written down already"), "{}", got.text);
    // Thirty are left, and it changes no money.
    let rest = [
        ("amount", "31"),
        ("receipt", "NLK0000002"),
        ("reason", "power cut"),
    ];
    assert_eq!(
        cashier.post(&path, &rest).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    // A part leaves the voucher; with all of it, as the page says, the voucher that nobody used ends, and its site hears of that.
    let revoked = "tickets where status = 'revoked' and revoked_at is not null";
    let page = cashier.get(&format!("/payments/{paid}")).await.page();
    assert!(page.contains("Once all of it has gone back"), "{page}");
    assert_eq!(world.count(revoked).await, 0);
    let rest = [
        ("amount", "30"),
        ("receipt", "NLK0000002"),
        ("reason", "power cut"),
    ];
    cashier.post(&path, &rest).await.onward();
    assert_eq!(world.count(revoked).await, 1);
    assert_eq!(
        deed(&world, "revoke").await,
        json!({"before": {"status": "unused"}, "after": {"status": "revoked"}})
    );
    for (was, is) in [("50.00", "30.00"), ("30.00", "0.00")] {
        let line = format!(
            "audit where act = 'refund' and before->>'left' = '{was}' and after->>'left' = '{is}'"
        );
        assert_eq!(world.count(&line).await, 1, "{was}");
    }
    let told = world.feed(world.shop.site).await.into_iter();
    let ended = told.filter(|row| matches!(row, Row::Ticket(row) if row.right.revoked.is_some()));
    assert_eq!(ended.count(), 1);
    let none = cashier
        .post(&format!("/payments/{cancelled}/refund"), &form)
        .await;
    assert!(none.text.contains("No money came in"));
    assert_eq!(world.status(paid).await, "success");
    assert_eq!(world.count("refunds").await, 2);
    assert_eq!(
        world
            .count("audit where act = 'refund' and after->>'receipt' = 'NLK0000001'")
            .await,
        1
    );
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_voucher_that_was_used_goes_on_when_its_money_went_back(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let [paid, ..] = three(&world).await;
    let site = Site::new(&world, world.shop.site);
    let ticket = site.sold(&world).await;
    site.lets_in(&world, ticket).await;
    let form = [
        ("amount", "50"),
        ("receipt", "NLK0000001"),
        ("reason", "power cut"),
    ];
    let path = format!("/payments/{paid}/refund");
    cashier.post(&path, &form).await.onward();
    assert_eq!(world.count("refunds where amount = 50").await, 1);
    assert_eq!(world.count("tickets where revoked_at is not null").await, 0);
    world.books_are_equal().await;
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_somebody_looked_at_is_closed_until_something_else_comes(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut cashier = member(&world, Role::Cashier, 1).await;
    let mut reader = member(&world, Role::Reader, 2).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    // Another amount than was asked for, told twice.
    let short = callback(1, json!(0), Some(("NLJ7RT61SV", json!(49))));
    world.call_back(&secret, short.clone()).await;
    world.work().await;
    let path = format!("/payments/{}", begun.payment);
    let looked = format!("{path}/looked");
    let count = "Payments that somebody should look at: <strong>1</strong>";
    assert!(cashier.get("/home").await.page().contains(count));
    assert!(!reader.get(&path).await.page().contains(&looked));
    let form = [("flag", "amount")];
    let got = reader.post(&looked, &form).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
    // What they were shown is not what it is flagged for by now.
    cashier.post(&looked, &[("flag", "ids")]).await.onward();
    assert_eq!(
        on(&cashier.get("/payments?state=look").await.page()).len(),
        1
    );
    assert!(cashier.get(&path).await.page().contains(&looked));
    for _ in 0..2 {
        let to = cashier.post(&looked, &form).await.onward();
        assert_eq!(to, format!("{path}?done=looked"));
    }
    assert_eq!(world.count("audit where act = 'payment-look'").await, 1);
    assert_eq!(
        deed(&world, "payment-look").await,
        json!({"before": {"flag": "amount"}, "after": {"looked": true}})
    );
    let page = cashier.get(&path).await.page();
    assert!(
        page.contains("Looked at:")
            && page.contains("Another amount came than was asked for.")
            && !page.contains(&looked),
        "{page}"
    );
    // The same told again is no news.
    world.call_back(&secret, short).await;
    world.work().await;
    assert!(on(&cashier.get("/payments?state=look").await.page()).is_empty());
    assert!(!cashier.get("/home").await.page().contains(count));
    // Something else is. What becomes of the payment goes by the first flag, so that one stays.
    let others = callback(7, json!(0), Some(("NLJ7RT61SW", json!(50))));
    world.call_back(&secret, others).await;
    world.work().await;
    assert_eq!(world.flag(begun.payment).await.as_deref(), Some("amount"));
    assert_eq!(
        on(&cashier.get("/payments?state=look").await.page()).len(),
        1
    );
    assert!(cashier.get("/home").await.page().contains(count));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_hears_of_money_is_told_once_each_time_it_has_to_be_looked_at_again(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (_office, world) = Office::world(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let begun = world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    let looked = format!("/payments/{}/looked", begun.payment);
    let told = async || world.count("mails where kind = 'money-flagged'").await;
    let comes = async |body: &[u8]| {
        world.call_back(&secret, body.to_vec()).await;
        world.work().await;
    };
    let short = callback(1, json!(0), Some(("NLJ7RT61SV", json!(49))));
    comes(&short).await;
    assert_eq!(told().await, 1);
    // What comes while nobody has looked, and the same once more afterwards, is no news.
    comes(&callback(6, json!(0), Some(("NLJ7RT61SU", json!(50))))).await;
    owner.post(&looked, &[("flag", "amount")]).await.onward();
    comes(&short).await;
    assert_eq!(told().await, 1);
    // More money beside it is, although it is there for the same.
    world.app.clock.advance(Duration::from_secs(60));
    for _ in 0..2 {
        comes(&callback(1, json!(0), Some(("NLJ7RT61SX", json!(48))))).await;
        assert_eq!(told().await, 2);
    }
    assert_eq!(world.count("unmatched where reason = 'asked'").await, 2);
    owner.post(&looked, &[("flag", "amount")]).await.onward();
    for (number, expected) in [(7, 3), (8, 4)] {
        for _ in 0..2 {
            comes(&callback(number, json!(0), Some(("NLJ7RT61SW", json!(50))))).await;
        }
        assert_eq!(told().await, expected);
        world.app.clock.advance(Duration::from_secs(60));
        owner.post(&looked, &[("flag", "amount")]).await.onward();
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_refused_before_the_keys_were_put_right_calls_nobody(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let count = "Refused so far: <strong>1</strong>";
    let refused =
        r#"{"requestId":"1","errorCode":"500.001.1001","errorMessage":"Wrong credentials"}"#;
    let refuse = async |n: u8, phone: &str| {
        world.daraja.push(500, refused);
        assert!(world.begin(world.shop.ask(n, phone)).await.is_err());
        world.app.clock.advance(Duration::from_secs(60));
    };
    refuse(1, "254722000001").await;
    assert!(owner.get("/home").await.page().contains(count));
    // Put right at Safaricom: the next prompt is paid.
    world.begin(world.shop.ask(2, PHONE)).await.unwrap();
    let secret = world.daraja.secret();
    world.call_back(&secret, success(1, "NLJ7RT61SV")).await;
    world.work().await;
    assert!(!owner.get("/home").await.page().contains("Refused so far"));
    world.app.clock.advance(Duration::from_secs(60));
    // Wrong again, and put right here.
    refuse(3, "254722000003").await;
    assert!(owner.get("/home").await.page().contains(count));
    let account = Credentials {
        consumer_key: "key 1".into(),
        consumer_secret: "secret".into(),
        shortcode: "174371".to_owned(),
        passkey: "another".into(),
        kind: ShortcodeKind::Paybill,
    };
    crate::payments::account::set(&world.app, world.shop.provider, &account, Actor::Command)
        .await
        .unwrap();
    assert!(!owner.get("/home").await.page().contains("Refused so far"));
}
