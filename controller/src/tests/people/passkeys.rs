//! Passkeys with an authenticator made of a few lines: a key that is made, logs in as both factors at once, and is nobody else's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::admin::factors::{NotForgotten, forget};
use crate::providers::people::Contact;
use crate::tests::browser::{Browser, PASSWORD};
use crate::tests::money::mpesa_change::Authenticator;

const OWNER: &str = "njeri@example.com";
pub(in crate::tests) const ORIGIN: &str = "https://billing.example.com";

async fn world(pool: PgPoolOptions, options: PgConnectOptions) -> World {
    World::open_with(pool, options, &["--public-url", ORIGIN]).await
}

/// What a page asks of an authenticator.
pub(in crate::tests) struct Asked {
    pub(in crate::tests) token: String,
    pub(in crate::tests) options: Value,
}

impl Asked {
    #[track_caller]
    pub(in crate::tests) fn read(page: &str) -> Self {
        let between = |before: &str| {
            let at = page.find(before).unwrap_or_else(|| panic!("{page}"));
            page[at + before.len()..]
                .split('"')
                .next()
                .unwrap()
                .to_owned()
        };
        let options = between("data-options=\"").replace("&#34;", "\"");
        Self {
            token: between("name=\"token\" value=\""),
            options: serde_json::from_str(&options).unwrap(),
        }
    }
}

/// A device with one key.
pub(in crate::tests) struct Device {
    key: SigningKey,
    pub(in crate::tests) id: Vec<u8>,
    pub(in crate::tests) counter: u32,
    /// Whether it asks for a finger or a PIN.
    pub(in crate::tests) asks: bool,
    origin: &'static str,
    handle: Option<String>,
}

impl Device {
    pub(in crate::tests) fn new(n: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&[n; 32]).unwrap(),
            id: vec![n; 16],
            counter: 0,
            asks: true,
            origin: ORIGIN,
            handle: None,
        }
    }

    fn said(&self, kind: &str, asked: &Asked) -> Vec<u8> {
        json!({"type": kind, "challenge": asked.options["challenge"], "origin": self.origin, "crossOrigin": false})
            .to_string()
            .into_bytes()
    }

    fn data(&mut self, more: u8) -> Vec<u8> {
        self.counter += 1;
        let mut data = Sha256::digest("billing.example.com").to_vec();
        data.push(0x01 | more | if self.asks { 0x04 } else { 0 });
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// Makes its key for a page.
    fn create(&mut self, asked: &Asked) -> String {
        assert_eq!(
            asked.options["authenticatorSelection"]["residentKey"],
            "required"
        );
        assert_eq!(
            asked.options["authenticatorSelection"]["userVerification"],
            "required"
        );
        assert_eq!(asked.options["rp"]["id"], "billing.example.com");
        self.handle = Some(asked.options["user"]["id"].as_str().unwrap().to_owned());
        let point = self.key.verifying_key().to_sec1_point(false);
        let point = point.as_bytes();
        let mut cose = minicbor::Encoder::new(Vec::new());
        cose.map(5)
            .unwrap()
            .u8(1)
            .unwrap()
            .u8(2)
            .unwrap()
            .u8(3)
            .unwrap()
            .i8(-7)
            .unwrap();
        cose.i8(-1).unwrap().u8(1).unwrap();
        cose.i8(-2).unwrap().bytes(&point[1..33]).unwrap();
        cose.i8(-3).unwrap().bytes(&point[33..]).unwrap();
        let mut data = self.data(0x40);
        data.extend([0; 16]);
        data.extend([0, 16]);
        data.extend(&self.id);
        data.extend(cose.into_writer());
        let mut object = minicbor::Encoder::new(Vec::new());
        object
            .map(3)
            .unwrap()
            .str("fmt")
            .unwrap()
            .str("none")
            .unwrap();
        object.str("attStmt").unwrap().map(0).unwrap();
        object.str("authData").unwrap().bytes(&data).unwrap();
        json!({"id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {}, "response": {
            "clientDataJSON": text(&self.said("webauthn.create", asked)),
            "attestationObject": text(&object.into_writer()),
        }})
        .to_string()
    }

    /// Signs for a page.
    pub(in crate::tests) fn get(&mut self, asked: &Asked) -> String {
        let said = self.said("webauthn.get", asked);
        let data = self.data(0);
        let signed = [data.clone(), Sha256::digest(&said).to_vec()].concat();
        let signature: Signature = self.key.sign(&signed);
        json!({"id": text(&self.id), "rawId": text(&self.id), "type": "public-key", "extensions": {}, "response": {
            "clientDataJSON": text(&said), "authenticatorData": text(&data),
            "signature": text(signature.to_der().as_bytes()), "userHandle": self.handle,
        }})
        .to_string()
    }
}

pub(in crate::tests) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Adds the key of a device to whoever is logged in.
pub(in crate::tests) async fn add(browser: &mut Browser<'_>, device: &mut Device) -> browser::Got {
    let form = [("name", "<b>my phone</b>"), ("password", PASSWORD)];
    let page = browser.post("/account/passkeys/new", &form).await.page();
    let asked = Asked::read(&page);
    let answer = device.create(&asked);
    let form = [("token", asked.token.as_str()), ("answer", &answer)];
    browser.post("/account/passkeys", &form).await
}

/// Logs in with a device.
async fn log_in(browser: &mut Browser<'_>, device: &mut Device) -> browser::Got {
    let page = browser.get("/log-in/passkey?next=/staff").await.page();
    let asked = Asked::read(&page);
    let answer = device.get(&asked);
    let form = [
        ("token", asked.token.as_str()),
        ("answer", &answer),
        ("next", "/staff"),
    ];
    browser.post("/log-in/passkey", &form).await
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_passkey_logs_in_as_both_factors_until_it_is_removed(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let mut device = Device::new(7);
    assert_eq!(
        add(&mut owner, &mut device).await.onward(),
        "/account/passkeys?done=added"
    );
    let page = owner.get("/account/passkeys").await.page();
    assert!(
        page.contains("my phone")
            && !page.contains("<b>my")
            && page.contains("<summary aria-label=\"Remove: "),
        "{page}"
    );
    let mut phone = Browser::new(&world, 2);
    assert!(
        phone
            .get("/log-in")
            .await
            .page()
            .contains("/log-in/passkey")
    );
    assert_eq!(log_in(&mut phone, &mut device).await.onward(), "/staff");
    phone.get("/staff").await.page();
    assert_eq!(world.count("log_ins where is_open").await, 2);
    assert_eq!(world.count("ceremonies").await, 0);
    assert_eq!(world.count("audit where act = 'passkey'").await, 1);
    let key = read::<sqlx::types::Uuid>(&world.app, "select id from passkeys").await;
    let path = format!("/account/passkeys/{key}/end");
    let wrong = phone.post(&path, &[("password", "not mine at all")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    phone.post(&path, &[("password", PASSWORD)]).await.onward();
    let (made, gone) = (
        deed(&world, "passkey").await,
        deed(&world, "passkey-end").await,
    );
    assert!(made["before"].is_null() && gone["after"].is_null());
    assert!(made["after"]["name"].is_string());
    assert_eq!(made["after"], gone["before"]);
    let refused = log_in(&mut Browser::new(&world, 3), &mut device).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("was not taken"));
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_password_alone_still_lets_in_beside_a_passkey_and_its_page_says_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    add(&mut owner, &mut Device::new(7)).await.onward();
    let entered = Browser::new(&world, 2).log_in(OWNER, PASSWORD).await;
    assert_eq!(entered.onward(), "/");
    let (english, swahili) = (
        "your password alone still lets somebody in",
        "nenosiri lako peke yake bado linatosha kumwingiza mtu",
    );
    let page = owner.get("/account/passkeys").await.page();
    let way = "<a href=\"/account/second\">";
    assert!(page.contains(english) && page.contains(way), "{page}");
    owner.get("/language/sw").await.onward();
    let page = owner.get("/account/passkeys").await.page();
    assert!(page.contains(swahili) && page.contains(way), "{page}");
    // With six digits it does not, and the page has nothing to say.
    owner.get("/language/en").await.onward();
    Authenticator::set_up(&world, &mut owner).await;
    let entered = Browser::new(&world, 3).log_in(OWNER, PASSWORD).await;
    assert!(entered.onward().starts_with("/log-in/second"));
    let page = owner.get("/account/passkeys").await.page();
    assert!(!page.contains(english), "{page}");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn nothing_gets_in_that_is_replayed_unproved_or_from_a_false_page(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    // A stolen browser makes itself no key.
    let form = [("name", "thief"), ("password", "not mine at all")];
    let got = owner.post("/account/passkeys/new", &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut device = Device::new(7);
    add(&mut owner, &mut device).await.onward();
    let refused = async |browser: &mut Browser<'_>, asked: &Asked, answer: &str| {
        let form = [("token", asked.token.as_str()), ("answer", answer)];
        let got = browser.post("/log-in/passkey", &form).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    };
    let mut thief = Browser::new(&world, 2);
    let ask =
        async |browser: &mut Browser<'_>| Asked::read(&browser.get("/log-in/passkey").await.page());
    // The same answer twice.
    let asked = ask(&mut thief).await;
    let answer = device.get(&asked);
    let form = [("token", asked.token.as_str()), ("answer", answer.as_str())];
    Browser::new(&world, 3)
        .post("/log-in/passkey", &form)
        .await
        .onward();
    refused(&mut thief, &asked, &answer).await;
    // To another challenge.
    let other = ask(&mut thief).await;
    refused(&mut thief, &other, &answer).await;
    // For a false page.
    let asked = ask(&mut thief).await;
    device.origin = "https://billing.example.net";
    let answer = device.get(&asked);
    device.origin = ORIGIN;
    refused(&mut thief, &asked, &answer).await;
    // Found in the street: nobody proved that it is theirs.
    let asked = ask(&mut thief).await;
    device.asks = false;
    let answer = device.get(&asked);
    device.asks = true;
    refused(&mut thief, &asked, &answer).await;
    // Too late.
    let asked = ask(&mut thief).await;
    let answer = device.get(&asked);
    world.app.clock.advance(Duration::from_secs(301));
    refused(&mut thief, &asked, &answer).await;
    // Another's device that says it is the owner's.
    let mut false_device = Device::new(8);
    false_device.handle.clone_from(&device.handle);
    let asked = ask(&mut thief).await;
    let answer = false_device.get(&asked);
    refused(&mut thief, &asked, &answer).await;
    refused(&mut thief, &ask(&mut Browser::new(&world, 4)).await, "{}").await;
    assert_eq!(thief.get("/staff").await.onward(), "/log-in?next=%2Fstaff");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn where_passkeys_cannot_work_the_pages_say_so(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    // An address without a name, as on a machine of one's own.
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = owner.get("/account/passkeys").await.page();
    assert!(page.contains("only at an https address"), "{page}");
    let mut browser = Browser::new(&world, 2);
    assert!(
        !browser
            .get("/log-in")
            .await
            .page()
            .contains("/log-in/passkey")
    );
    let got = browser.get("/log-in/passkey").await;
    assert!(
        got.text.contains("only at an https address"),
        "{}",
        got.text
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_platforms_pages_open_to_a_passkey_and_to_nobody_with_the_password_alone(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", ORIGIN, "--admin-second-factor", "required"];
    let world = World::open_with(pool, options, &flags).await;
    let contact = "amina@mnara.example";
    crate::admin::begin::make(
        &world.app,
        "Amina",
        contact.parse().unwrap(),
        PASSWORD.into(),
    )
    .await
    .unwrap();
    let mut admin = Browser::new(&world, 250);
    admin.log_in(contact, PASSWORD).await.onward();
    assert_eq!(admin.get("/admin").await.onward(), "/account/second");
    let mut device = Device::new(7);
    add(&mut admin, &mut device).await.onward();
    // Whoever has the password alone, as a thief would, gets neither in nor to a second factor of their own.
    assert_eq!(admin.get("/admin").await.onward(), "/account/second");
    let page = admin.get("/account/second").await.page();
    assert!(page.contains("Log in with your passkey"), "{page}");
    assert!(!page.contains("name=\"sealed\""), "{page}");
    let form = [("sealed", "x"), ("digits", "123456")];
    let refused = admin.post("/account/second", &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let form = [("name", "theirs"), ("password", PASSWORD)];
    let refused = admin.post("/account/passkeys/new", &form).await;
    assert!(refused.status.is_client_error(), "{}", refused.text);
    // Nor do they remove the one there is, to be asked for a new one.
    let key = read::<sqlx::types::Uuid>(&world.app, "select id from passkeys").await;
    let path = format!("/account/passkeys/{key}/end");
    let refused = admin.post(&path, &[("password", PASSWORD)]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("Log out, and log in with it"),
        "{}",
        refused.text
    );
    assert_eq!(world.count("passkeys").await, 1);
    assert_eq!(world.count("audit where act = 'passkey-end'").await, 0);
    let mut phone = Browser::new(&world, 251);
    log_in(&mut phone, &mut device).await.onward();
    phone.get("/admin").await.page();
    phone.get("/admin/audit").await.page();
    // The list of who works for the platform counts it as the gate does.
    let page = phone.get("/admin/settings").await.page();
    assert!(
        page.contains("tag good\">passkey<") && !page.contains("no second factor"),
        "{page}"
    );
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn whoever_lost_the_only_passkey_begins_anew_by_the_command_line(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let flags = ["--public-url", ORIGIN, "--admin-second-factor", "required"];
    let world = World::open_with(pool, options, &flags).await;
    let contact: Contact = "amina@mnara.example".parse().unwrap();
    let made = crate::admin::begin::make(&world.app, "Amina", contact.clone(), PASSWORD.into());
    made.await.unwrap();
    let refused = forget(&world.app, &contact).await.unwrap_err();
    assert!(matches!(refused, NotForgotten::HasNone(_)), "{refused:?}");
    let nobody = "nobody@mnara.example".parse().unwrap();
    let refused = forget(&world.app, &nobody).await.unwrap_err();
    assert!(matches!(refused, NotForgotten::Nobody), "{refused:?}");
    let mut admin = Browser::new(&world, 250);
    admin
        .log_in(contact.written().as_str(), PASSWORD)
        .await
        .onward();
    let mut device = Device::new(7);
    add(&mut admin, &mut device).await.onward();
    let page = admin.get("/account/second").await.page();
    assert!(!page.contains("name=\"sealed\""), "{page}");
    let gone = forget(&world.app, &contact).await.unwrap();
    assert_eq!(
        (gone.had_digits, gone.passkeys, gone.log_ins),
        (false, 1, 1)
    );
    let lines = "audit where act = 'passkey-end' and actor = 'command'";
    assert_eq!(world.count(lines).await, 1);
    let out = admin.get("/account/second").await.onward();
    assert_eq!(out, "/log-in?next=%2Faccount%2Fsecond");
    let refused = log_in(&mut Browser::new(&world, 251), &mut device).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    admin
        .log_in(contact.written().as_str(), PASSWORD)
        .await
        .onward();
    let page = admin.get("/account/second").await.page();
    assert!(page.contains("name=\"sealed\""), "{page}");
}
