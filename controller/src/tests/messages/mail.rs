//! Mail from row to server: one letter each, tried again while that is of use, stored sealed and forgotten when it has left.

use super::*;
use crate::providers::log_in::reset::by_command;
use crate::tests::browser::Browser;
use crate::tests::office::Office;
use crate::tests::platform::admin::{admin, text};

const OWNER: &str = "njeri@example.com";

/// Somebody who asked for a new password; the letter waits.
async fn asked<'a>(world: &'a World, office: &Office, n: u8) -> Browser<'a> {
    let mut owner = Browser::new(world, n);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    assert_eq!(office.one().subject, "Confirm your e-mail address");
    let mut browser = Browser::new(world, n + 100);
    browser.post("/forgot", &[("who", OWNER)]).await.page();
    browser
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_letter_waits_for_its_server_and_leaves_once(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    asked(&world, &office, 1).await;
    office.answer("451 try again");
    office.answer("421 going down");
    world.work().await;
    assert!(office.empty().is_empty());
    let sealed: String = read(
        &world.app,
        "select letter from mails where letter is not null",
    )
    .await;
    // Sealed, it has any letters, but neither a space nor a dot.
    assert!(!sealed.contains(' ') && !sealed.contains("example.com"));
    world.pass(60).await;
    assert!(office.empty().is_empty());
    world.pass(60).await;
    let got = office.one();
    assert_eq!(got.to, OWNER);
    assert!(got.id.ends_with("@mnara.example"), "{}", got.id);
    assert!(got.html.contains("<a href=\"http"), "{}", got.html);
    assert_eq!(
        world
            .count("mails where sent_at is not null and letter is null")
            .await,
        2
    );
    assert_eq!(world.count("jobs").await, 0);
    world.pass(3_600).await;
    assert!(office.empty().is_empty(), "it left once");
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_letter_nobody_takes_is_given_up(pool: PgPoolOptions, options: PgConnectOptions) {
    let (office, world) = Office::world(pool, options).await;
    asked(&world, &office, 1).await;
    office.answer("550 no such mailbox");
    world.work().await;
    assert_eq!(
        world
            .count("mails where given_up_at is not null and letter is null")
            .await,
        1
    );
    assert_eq!(world.count("jobs").await, 0);
    // A link that is over is not worth sending.
    Browser::new(&world, 9)
        .post("/forgot", &[("who", OWNER)])
        .await
        .page();
    office.answer("451 try again");
    world.work().await;
    world.pass(3_601).await;
    assert_eq!(world.count("mails where given_up_at is not null").await, 2);
    assert!(office.empty().is_empty());
    assert_eq!(world.count("jobs").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_letter_refused_for_our_own_fault_waits_and_the_staff_read_why(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let waits = "Letters wait until this is put right:";
    asked(&world, &office, 1).await;
    office.answer("553 5.1.8 bad sender address");
    world.work().await;
    assert_eq!(world.count("mails where letter is not null").await, 1);
    let mut admin = admin(&world).await;
    let page = text(&admin.get("/admin").await.page());
    let told = format!(
        "{waits} mail does not leave: the mail server does not send for our address (553 5.1.8); look at MAIL_FROM"
    );
    assert!(page.contains(&told), "{page}");
    // One that passes is nobody's fault.
    office.answer("451 4.7.1 try again");
    world.pass(60).await;
    let page = text(&admin.get("/admin").await.page());
    assert!(!page.contains(waits), "{page}");
    world.pass(600).await;
    assert!(office.empty().iter().any(|got| got.to == OWNER));
    assert_eq!(world.count("jobs where kind = 'mail'").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn without_a_mail_server_the_page_says_what_else_can_be_done(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    let page = Browser::new(&world, 2).get("/forgot").await.page();
    assert!(page.contains("admin reset-link"), "{page}");
    assert!(
        owner
            .get("/settings/notices")
            .await
            .page()
            .contains("SMTP_URL")
    );
    assert!(
        by_command(&world.app, &"nobody@example.com".parse().unwrap())
            .await
            .unwrap()
            .is_none()
    );
    let link = by_command(&world.app, &OWNER.parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    let path = link.strip_prefix("http://127.0.0.1:8080").unwrap();
    Browser::new(&world, 3).get(path).await.page();
    assert_eq!(
        world
            .count("audit where act = 'reset-link' and actor = 'command'")
            .await,
        1
    );
    assert_eq!(world.count("mails").await, 0);
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn people_are_written_to_in_the_language_they_chose(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let (office, world) = Office::world(pool, options).await;
    let mut owner = Browser::new(&world, 1);
    owner.sign_up("Njeri Wi-Fi", OWNER).await;
    world.work().await;
    office.empty();
    assert_eq!(
        owner.get("/language/sw?back=/account").await.onward(),
        "/account"
    );
    let form = [("old", browser::PASSWORD), ("new", "njia ya maji safi")];
    owner.post("/account/password", &form).await.onward();
    world.work().await;
    let got = office.one();
    assert_eq!(got.subject, "Nenosiri lako limebadilishwa");
    assert!(got.html.contains("lang=\"sw\""));
}
