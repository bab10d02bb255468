//! An owner whose second factor is a passkey: it counts as the digits do, and nothing else that a device signed does.

use super::*;
use crate::tests::people::passkeys::{Asked, Device, ORIGIN, add, text};

const PAGE: &str = "/settings/mpesa/change";
const NOT_TAKEN: &str = "Your passkey was not taken";

async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> World {
    World::open_with(pool, options, &["--public-url", ORIGIN]).await
}

/// Money comes in.
async fn earns(world: &World) {
    world.begin(world.shop.ask(1, PHONE)).await.unwrap();
    world
        .call_back(&world.daraja.secret(), success(1, "NLJ7RT61SV"))
        .await;
    world.work().await;
}

/// An owner with a passkey that was made just now.
async fn owner(world: &World, n: u8) -> (Browser<'_>, Device) {
    let mut owner = member(world, Role::Owner, n).await;
    let mut device = Device::new(n);
    add(&mut owner, &mut device).await.onward();
    (owner, device)
}

fn a_day_later(world: &World) {
    world.app.clock.advance(Duration::from_secs(86_400));
}

/// What the script of the page asks for when the button is pressed; a minute passes first, so that there may be many.
async fn ask(world: &World, browser: &mut Browser<'_>) -> Asked {
    world.app.clock.advance(Duration::from_secs(61));
    let got = browser.post("/account/passkeys/proof", &[]).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text);
    let begun: Value = serde_json::from_str(&got.text).unwrap();
    Asked {
        token: begun["token"].as_str().unwrap().to_owned(),
        options: serde_json::from_str(begun["options"].as_str().unwrap()).unwrap(),
    }
}

/// The form as the script sends it.
fn by<'a>(asked: &'a Asked, answer: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form: Vec<(&'a str, &'a str)> = NEW.to_vec();
    form.push(("passkey_token", &asked.token));
    form.push(("passkey_answer", answer));
    form
}

/// Sends the form and sees it refused, with what was typed and without what is secret.
async fn refused(browser: &mut Browser<'_>, form: &[(&str, &str)], says: &str) {
    let got = browser.post(PAGE, form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{says}");
    assert!(got.text.contains(says), "{says}: {}", got.text);
    assert!(got.text.contains("value=\"600100\"") && !got.text.contains("of the new"));
    assert!(got.text.contains("name=\"passkey_token\" value=\"\""));
    assert!(got.text.contains("name=\"passkey_answer\" value=\"\""));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_passkey_is_the_second_factor_of_whoever_has_no_digits(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    earns(&world).await;
    let (mut owner, mut device) = owner(&world, 7).await;
    a_day_later(&world);
    let page = owner.get(PAGE).await.page();
    assert!(
        page.contains("data-begin=\"/account/passkeys/proof\" hidden")
            && page.contains("Use a passkey")
            && !page.contains("name=\"digits\""),
        "{page}"
    );
    // Without script the page says what to do instead.
    let (_, rest) = page.split_once("<noscript>").unwrap();
    let (unscripted, _) = rest.split_once("</noscript>").unwrap();
    assert!(
        unscripted.contains("set up six digits") && unscripted.contains("\"/account/second\""),
        "{unscripted}"
    );
    refused(&mut owner, &NEW, "it was not used").await;
    // It is their own keys that are asked for, and whoever holds them.
    let asked = ask(&world, &mut owner).await;
    let allowed = &asked.options["allowCredentials"];
    assert_eq!(allowed.as_array().unwrap().len(), 1);
    assert_eq!(allowed[0]["id"], text(&device.id));
    assert_eq!(asked.options["userVerification"], "required");
    // The password is wanted still.
    let answer = device.get(&asked);
    let form = with(&by(&asked, &answer), &[("password", "not the password")]);
    refused(&mut owner, &form, "Your password or the six digits").await;
    assert_eq!(world.daraja.pushes(), 1, "the sale's");
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let got = owner.post(PAGE, &by(&asked, &answer)).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    let used = format!(
        "passkeys where used_at is not null and (key->'cred'->>'counter')::int = {}",
        device.counter
    );
    assert_eq!(world.count(&used).await, 1, "its counter moves");
    world
        .call_back(&world.daraja.secret(), shilling(2, "TEST000001"))
        .await;
    world.work().await;
    assert_eq!(in_use(&world).await, "600100");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_signed_for_anything_else_proves_nothing(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    earns(&world).await;
    let (mut owner, mut device) = owner(&world, 7).await;
    let (mut other, mut others) = self::owner(&world, 8).await;
    a_day_later(&world);
    // Another owner's key, to one's own question and to theirs.
    let asked = ask(&world, &mut owner).await;
    let answer = others.get(&asked);
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    let asked = ask(&world, &mut other).await;
    let answer = others.get(&asked);
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    // One's own answer in another's hands.
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    refused(&mut other, &by(&asked, &answer), NOT_TAKEN).await;
    // The key by which one logs in, and the making of another.
    world.app.clock.advance(Duration::from_secs(61));
    let mut phone = Browser::new(&world, 9);
    let asked = Asked::read(&phone.get("/log-in/passkey").await.page());
    let answer = device.get(&asked);
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    let making = [("name", "another"), ("password", PASSWORD)];
    let page = owner.post("/account/passkeys/new", &making).await.page();
    let asked = Asked::read(&page);
    let answer = device.get(&asked);
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    // What proves who one is logs nobody in, and makes no key.
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let form = [("token", asked.token.as_str()), ("answer", &answer)];
    let got = phone.post("/log-in/passkey", &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(phone.get("/home").await.onward(), "/log-in?next=%2Fhome");
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let form = [("token", asked.token.as_str()), ("answer", &answer)];
    let got = owner.post("/account/passkeys", &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    // Held by nobody in particular.
    let asked = ask(&world, &mut owner).await;
    device.asks = false;
    let answer = device.get(&asked);
    device.asks = true;
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    // Too late.
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    world.app.clock.advance(Duration::from_secs(301));
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    // A copy of the key, which knows not how often the other one was used since the question.
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let page = phone.get("/log-in/passkey").await.page();
    let log_in = Asked::read(&page);
    let proof = device.get(&log_in);
    let form = [("token", log_in.token.as_str()), ("answer", &proof)];
    phone.post("/log-in/passkey", &form).await.onward();
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    // A key that was taken away meanwhile.
    let asked = ask(&world, &mut other).await;
    let answer = others.get(&asked);
    let key = "select k.id from passkeys k join people p on p.id = k.person_id where p.email = 'owner8@example.com'";
    let key = read::<sqlx::types::Uuid>(&world.app, key).await;
    let end = format!("/account/passkeys/{key}/end");
    other.post(&end, &[("password", PASSWORD)]).await.onward();
    let got = other.post(PAGE, &by(&asked, &answer)).await;
    assert!(got.text.contains(NOT_TAKEN), "{}", got.text);
    let got = other.post("/account/passkeys/proof", &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", got.text);
    assert_eq!(world.daraja.pushes(), 1, "the sale's");
    // The same answer twice.
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let got = owner.post(PAGE, &by(&asked, &answer)).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    refused(&mut owner, &by(&asked, &answer), NOT_TAKEN).await;
    assert_eq!(world.count("mpesa_moves").await, 1);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_stolen_browser_and_password_do_not_make_a_passkey_of_their_own(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    earns(&world).await;
    let (mut owner, mut device) = owner(&world, 7).await;
    for hours in [0, 22] {
        world.app.clock.advance(Duration::from_secs(hours * 3600));
        let asked = ask(&world, &mut owner).await;
        let answer = device.get(&asked);
        let says = "That passkey was added less than a day ago";
        refused(&mut owner, &by(&asked, &answer), says).await;
    }
    assert_eq!(world.count("mpesa_moves").await, 0);
    // Digits that are set up now are new as well, and the page offers both.
    Authenticator::set_up(&world, &mut owner).await;
    let page = owner.get(PAGE).await.page();
    assert!(
        page.contains("name=\"digits\"") && page.contains("id=\"passkey-proof\""),
        "{page}"
    );
    world.app.clock.advance(Duration::from_secs(2 * 3600));
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let got = owner.post(PAGE, &by(&asked, &answer)).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_account_that_never_earned_is_put_right_by_a_new_passkey(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    let mut owner = member(&world, Role::Owner, 7).await;
    let page = owner.get(PAGE).await.page();
    assert!(
        page.contains("href=\"/account/second\"") && page.contains("href=\"/account/passkeys\""),
        "{page}"
    );
    let mut device = Device::new(7);
    add(&mut owner, &mut device).await.onward();
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let got = owner.post(PAGE, &by(&asked, &answer)).await;
    assert_eq!(got.onward(), "/settings/mpesa#change");
    // So is the operator.
    let page = "/settings/mpesa/operator";
    assert!(
        owner
            .get(page)
            .await
            .page()
            .contains("id=\"passkey-proof\"")
    );
    let credential =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, [7_u8; 256]);
    let asked = ask(&world, &mut owner).await;
    let answer = device.get(&asked);
    let form = [
        ("initiator", "apiop37"),
        ("credential", credential.as_str()),
        ("password", PASSWORD),
        ("passkey_token", asked.token.as_str()),
        ("passkey_answer", &answer),
    ];
    let got = owner.post(page, &form).await;
    assert_eq!(got.onward(), "/settings/mpesa/operator?done=set");
    let got = owner.post(page, &form).await;
    assert!(got.text.contains(NOT_TAKEN), "{}", got.text);
    assert!(!got.text.contains(&credential[..40]), "{}", got.text);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn tries_and_questions_are_counted(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = world(pool, options).await;
    let (mut owner, _) = owner(&world, 7).await;
    let mut form = NEW.to_vec();
    form.extend([("passkey_token", "x"), ("passkey_answer", "{}")]);
    for _ in 0..6 {
        refused(&mut owner, &form, NOT_TAKEN).await;
    }
    let got = owner.post(PAGE, &form).await;
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    let mut asked = 0;
    let got = loop {
        let got = owner.post("/account/passkeys/proof", &[]).await;
        if got.status != StatusCode::OK {
            break got;
        }
        asked += 1;
    };
    assert_eq!(got.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(got.text.contains("\"fault\":"), "{}", got.text);
    assert_eq!(asked, 12);
    assert_eq!(world.count("ceremonies").await, 12);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_passkeys_do_not_work_none_is_asked_for(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = member(&world, Role::Owner, 1).await;
    let page = owner.get(PAGE).await.page();
    assert!(!page.contains("/account/passkeys"), "{page}");
    let got = owner.post("/account/passkeys/proof", &[]).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        got.text.contains("only at an https address"),
        "{}",
        got.text
    );
    let got = owner.post(PAGE, &NEW).await;
    assert!(got.text.contains("and you have none"), "{}", got.text);
}
